import { defineErrors, type ErrorTable } from '@fog/kernel';

export const RUNTIME_ERRORS = {
  RUNTIME_LEVEL: { message: 'The sandbox level is not available here.', kind: 'refused' },
  RUNTIME_PROBE: { message: 'No sandbox process works here.', kind: 'unavailable' },
  RUNTIME_STOPPED: { message: 'The runtime is stopped.', kind: 'unavailable' },
} as const satisfies ErrorTable;

export const fail = defineErrors(RUNTIME_ERRORS);
