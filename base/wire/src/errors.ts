import type { ErrorTable } from '@fog/kernel';

export const WIRE_ERRORS = {
  WIRE_INVALID: { message: 'The data does not fit its schema.', kind: 'bad-input' },
} as const satisfies ErrorTable;
