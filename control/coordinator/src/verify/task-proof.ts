/** What a user needs to check, without this fog, who gave a result. */
import { type JobSpec, manifestDigest, type Outcome, type SignedManifest } from '@fog/wire';
import type { AttemptRow } from '@fog/store';
import type { Core } from '../core.ts';
import { HASHING } from './hashing.ts';
import { manifestOf } from './proofs.ts';

interface AcceptedTask {
  readonly job: { readonly id: string; readonly spec: JobSpec; readonly inputs: JobSpec['inputs'] };
  readonly attempt: AttemptRow;
  readonly outcome: Outcome;
}

/** Undefined for results from before signatures, and where the inputs came from jobs that are gone. */
export async function taskProof(
  core: Core,
  { job, attempt, outcome }: AcceptedTask,
): Promise<SignedManifest | undefined> {
  const lease = {
    job,
    index: attempt.idx,
    attempt: attempt.number,
    token: attempt.token,
    node: attempt.node,
    alias: undefined,
  };
  const runtimeVersion = attempt.runtime_version ?? undefined;
  const manifest = manifestOf(core, lease, { outcome, runtimeVersion });
  if (manifestDigest(manifest, HASHING) !== attempt.digest) return undefined;
  const batch = await core.store.db
    .selectFrom('result_batch')
    .selectAll()
    .where('id', '=', attempt.batch)
    .executeTakeFirst();
  const key = core.nodes.get(attempt.node)?.key ?? (await storedKey(core, attempt.node));
  if (batch === undefined || key === undefined) return undefined;
  return {
    manifest,
    digests: batch.digests.split('\n'),
    signature: batch.signature,
    nodeKey: Buffer.from(key).toString('base64'),
  };
}

async function storedKey(core: Core, node: string): Promise<Uint8Array | undefined> {
  const row = await core.store.db
    .selectFrom('node')
    .select('node_key')
    .where('id', '=', node)
    .executeTakeFirst();
  const key = row?.node_key ?? undefined;
  return key === undefined ? undefined : Buffer.from(key, 'base64');
}
