import { z } from 'zod';
import { humanName, JobName } from './human-text.ts';
import { ContentId } from './ids.ts';
import { demandShape, Resources } from './demands.ts';
import {
  DEFAULT_MEMORY_BYTES,
  DEFAULT_RETRIES,
  DEFAULT_TIMEOUT_MS,
  MAX_ARGS,
  MAX_ARGS_BYTES,
  MAX_ARRAY_TASKS,
  MAX_BATCH_JOBS,
  MAX_ENV_VARS,
  MAX_INPUT_FILES,
  MAX_NEEDED_OUTPUTS,
  MAX_NEEDS,
  MAX_TIMEOUT_MS,
} from './limits.ts';

export const RuntimeName = z.enum(['wasm', 'python']);
export type RuntimeName = z.infer<typeof RuntimeName>;

/**
 * A path as the guest sees it, `/`-separated. Relative ones start in the job's working directory.
 * No `..`, no empty or `.` segments, no NUL.
 */
export const GuestPath = z
  .string()
  .min(1)
  .max(1024)
  .refine(isCleanGuestPath, 'must be a clean path without "..", "." or empty segments');
export type GuestPath = z.infer<typeof GuestPath>;

function isCleanGuestPath(path: string): boolean {
  if (path.includes('\0') || path.includes('\\')) return false;
  const segments = (path.startsWith('/') ? path.slice(1) : path).split('/');
  return segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

export const InputFile = z.strictObject({
  path: GuestPath,
  content: ContentId,
  sizeBytes: z.int().nonnegative(),
});
export type InputFile = z.infer<typeof InputFile>;

/** One element of a `--each` array: `value` becomes FOG_ITEM, `input` is mounted for this task only. */
export const ArrayItem = z.strictObject({
  value: z.string().max(8192),
  input: InputFile.optional(),
});
export type ArrayItem = z.infer<typeof ArrayItem>;

export const ArraySpec = z.union([
  z.strictObject({ count: z.int().min(1).max(MAX_ARRAY_TASKS) }),
  z.strictObject({ items: z.array(ArrayItem).min(1).max(MAX_ARRAY_TASKS) }),
]);
export type ArraySpec = z.infer<typeof ArraySpec>;

/** One output of a needed job, mounted as an input. */
export const NeededOutput = z.strictObject({
  /** `stdout`, or the path of an output file. */
  from: z.union([z.literal('stdout'), GuestPath]),
  /** Task of the needed job; 0 when it is no array. */
  index: z.int().nonnegative().default(0),
  to: GuestPath,
});
export type NeededOutput = z.infer<typeof NeededOutput>;

export const Need = z.strictObject({
  /** A job id, or the key of a job in the same batch. */
  job: humanName(64),
  outputs: z.array(NeededOutput).max(MAX_NEEDED_OUTPUTS).default([]),
});
export type Need = z.infer<typeof Need>;

const EnvName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be a variable name');

/** What to run. Submitted as JSON; the same shape reaches the agent. */
export const JobSpec = z.strictObject({
  name: JobName.optional(),
  runtime: RuntimeName,
  module: ContentId,
  /** File name of the module: argv[0] of the program and the name in messages. */
  moduleName: humanName(255),
  args: z
    .array(z.string())
    .max(MAX_ARGS)
    .refine((args) => args.join('\0').length <= MAX_ARGS_BYTES, 'arguments exceed 128 KiB')
    .default([]),
  env: z
    .record(EnvName, z.string().max(32_768))
    .refine((env) => Object.keys(env).length <= MAX_ENV_VARS, 'more than 256 variables')
    .refine(
      (env) => Object.keys(env).every((name) => !name.startsWith('FOG_')),
      'names starting with FOG_ are set by fog itself',
    )
    .default({}),
  stdin: ContentId.optional(),
  inputs: z.array(InputFile).max(MAX_INPUT_FILES).default([]),
  /** Guest files or directories handed back when the program ends. */
  outputs: z.array(GuestPath).max(64).default([]),
  resources: Resources.default({ memoryBytes: DEFAULT_MEMORY_BYTES }),
  array: ArraySpec.optional(),
  /**
   * Runs until it is stopped: `timeoutMs` does not count. The fog sets it on the replicas of deployments and
   * refuses it on other jobs.
   */
  service: z.literal(true).optional(),
  /** Counts the running phase of each task. */
  timeoutMs: z.int().min(1).max(MAX_TIMEOUT_MS).default(DEFAULT_TIMEOUT_MS),
  /** Further attempts after the fog (not the program) failed. */
  retries: z.int().min(0).max(20).default(DEFAULT_RETRIES),
  /** Jobs that must settle first; their outputs become inputs here. */
  needs: z.array(Need).max(MAX_NEEDS).optional(),
  ...demandShape,
});
export type JobSpec = z.infer<typeof JobSpec>;
/** The spec as a client may write it: defaults left out. */
export type JobSpecInput = z.input<typeof JobSpec>;

/** Number of tasks the spec describes; 1 when it is not an array. */
export function taskCount(spec: Pick<JobSpec, 'array'>): number {
  if (spec.array === undefined) return 1;
  return 'count' in spec.array ? spec.array.count : spec.array.items.length;
}

/** How long the program of each task may run; infinite for a service. */
export function runningLimitMs(spec: Pick<JobSpec, 'service' | 'timeoutMs'>): number {
  return spec.service === true ? Number.POSITIVE_INFINITY : spec.timeoutMs;
}

export function arrayItem(spec: Pick<JobSpec, 'array'>, index: number): ArrayItem | undefined {
  return spec.array !== undefined && 'items' in spec.array ? spec.array.items[index] : undefined;
}

/** Every content id the spec reads; the submitter must own a reference to each. */
export function specContents(spec: JobSpec): Set<ContentId> {
  const contents = new Set<ContentId>([spec.module]);
  if (spec.stdin !== undefined) contents.add(spec.stdin);
  for (const input of spec.inputs) contents.add(input.content);
  if (spec.array !== undefined && 'items' in spec.array) {
    for (const item of spec.array.items) if (item.input) contents.add(item.input.content);
  }
  return contents;
}

/** Key of a job within its batch, for `needs`. */
export const BatchKey = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must be a name such as train or step-2');
export type BatchKey = z.infer<typeof BatchKey>;

/** Jobs submitted at once, all or none; `needs` may name their keys, and then must have no cycle. */
export const JobBatch = z.strictObject({
  jobs: z
    .array(z.strictObject({ key: BatchKey, spec: JobSpec }))
    .min(1)
    .max(MAX_BATCH_JOBS),
});
export type JobBatch = z.infer<typeof JobBatch>;
export type JobBatchInput = z.input<typeof JobBatch>;
