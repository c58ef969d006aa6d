import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const SCHEDULER_ERRORS = {
  SCHEDULER_INPUT: { message: 'The batch cannot be planned.', kind: 'bad-input' },
  SCHEDULER_SEARCH: { message: 'An option of the search is wrong.', kind: 'bad-input' },
  SCHEDULER_OBJECTIVE: { message: 'An objective is not a finite number.', kind: 'bad-input' },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof SCHEDULER_ERRORS> = defineErrors(SCHEDULER_ERRORS);
