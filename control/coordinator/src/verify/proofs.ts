/** What a node signed for its results: one signature a frame, checked once, and every manifest made again from the lease. */
import { verifySignature } from '@fog/crypto';
import {
  arrayItem,
  manifestBatchBytes,
  manifestDigest,
  resultManifest,
  type ResultManifest,
  type SignedResult,
  type SignedWork,
  signedWork,
  type TaskResult,
} from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { LeaseRecord } from '../lease/lease-record.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import { HASHING } from './hashing.ts';

/** Where the signature over one result is kept. */
export interface Proof {
  /** Digest of the manifest. */
  readonly digest: string;
  /** Row of the signed batch. */
  readonly batch: number;
  readonly runtimeVersion: string | undefined;
}

/** Results of one frame whose signature is good, as far as they are what the node signed. */
export interface SignedFrame {
  /** Undefined when the node signed something else for this lease. */
  proofOf(lease: LeaseRecord, result: TaskResult): Proof | undefined;
}

interface Frame {
  readonly results: readonly TaskResult[];
  readonly signature?: string | undefined;
}

type SignedJob = Pick<JobRecord, 'id' | 'spec' | 'inputs'>;

/** Tasks of one job share what they are given; it is final once a lease was issued. */
const works = new WeakMap<SignedJob, SignedWork>();

/** Nothing in a frame that its node has not signed has a proof. */
export function openFrame(
  core: Core,
  node: NodeRecord,
  { results, signature = '' }: Frame,
): SignedFrame {
  const digests = results.map(({ digest = '' }) => digest);
  const signed = manifestBatchBytes(core.fogId, node.id, digests);
  if (!verifySignature(node.key, signed, Buffer.from(signature, 'base64'))) {
    return { proofOf: () => undefined };
  }
  let batch: number | undefined;
  const store = (): number => {
    core.verify.lastBatch += 1;
    const id = core.verify.lastBatch;
    const received = core.clock.now();
    const rows = digests.join('\n');
    core.journal.resultBatch({
      id,
      node: node.id,
      digests: rows,
      signature,
      received_at: received,
    });
    return id;
  };
  return {
    proofOf: (lease, { outcome, digest, runtimeVersion }) => {
      const manifest = manifestOf(core, lease, { outcome, runtimeVersion });
      if (digest === undefined || manifestDigest(manifest, HASHING) !== digest) return undefined;
      batch ??= store();
      return { digest, batch, runtimeVersion };
    },
  };
}

/** The manifest of a result as the coordinator knows the lease. */
export function manifestOf(
  core: Pick<Core, 'fogId'>,
  lease: Pick<LeaseRecord, 'index' | 'attempt' | 'token' | 'node' | 'alias'> & {
    readonly job: SignedJob;
  },
  result: SignedResult,
): ResultManifest {
  const { job, index, attempt, token, node, alias } = lease;
  return resultManifest(
    { fogId: core.fogId, node, job: alias ?? job.id, index, attempt, token },
    { work: workOf(job), item: arrayItem(job.spec, index) },
    result,
    HASHING,
  );
}

function workOf(job: SignedJob): SignedWork {
  const known = works.get(job);
  if (known !== undefined) return known;
  const work = signedWork({ ...job.spec, inputs: [...job.inputs] }, HASHING);
  works.set(job, work);
  return work;
}
