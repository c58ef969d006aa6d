import { sha256Hex } from '@fog/crypto';
import {
  FAILURES,
  failedOutcome,
  type Hashing,
  type JobSpec,
  manifestDigest,
  Outcome,
  resultManifest,
  type SignedWork,
  signedWork,
} from '@fog/wire';
import type { RunEnd } from '@fog/runtime';
import { MAX_MESSAGE_CHARS, MAX_RESULT_BYTES } from '../limits.ts';
import type { HeldLease } from '../work/lease-table.ts';
import type { TaskOutput, TaskOutputs } from './task-output.ts';

/** What a result is signed for. */
export interface ResultContext {
  readonly fogId: string;
  readonly node: string;
  readonly lease: Pick<HeldLease, 'token' | 'job' | 'index' | 'attempt' | 'item'>;
  /** Undefined when it could not be had: then nothing ran. */
  readonly spec: JobSpec | undefined;
  readonly runtimeVersion: string | undefined;
}

/** One TaskResult as JSON, and the digest of its manifest. */
export interface EncodedResult {
  readonly json: string;
  readonly digest: string;
}

const HASHING: Hashing = {
  sha256: sha256Hex,
  fromBase64: (text) => Buffer.from(text, 'base64'),
};
/** Tasks of one job share a spec. */
const works = new WeakMap<JobSpec, SignedWork>();

/** The result of a run as JSON that fits a frame; as much of the output as that needs is to be uploaded. */
export function encodeRun(context: ResultContext, end: RunEnd, output: TaskOutput): EncodedResult {
  for (;;) {
    const result = encodeResult(context, outcomeOf(end, output.describe()));
    if (Buffer.byteLength(result.json) <= MAX_RESULT_BYTES) return result;
    if (!output.spillOneMore()) return encodeResult(context, tooManyNames());
  }
}

/**
 * Also guards the session: a result against the schema would be refused, sent again after the
 * reconnect, and refused again.
 */
export function encodeResult(context: ResultContext, outcome: Outcome): EncodedResult {
  const checked = Outcome.safeParse(outcome);
  const sent = checked.success
    ? checked.data
    : failedOutcome('SANDBOX_LOST', 'the sandbox reported an end that makes no sense');
  const { runtimeVersion } = context;
  const digest = digestOf(context, sent);
  const version = runtimeVersion === undefined ? {} : { runtimeVersion };
  const { token } = context.lease;
  return { json: JSON.stringify({ token, outcome: sent, digest, ...version }), digest };
}

export function clipMessage(message: string): string {
  return message.slice(0, MAX_MESSAGE_CHARS);
}

function digestOf(context: ResultContext, outcome: Outcome): string {
  const { fogId, node, spec, runtimeVersion } = context;
  const { token, job, index, attempt, item } = context.lease;
  const manifest = resultManifest(
    { fogId, node, job, index, attempt, token },
    { work: spec === undefined ? undefined : workOf(spec), item },
    { outcome, runtimeVersion },
    HASHING,
  );
  return manifestDigest(manifest, HASHING);
}

function workOf(spec: JobSpec): SignedWork {
  const known = works.get(spec);
  if (known !== undefined) return known;
  const work = signedWork(spec, HASHING);
  works.set(spec, work);
  return work;
}

function outcomeOf(end: RunEnd, outputs: TaskOutputs): Outcome {
  const { exitCode, failure, usage } = end;
  return {
    exitCode,
    ...(failure === undefined ? {} : { failure }),
    ...outputs,
    usage: { ...usage, peakMemoryBytes: Math.round(usage.peakMemoryBytes) },
  };
}

function tooManyNames(): Outcome {
  const { text } = FAILURES.OUTPUT_LIMIT;
  return failedOutcome(
    'OUTPUT_LIMIT',
    `${text}: the names of the output files alone are over 256 KiB; let the program pack them into one archive`,
  );
}
