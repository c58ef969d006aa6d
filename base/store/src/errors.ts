import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const STORE_ERRORS = {
  STORE_LOCKED: { message: 'The data directory is in use.', kind: 'conflict', retryable: true },
  STORE_OPEN: { message: 'The database cannot be opened.', kind: 'unavailable' },
  STORE_NEWER: { message: 'The database is newer than this program.', kind: 'conflict' },
  STORE_CLOSED: { message: 'The database is closed.', kind: 'unavailable', retryable: true },
  STORE_NO_BLOB: { message: 'No such content is stored.', kind: 'not-found' },
  STORE_BLOB_TOO_LARGE: { message: 'The content is too large.', kind: 'too-large' },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof STORE_ERRORS> = defineErrors(STORE_ERRORS);
