import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const SERVER_ERRORS = {
  CLIENT_URL: { message: 'The address of the fog is not a usable URL.', kind: 'bad-input' },
  CLIENT_UNREACHABLE: {
    message: 'No fog answers at this address.',
    kind: 'unavailable',
    retryable: true,
  },
  CLIENT_UNAUTHORISED: { message: 'The fog does not accept this token.', kind: 'unauthorised' },
  CLIENT_BAD_ANSWER: {
    message: 'What answers at this address does not speak as a fog of this version.',
    kind: 'unavailable',
  },
  CLIENT_CANCELLED: { message: 'The call was cancelled.', kind: 'cancelled' },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof SERVER_ERRORS> = defineErrors(SERVER_ERRORS);
