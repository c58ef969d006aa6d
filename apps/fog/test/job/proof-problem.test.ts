import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityFromSeed, sha256Hex } from '@fog/crypto';
import {
  EMPTY_OUTPUT,
  type Hashing,
  manifestBatchBytes,
  manifestDigest,
  type Outcome,
  resultManifest,
  type SignedManifest,
} from '@fog/wire';
import { proofProblem } from '../../src/job/proof-problem.ts';

const HASHING: Hashing = { sha256: sha256Hex, fromBase64: (text) => Buffer.from(text, 'base64') };
const identity = identityFromSeed(new Uint8Array(32).fill(3));
const outcome: Outcome = {
  exitCode: 0,
  stdout: { sizeBytes: 2, data: 'aGk=' },
  stderr: EMPTY_OUTPUT,
  files: [],
  usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 },
};

function signed(): SignedManifest {
  const lease = { fogId: 'fog', node: identity.id, job: 'j1', index: 0, attempt: 1, token: 7 };
  const task = { work: undefined, item: undefined };
  const manifest = resultManifest(lease, task, { outcome }, HASHING);
  const digests = ['0'.repeat(64), manifestDigest(manifest, HASHING)];
  const bytes = identity.sign(manifestBatchBytes('fog', identity.id, digests));
  return {
    manifest,
    digests,
    signature: Buffer.from(bytes).toString('base64'),
    nodeKey: Buffer.from(identity.publicKey).toString('base64'),
  };
}

test('a proof stands for its result and for no other', () => {
  const proof = signed();
  assert.equal(proofProblem(proof, outcome), undefined);
  const other = { ...outcome, stdout: { sizeBytes: 2, data: 'aG8=' } };
  assert.equal(proofProblem(proof, other), 'the node signed another result');
  assert.match(proofProblem(proof, { ...outcome, exitCode: 1 }) ?? '', /another result/);
});

test('a proof with anything changed is none', () => {
  const proof = signed();
  const { manifest } = proof;
  const stranger = Buffer.from(identityFromSeed(new Uint8Array(32)).publicKey).toString('base64');
  const problems = [
    { ...proof, nodeKey: stranger },
    { ...proof, manifest: { ...manifest, token: 8 } },
    { ...proof, digests: proof.digests.toReversed() },
  ].map((changed) => proofProblem(changed, outcome));
  assert.deepEqual(problems, [
    'the key is not the key of its node',
    'the manifest is not among what was signed',
    'the signature is wrong',
  ]);
});
