import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const STORE_ERRORS = {
  STORE_LOCKED: { message: 'The data directory is in use.', kind: 'conflict', retryable: true },
  STORE_OPEN: { message: 'The database cannot be opened.', kind: 'unavailable' },
  STORE_NEWER: { message: 'The database is newer than this program.', kind: 'conflict' },
  STORE_URL: {
    message: 'The address of the database or of the object storage cannot be used.',
    kind: 'bad-input',
  },
  STORE_SECRET_IN_FLAG: {
    message: 'A secret does not belong on a command line.',
    kind: 'bad-input',
  },
  STORE_UNREACHABLE: {
    message: 'The database cannot be reached.',
    kind: 'unavailable',
    retryable: true,
  },
  STORE_BUSY: { message: 'The database is too busy.', kind: 'unavailable', retryable: true },
  STORE_COMMIT_UNKNOWN: {
    message: 'The connection was lost during a commit: it may or may not be stored.',
    kind: 'unavailable',
  },
  STORE_DISK_FULL: { message: 'The disk is full.', kind: 'unavailable', retryable: true },
  STORE_NOT_LEADER: {
    message: 'This coordinator does not lead any more. Try again in a moment.',
    kind: 'unavailable',
    retryable: true,
  },
  STORE_CLOSED: { message: 'The database is closed.', kind: 'unavailable', retryable: true },
  STORE_NO_BLOB: { message: 'No such content is stored.', kind: 'not-found' },
  STORE_BLOBS_REFUSED: { message: 'The object storage refuses the fog.', kind: 'unavailable' },
  STORE_BLOBS_UNREACHABLE: {
    message: 'The object storage cannot be reached.',
    kind: 'unavailable',
    retryable: true,
  },
  STORE_BLOB_TOO_LARGE: { message: 'The content is too large.', kind: 'too-large' },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof STORE_ERRORS> = defineErrors(STORE_ERRORS);
