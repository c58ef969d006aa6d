/**
 * What a node signs for its results. One manifest per result; the node signs the digests of all results
 * of one frame at once, so a signature costs one frame, and each manifest stays provable by its digest.
 */
import type { Determinism } from './demands.ts';
import type { Usage } from './outcome.ts';

export const MANIFEST_DOMAIN = 'fog-result-manifest/1';
export const MANIFEST_BATCH_DOMAIN = 'fog-result-batch/1';

export interface ResultManifest {
  readonly fogId: string;
  readonly node: string;
  readonly job: string;
  readonly index: number;
  readonly attempt: number;
  /** Fencing token. */
  readonly token: number;
  readonly module: string;
  /** SHA-256 over the spec's inputs, stdin, arguments, environment and the task's item. */
  readonly inputs: string;
  readonly runtimeVersion: string;
  readonly determinism: Determinism;
  readonly exitCode: number;
  readonly failure: string;
  /** SHA-256 over stdout, stderr and the output files with their paths. */
  readonly outputs: string;
  readonly usage: Usage;
}

/** The bytes whose SHA-256 is the manifest's digest: one field a line, so that nothing is ambiguous. */
export function manifestBytes(manifest: ResultManifest): Uint8Array {
  const { usage } = manifest;
  return lines([
    MANIFEST_DOMAIN,
    manifest.fogId,
    manifest.node,
    manifest.job,
    manifest.index,
    manifest.attempt,
    manifest.token,
    manifest.module,
    manifest.inputs,
    manifest.runtimeVersion,
    manifest.determinism,
    manifest.exitCode,
    manifest.failure,
    manifest.outputs,
    usage.fuel ?? '-',
    usage.cpuMs,
    usage.peakMemoryBytes,
    usage.wallMs,
  ]);
}

/** The bytes a node signs: the digests (SHA-256, lower-case hex) of one frame in its order. */
export function manifestBatchBytes(
  fogId: string,
  node: string,
  digests: readonly string[],
): Uint8Array {
  return lines([MANIFEST_BATCH_DOMAIN, fogId, node, ...digests]);
}

function lines(fields: readonly (string | number)[]): Uint8Array {
  return new TextEncoder().encode(fields.map((field) => JSON.stringify(field)).join('\n'));
}
