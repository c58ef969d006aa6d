/** How each fact about a job is written, on the command line and in a job file; see docs/guides/jobs.md. */
import { parseDuration } from '@fog/kernel';
import {
  type DisconnectPolicy,
  JobName,
  JobPrivacy,
  MAX_ARRAY_TASKS,
  MAX_CORES,
  MAX_DISK_BYTES,
  MAX_GPUS,
  MAX_MEMORY_BYTES,
  MAX_TIMEOUT_MS,
  MIN_MEMORY_BYTES,
  Region,
  ServiceClass,
  SlaTier,
  Strategy,
} from '@fog/wire';
import {
  credits,
  decimal,
  duration,
  matching,
  oneOf,
  type Read,
  type Reader,
  size,
  whole,
} from './read-value.ts';

/** As the job schema has it: a node is given at most a day to come back. */
const MAX_ON_LOST_MS = 86_400_000;
/** Less is a mistake: no machine is back within it. */
const MIN_ON_LOST_MS = 1_000;
/** A task that holds less than this of a core could as well not say so. */
const MIN_CORES = 0.01;

/** As the job schema has it: more attempts would only repeat one cause. */
const MAX_RETRIES = 20;
/** A job that may wait longer than this is given a point in time. */
const MAX_DEADLINE_MS = 7 * 86_400_000;

export const JOB_VALUES = {
  name: matching(JobName),
  count: whole({ min: 1, max: MAX_ARRAY_TASKS }),
  retries: whole({ min: 0, max: MAX_RETRIES }),
  timeout: duration(MAX_TIMEOUT_MS),
  memory: size({ min: MIN_MEMORY_BYTES, max: MAX_MEMORY_BYTES }),
  class: oneOf(ServiceClass.options),
  tier: oneOf(SlaTier.options),
  strategy: oneOf(Strategy.options),
  privacy: oneOf(JobPrivacy.options),
  priority: whole({ min: 1, max: 10 }),
  region: matching(Region),
  'min-trust': decimal({ min: 0, max: 1 }),
  'max-price': credits,
  cores: decimal({ min: MIN_CORES, max: MAX_CORES }),
  disk: size({ min: 0, max: MAX_DISK_BYTES }),
  gpus: whole({ min: 0, max: MAX_GPUS }),
  'on-lost': onLost,
} as const satisfies Readonly<Record<string, Reader<unknown>>>;

function onLost(text: string): Read<DisconnectPolicy> {
  if (text === 'replace' || text === 'fail') return { value: { onLost: text } };
  const waitMs = parseDuration(/^wait=(.+)$/.exec(text)?.[1] ?? '');
  if (waitMs !== undefined && waitMs >= MIN_ON_LOST_MS && waitMs <= MAX_ON_LOST_MS) {
    return { value: { onLost: 'wait', waitMs } };
  }
  return { must: 'must be replace, fail, or wait=TIME with a time from 1s to 1d' };
}

/** A minute of a day with its zone, or without one in that of this machine. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/;

/** Milliseconds UTC: a time from `now` on, or a point in time after it. */
export function deadline(now: number): Reader<number> {
  return (text) => {
    const lastsMs = parseDuration(text);
    if (lastsMs !== undefined && lastsMs >= 1 && lastsMs <= MAX_DEADLINE_MS) {
      return { value: now + lastsMs };
    }
    const at = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN;
    if (at > now) return { value: at };
    if (!Number.isNaN(at))
      return { must: `must not have passed: now it is ${new Date(now).toISOString()}` };
    return {
      must: 'must be a time from now like 10m or 2h (7d at most), or a point in time like 2030-01-31T18:00Z',
    };
  };
}
