import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const SPHINX_ERRORS = {
  SPHINX_ROUTE: { message: 'No packet can take this route.', kind: 'bad-input' },
  SPHINX_SIZE: { message: 'A buffer for a packet has the wrong size.', kind: 'bug' },
  SPHINX_PAYLOAD: { message: 'The data does not fit one packet.', kind: 'too-large' },
  SPHINX_MESSAGE: { message: 'The message is too long.', kind: 'too-large' },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof SPHINX_ERRORS> = defineErrors(SPHINX_ERRORS);
