/**
 * What a job file may hold: see docs/guides/jobs.md. Every single value is text here, as on the command
 * line, and read by the same readers: `priority: 3` and `--priority 3` mean the same.
 */
import {
  BatchKey,
  Labels,
  MAX_ARGS,
  MAX_BATCH_JOBS,
  MAX_ENV_VARS,
  MAX_EXCLUDED_NODES,
  MAX_INPUT_FILES,
  MAX_NEEDED_OUTPUTS,
  MAX_NEEDS,
  MAX_TIMEOUT_MS,
  NeededOutput,
} from '@fog/wire';
import { z } from 'zod';
import { deadline, JOB_VALUES } from '../run/job-values.ts';
import { duration, type Reader, whole } from '../run/read-value.ts';
import { envNameProblem } from '../run/run-flags.ts';
import { printable } from '../show/printable.ts';

const Text = z.string({
  error: ({ input }) => (input === undefined ? 'is missing' : 'must be a single value'),
});

function value<T>(reader: Reader<T>): z.ZodType<T | undefined> {
  return Text.transform((text, context) => {
    const read = reader(text);
    if ('value' in read) return read.value;
    context.addIssue({ code: 'custom', message: `"${printable(text)}" ${read.must}` });
    return z.NEVER;
  }).optional();
}

function list<T extends z.ZodType>(item: T, max: number): z.ZodOptional<z.ZodArray<T>> {
  return z.array(item, 'must be a list').max(max, `must have at most ${max} entries`).optional();
}

function names(
  key: z.ZodType<string, string>,
  max: number,
): z.ZodType<Record<string, string> | undefined> {
  return z
    .record(key, Text, 'must be a mapping of names to values')
    .refine((entries) => Object.keys(entries).length <= max, `must have at most ${max} entries`)
    .optional();
}

function mapping<T extends z.core.$ZodLooseShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'invalid_type' ? 'must be a mapping' : undefined),
  });
}

const YesNo = value<boolean>((text) =>
  text === 'true' || text === 'false'
    ? { value: text === 'true' }
    : { must: 'must be true or false' },
);
const Lasts = value(duration(MAX_TIMEOUT_MS));
const EnvName = z.string().superRefine((name, context) => {
  const message = envNameProblem(name);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});
const LabelName = z.string().refine((name) => Labels.safeParse({ [name]: '' }).success, {
  message: 'must be a label name such as zone or gpu.model',
});

const OutputOfNeed = mapping({
  from: Text.refine((from) => NeededOutput.shape.from.safeParse(from).success, {
    message: 'must be stdout or a clean path like /output/a.txt',
  }),
  index: value(whole({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  to: NeededOutput.shape.to,
});
/** `- prepare` is short for `- job: prepare`. */
const NeedOfJob = z.preprocess(
  (need) => (typeof need === 'string' ? { job: need } : need),
  mapping({ job: Text, outputs: list(OutputOfNeed, MAX_NEEDED_OUTPUTS) }),
);
const PhaseLimits = mapping({ queued: Lasts, staging: Lasts, uploading: Lasts });

const jobShape = {
  program: Text.min(1, 'must name a file'),
  args: list(Text, MAX_ARGS),
  env: names(EnvName, MAX_ENV_VARS),
  stdin: Text.optional(),
  inputs: list(Text, MAX_INPUT_FILES),
  output: Text.min(1, 'must name a directory').optional(),
  count: value(JOB_VALUES.count),
  each: Text.min(1, 'must name a file or directory').optional(),
  name: value(JOB_VALUES.name),
  timeout: value(JOB_VALUES.timeout),
  'phase-timeouts': PhaseLimits.optional(),
  memory: value(JOB_VALUES.memory),
  retries: value(JOB_VALUES.retries),
  needs: list(NeedOfJob, MAX_NEEDS),
  cores: value(JOB_VALUES.cores),
  disk: value(JOB_VALUES.disk),
  gpus: value(JOB_VALUES.gpus),
  region: value(JOB_VALUES.region),
  labels: names(LabelName, Number.MAX_SAFE_INTEGER),
  exclude: list(Text, MAX_EXCLUDED_NODES),
  strategy: value(JOB_VALUES.strategy),
  'max-price': value(JOB_VALUES['max-price']),
  priority: value(JOB_VALUES.priority),
  'on-lost': value(JOB_VALUES['on-lost']),
  class: value(JOB_VALUES.class),
  'allow-same-owner': YesNo,
  strict: YesNo,
  'min-trust': value(JOB_VALUES['min-trust']),
  privacy: value(JOB_VALUES.privacy),
  tier: value(JOB_VALUES.tier),
};

/** One job; a deadline is counted from `now`. */
function jobOf(now: number) {
  return mapping({ ...jobShape, deadline: value(deadline(now)) });
}
export type JobOfFile = z.infer<ReturnType<typeof jobOf>>;

export interface FileSchemas {
  readonly one: z.ZodType<JobOfFile>;
  /** `jobs:` with a job for each key. */
  readonly several: z.ZodType<{ readonly jobs: Readonly<Record<string, JobOfFile>> }>;
}

export function fileSchemas(now: number): FileSchemas {
  const one = jobOf(now);
  const jobs = z
    .record(BatchKey, one, 'must be a mapping of keys to jobs')
    .refine((all) => Object.keys(all).length > 0, 'must have at least one job')
    .refine(
      (all) => Object.keys(all).length <= MAX_BATCH_JOBS,
      `must have at most ${MAX_BATCH_JOBS} jobs`,
    );
  return { one, several: mapping({ jobs }) };
}

/** Keys known at a place of the file, to find what a misspelt one was meant to be. */
export function knownKeys(path: readonly PropertyKey[], isBatch: boolean): readonly string[] {
  const below = isBatch ? path.slice(2) : path;
  if (isBatch && path.length < 2) return ['jobs'];
  const names = below.filter((step) => typeof step === 'string');
  const [first, second] = names;
  if (first === 'needs') return Object.keys(second === 'outputs' ? OutputOfNeed.shape : NEED_KEYS);
  if (first === 'phase-timeouts') return Object.keys(PhaseLimits.shape);
  return [...Object.keys(jobShape), 'deadline'];
}

const NEED_KEYS = { job: true, outputs: true };
