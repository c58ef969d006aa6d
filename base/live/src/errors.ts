import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const LIVE_ERRORS = {
  LIVE_URL: { message: 'The address of the live layer cannot be used.', kind: 'bad-input' },
  LIVE_UNREACHABLE: {
    message: 'The Redis server cannot be reached.',
    kind: 'unavailable',
    retryable: true,
  },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof LIVE_ERRORS> = defineErrors(LIVE_ERRORS);
