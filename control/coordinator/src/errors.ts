import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const COORDINATOR_ERRORS = {
  COORDINATOR_NO_JOB: { message: 'There is no such job.', kind: 'not-found' },
  COORDINATOR_NO_DEPLOYMENT: { message: 'There is no such deployment.', kind: 'not-found' },
  COORDINATOR_DEPLOYMENT: {
    message: 'The job cannot run as a service.',
    kind: 'bad-input',
  },
  COORDINATOR_NAME_TAKEN: {
    message: 'The account has a deployment of this name already.',
    kind: 'conflict',
  },
  COORDINATOR_NO_NODE: { message: 'There is no such node.', kind: 'not-found' },
  COORDINATOR_NO_TASK: { message: 'The job has no such task.', kind: 'not-found' },
  COORDINATOR_UNKNOWN_CONTENT: {
    message: 'The job names content that this account has not sent.',
    kind: 'bad-input',
  },
  COORDINATOR_IDEMPOTENCY: {
    message: 'The idempotency key was used for another job.',
    kind: 'conflict',
  },
  COORDINATOR_OVERLOADED: {
    message: 'The fog has more open tasks than it can hold.',
    kind: 'unavailable',
    retryable: true,
  },
  COORDINATOR_CYCLE: {
    message: 'The jobs of the batch need each other in a circle.',
    kind: 'bad-input',
  },
  COORDINATOR_BATCH: { message: 'The batch of jobs contradicts itself.', kind: 'bad-input' },
  COORDINATOR_DEADLINE: { message: 'The deadline has passed already.', kind: 'bad-input' },
  COORDINATOR_IMPOSSIBLE: {
    message: 'No node of this fog could ever run the job.',
    kind: 'refused',
  },
  COORDINATOR_QUOTA: {
    message: 'The account has more open tasks than it may.',
    kind: 'rate-limited',
    retryable: true,
  },
  COORDINATOR_STOPPED: {
    message: 'The coordinator is not running.',
    kind: 'unavailable',
    retryable: true,
  },
  COORDINATOR_CLASS: {
    message: 'The fog cannot check results as the class of the job asks.',
    kind: 'refused',
  },
  COORDINATOR_TIER: {
    message: 'The fog cannot run the copies that the tier of the job promises.',
    kind: 'refused',
  },
  COORDINATOR_SCHEDULE: {
    message: 'The fog has no room for the job before its deadline.',
    kind: 'refused',
  },
  COORDINATOR_STANDBY: {
    message: 'Another coordinator leads.',
    kind: 'unavailable',
    retryable: true,
  },
  COORDINATOR_PLAN: {
    message: 'The batch was not planned as a whole.',
    kind: 'unavailable',
    retryable: true,
  },
  COORDINATOR_CONTENT_REMOVED: {
    message: 'Nobody used this content, and it is being removed right now. Send it again.',
    kind: 'unavailable',
    retryable: true,
  },
  COORDINATOR_NO_LEASE: { message: 'The node holds no such lease.', kind: 'forbidden' },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof COORDINATOR_ERRORS> = defineErrors(COORDINATOR_ERRORS);
