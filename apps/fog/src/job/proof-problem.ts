import { identityId, sha256Hex, verifySignature } from '@fog/crypto';
import {
  type Hashing,
  manifestBatchBytes,
  manifestDigest,
  type Outcome,
  outputsDigest,
  type SignedManifest,
} from '@fog/wire';

const HASHING: Hashing = {
  sha256: sha256Hex,
  fromBase64: (text) => Buffer.from(text, 'base64'),
};

/** Why the proof does not show that its node gave this result; undefined when it does. Asks nobody. */
export function proofProblem(proof: SignedManifest, outcome: Outcome): string | undefined {
  const { manifest, digests, signature, nodeKey } = proof;
  const key = Buffer.from(nodeKey, 'base64');
  if (identityId(key) !== manifest.node) return 'the key is not the key of its node';
  if (!digests.includes(manifestDigest(manifest, HASHING))) {
    return 'the manifest is not among what was signed';
  }
  const signed = manifestBatchBytes(manifest.fogId, manifest.node, digests);
  if (!verifySignature(key, signed, Buffer.from(signature, 'base64'))) {
    return 'the signature is wrong';
  }
  const isSame =
    manifest.outputs === outputsDigest(outcome, HASHING) && manifest.exitCode === outcome.exitCode;
  return isSame ? undefined : 'the node signed another result';
}
