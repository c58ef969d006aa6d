/**
 * The digests by which results are compared and signed. Pure, so that agent, coordinator and whoever
 * checks a result later compute the same; the caller brings SHA-256.
 */
import { DEMAND_DEFAULTS, type Determinism } from './demands.ts';
import type { ArrayItem, JobSpec } from './job-spec.ts';
import { manifestBytes, type ResultManifest } from './manifest.ts';
import type { Outcome, OutputBytes } from './outcome.ts';

export interface Hashing {
  /** SHA-256 in lower-case hex. */
  sha256(bytes: Uint8Array): string;
  /** The bytes of base64 (RFC 4648 §4). */
  fromBase64(text: string): Uint8Array;
}

/** What all tasks of a job have in common for their manifests. */
export interface SignedWork {
  readonly module: string;
  /** SHA-256 of inputs, stdin, arguments and environment. */
  readonly inputs: string;
  readonly determinism: Determinism;
}

/** One lease as both sides know it. */
export interface SignedLease {
  readonly fogId: string;
  readonly node: string;
  readonly job: string;
  readonly index: number;
  readonly attempt: number;
  readonly token: number;
}

export interface SignedResult {
  readonly outcome: Outcome;
  readonly runtimeVersion?: string | undefined;
}

export function signedWork(
  spec: Pick<JobSpec, 'module' | 'inputs' | 'stdin' | 'args' | 'env' | 'determinism'>,
  hashing: Hashing,
): SignedWork {
  const env = Object.entries(spec.env).sort(([a], [b]) => (a < b ? -1 : 1));
  const inputs = spec.inputs.map(({ path, content }) => [path, content]);
  return {
    module: spec.module,
    inputs: hashJson([inputs, spec.stdin ?? null, spec.args, env], hashing),
    determinism: spec.determinism ?? DEMAND_DEFAULTS.determinism,
  };
}

/** SHA-256 over stdout, stderr and the output files with their paths; the same for inline and uploaded bytes. */
export function outputsDigest(outcome: Outcome, hashing: Hashing): string {
  const hashOf = (bytes: OutputBytes): string =>
    bytes.content ?? hashing.sha256(hashing.fromBase64(bytes.data ?? ''));
  const files = outcome.files.map(({ path, bytes }) => [path, hashOf(bytes)]);
  files.sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return hashJson([hashOf(outcome.stdout), hashOf(outcome.stderr), files], hashing);
}

/** What two honest runs under `strict` have in common: everything but times and memory. */
export function resultDigest(outcome: Outcome, hashing: Hashing): string {
  const { exitCode, failure, usage } = outcome;
  const outputs = outputsDigest(outcome, hashing);
  return hashJson([exitCode, failure?.code ?? null, outputs, usage.fuel ?? null], hashing);
}

export function resultManifest(
  lease: SignedLease,
  task: { readonly work: SignedWork | undefined; readonly item: ArrayItem | undefined },
  result: SignedResult,
  hashing: Hashing,
): ResultManifest {
  const { exitCode, failure, usage } = result.outcome;
  const ran = failure?.class === 'fog' ? undefined : task.work;
  return {
    ...lease,
    ...givenTo(ran, task.item, hashing),
    runtimeVersion: result.runtimeVersion ?? '',
    exitCode,
    failure: failure?.code ?? '',
    outputs: outputsDigest(result.outcome, hashing),
    usage,
  };
}

/** Where the fog failed nothing was run, and the manifest claims no module and no inputs. */
function givenTo(
  work: SignedWork | undefined,
  item: ArrayItem | undefined,
  hashing: Hashing,
): SignedWork {
  if (work === undefined) {
    return { module: '', inputs: '', determinism: DEMAND_DEFAULTS.determinism };
  }
  return item === undefined ? work : { ...work, inputs: hashJson([work.inputs, item], hashing) };
}

export function manifestDigest(manifest: ResultManifest, hashing: Hashing): string {
  return hashing.sha256(manifestBytes(manifest));
}

function hashJson(value: unknown, hashing: Hashing): string {
  return hashing.sha256(new TextEncoder().encode(JSON.stringify(value)));
}
