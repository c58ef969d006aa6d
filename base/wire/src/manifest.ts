/**
 * What a node signs for its results. One manifest per result; the node signs the digests of all results
 * of one frame at once, so a signature costs one frame, and each manifest stays provable by its digest.
 */
import { z } from 'zod';
import { Determinism } from './demands.ts';
import { Base64, Sha256 } from './ids.ts';
import { MAX_RESULTS_PER_FRAME } from './limits.ts';
import { Usage } from './outcome.ts';

export const MANIFEST_DOMAIN = 'fog-result-manifest/1';
export const MANIFEST_BATCH_DOMAIN = 'fog-result-batch/1';

export const ResultManifest = z.strictObject({
  fogId: z.string(),
  node: z.string(),
  job: z.string(),
  index: z.int(),
  attempt: z.int(),
  /** Fencing token. */
  token: z.int(),
  module: z.string(),
  /** SHA-256 over the spec's inputs, stdin, arguments, environment and the task's item. */
  inputs: z.string(),
  runtimeVersion: z.string(),
  determinism: Determinism,
  exitCode: z.int(),
  failure: z.string(),
  /** SHA-256 over stdout, stderr and the output files with their paths. */
  outputs: z.string(),
  usage: Usage,
});
export type ResultManifest = z.infer<typeof ResultManifest>;

/** A manifest with what proves it: verify `signature` of `nodeKey` over `digests`, and that its digest is among them. */
export const SignedManifest = z.strictObject({
  manifest: ResultManifest,
  digests: z.array(Sha256).max(MAX_RESULTS_PER_FRAME),
  signature: Base64,
  /** Ed25519; the node's id is its BLAKE2b-256, cut to 16 bytes. */
  nodeKey: Base64,
});
export type SignedManifest = z.infer<typeof SignedManifest>;

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
