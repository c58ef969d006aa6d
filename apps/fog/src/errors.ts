import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const FOG_ERRORS = {
  FOG_USAGE: { message: 'The command line is wrong.', kind: 'bad-input' },
  FOG_PROGRAM: { message: 'The program cannot be run.', kind: 'bad-input' },
  FOG_JOB_FILE: { message: 'The job file is wrong.', kind: 'bad-input' },
  FOG_INPUT: { message: 'The input cannot be used.', kind: 'bad-input' },
  FOG_OUTPUT: { message: 'The output cannot be saved.', kind: 'unavailable' },
  FOG_OUTPUT_PATH: { message: 'An output has an unsafe path.', kind: 'refused' },
  FOG_DATA_DIR: { message: 'The data directory cannot be used.', kind: 'unavailable' },
  FOG_ALREADY_UP: { message: 'A fog already runs on this data directory.', kind: 'conflict' },
  FOG_NONE_RUNNING: { message: 'No fog is running.', kind: 'unavailable' },
  FOG_NEEDS_TOKEN: { message: 'The fog asks for a token.', kind: 'unauthorised' },
  FOG_DETACH_EMBEDDED: { message: 'Nothing would run a detached job.', kind: 'bad-input' },
  FOG_CONNECTION_LOST: {
    message: 'The connection to the fog was lost.',
    kind: 'unavailable',
    retryable: true,
  },
  FOG_SERVICE_FAILED: { message: 'A part of the fog did not start.', kind: 'unavailable' },
  FOG_NO_AGENT_SLOT: { message: 'Too many agents run on this machine.', kind: 'conflict' },
  FOG_NO_PORTS: { message: 'Too few ports are free.', kind: 'unavailable', retryable: true },
  FOG_MIX_FILE: { message: 'A file of the mixnet cannot be used.', kind: 'bad-input' },
  FOG_MIX_CONFIG: { message: 'The configuration of the role is wrong.', kind: 'bad-input' },
  FOG_ROLE_ENDED: {
    message: 'The process of a role ended.',
    kind: 'unavailable',
    retryable: true,
  },
  FOG_MIX_PART_DOWN: {
    message: 'A part of the mixnet does not run.',
    kind: 'unavailable',
    retryable: true,
  },
  FOG_LOTTERY: { message: 'The consensus does not stand the check.', kind: 'refused' },
  FOG_MIX_BENCH: {
    message: 'Another "fog mix bench" is running on this fog. Wait for its end, and try again.',
    kind: 'conflict',
    retryable: true,
  },
  FOG_NO_NODE: { message: 'No node has this id or name.', kind: 'not-found' },
  FOG_NO_DEPLOYMENT: { message: 'There is no such deployment.', kind: 'not-found' },
  FOG_NO_PLAN: { message: 'The job was not placed as a whole.', kind: 'not-found' },
  FOG_NOT_ENDED: { message: 'The job has not ended.', kind: 'conflict' },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof FOG_ERRORS> = defineErrors(FOG_ERRORS);
