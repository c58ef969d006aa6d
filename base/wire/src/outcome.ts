import { z } from 'zod';
import { Base64, ContentId } from './ids.ts';
import { GuestPath } from './job-spec.ts';
import { MAX_OUTPUT_FILES } from './limits.ts';

/** Exit codes of `fog run` besides the program's own; the convention of timeout(1) and env(1). */
export const EXIT_CODES = {
  usage: 2,
  timeout: 124,
  fogFailed: 125,
  refused: 126,
  interrupted: 130,
  /** A trap of the guest: like SIGABRT. */
  trap: 134,
  /** Ended by one of its limits: like SIGKILL. */
  limit: 137,
} as const;

/**
 * Why a task did not end with exit code 0. Class `user` is final at once;
 * class `fog` is tried again elsewhere while `retries` last.
 */
export const FAILURES = {
  EXIT_CODE: { class: 'user', exitCode: 1, text: 'the program ended with a non-zero exit code' },
  TRAP: { class: 'user', exitCode: EXIT_CODES.trap, text: 'the program trapped' },
  BAD_MODULE: { class: 'user', exitCode: EXIT_CODES.refused, text: 'the module cannot be loaded' },
  REFUSED: {
    class: 'user',
    exitCode: EXIT_CODES.refused,
    text: 'the module asks for what fog refuses',
  },
  TIMEOUT: { class: 'user', exitCode: EXIT_CODES.timeout, text: 'the timeout of the job passed' },
  MEMORY_LIMIT: { class: 'user', exitCode: EXIT_CODES.limit, text: 'the memory limit was reached' },
  OUTPUT_LIMIT: { class: 'user', exitCode: EXIT_CODES.limit, text: 'the output limit was reached' },
  DISK_LIMIT: { class: 'user', exitCode: EXIT_CODES.limit, text: 'the file limit was reached' },
  CALL_DEPTH: {
    class: 'user',
    exitCode: EXIT_CODES.trap,
    text: 'the program called too deep (its recursion does not end, or is too deep for a sandbox)',
  },
  FUEL_LIMIT: { class: 'user', exitCode: EXIT_CODES.limit, text: 'the fuel of the job was burnt' },
  DEADLINE: {
    class: 'user',
    exitCode: EXIT_CODES.timeout,
    text: 'the deadline of the job passed before the task ended',
  },
  NEED_FAILED: {
    class: 'user',
    exitCode: EXIT_CODES.fogFailed,
    text: 'a job this one needs did not settle',
  },
  DISAGREEMENT: {
    class: 'fog',
    exitCode: EXIT_CODES.fogFailed,
    text: 'the copies of the task gave different results and no quorum was reached',
  },
  CANCELLED: { class: 'user', exitCode: EXIT_CODES.interrupted, text: 'the job was cancelled' },
  SANDBOX_LOST: {
    class: 'fog',
    exitCode: EXIT_CODES.fogFailed,
    text: 'the sandbox ended without a word',
  },
  STAGING: { class: 'fog', exitCode: EXIT_CODES.fogFailed, text: 'inputs could not be fetched' },
  UPLOAD: { class: 'fog', exitCode: EXIT_CODES.fogFailed, text: 'outputs could not be uploaded' },
  MANIFEST: {
    class: 'fog',
    exitCode: EXIT_CODES.fogFailed,
    text: 'the node did not sign the result, or signed another',
  },
  NODE_LOST: { class: 'fog', exitCode: EXIT_CODES.fogFailed, text: 'the node was lost' },
  NODE_REFUSED: {
    class: 'fog',
    exitCode: EXIT_CODES.fogFailed,
    text: 'the node cannot run this work',
  },
} as const satisfies Record<string, { class: 'user' | 'fog'; exitCode: number; text: string }>;
export type FailureCode = keyof typeof FAILURES;

export const FailureCode = z.enum(Object.keys(FAILURES) as [FailureCode, ...FailureCode[]]);

export const Failure = z.strictObject({
  class: z.enum(['user', 'fog']),
  code: FailureCode,
  /** One sentence for the user: what happened and how to mend it. */
  message: z.string().max(4096),
});
export type Failure = z.infer<typeof Failure>;

/** Bytes a task produced: inline up to MAX_INLINE_OUTPUT_BYTES, else uploaded under its lease. */
export const OutputBytes = z.strictObject({
  sizeBytes: z.int().nonnegative(),
  data: Base64.optional(),
  content: ContentId.optional(),
});
export type OutputBytes = z.infer<typeof OutputBytes>;

export const OutputFile = z.strictObject({ path: GuestPath, bytes: OutputBytes });
export type OutputFile = z.infer<typeof OutputFile>;

export const Usage = z.strictObject({
  wallMs: z.number().nonnegative(),
  cpuMs: z.number().nonnegative(),
  peakMemoryBytes: z.int().nonnegative(),
  /** Units of work by the instrumented module; the same on every machine under `strict`. */
  fuel: z.int().nonnegative().optional(),
});
export type Usage = z.infer<typeof Usage>;

/** How one attempt ended, as its node reports it. `failure` is absent exactly when `exitCode` is 0. */
export const Outcome = z.strictObject({
  exitCode: z.int().min(0).max(255),
  failure: Failure.optional(),
  stdout: OutputBytes,
  stderr: OutputBytes,
  files: z.array(OutputFile).max(MAX_OUTPUT_FILES),
  usage: Usage,
});
export type Outcome = z.infer<typeof Outcome>;

export const EMPTY_OUTPUT: OutputBytes = { sizeBytes: 0, data: '' };

/** An outcome without output for a task that failed before or beside its program. */
export function failedOutcome(code: FailureCode, message?: string): Outcome {
  const row = FAILURES[code];
  return {
    exitCode: row.exitCode,
    failure: { class: row.class, code, message: message ?? row.text },
    stdout: EMPTY_OUTPUT,
    stderr: EMPTY_OUTPUT,
    files: [],
    usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 },
  };
}
