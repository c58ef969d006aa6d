import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isFogError, utf8 } from '@fog/kernel';
import {
  VRF_OUTPUT_BYTES,
  VRF_PROOF_BYTES,
  VRF_SEED_BYTES,
  vrfKeyFromSeed,
  vrfProofOutput,
  vrfVerify,
} from '../src/index.ts';
import { fromHex, readVectors, toHex } from './vectors.ts';

interface VrfVector {
  readonly example: number;
  readonly seed: string;
  readonly publicKey: string;
  readonly alpha: string;
  readonly proof: string;
  readonly output: string;
}

const { vectors } = readVectors('rfc9381-ecvrf-edwards25519-sha512-tai') as {
  vectors: VrfVector[];
};
const first = vectors[0] as VrfVector;

// y = p, p + 1: the same points as 0 and 1, written otherwise.
const NOT_REDUCED = ['edffff', 'eeffff'].map((low) => `${low}${'ff'.repeat(28)}7f`);
const LOW_ORDER = [
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
];

describe('ECVRF-EDWARDS25519-SHA512-TAI', () => {
  it('reproduces the vectors of RFC 9381', () => {
    assert.equal(vectors.length, 3);
    for (const { seed, publicKey, alpha, proof, output } of vectors) {
      const key = vrfKeyFromSeed(fromHex(seed));
      assert.equal(toHex(key.publicKey), publicKey);
      const made = key.prove(fromHex(alpha));
      assert.equal(toHex(made.proof), proof);
      assert.equal(toHex(made.output), output);
      const verified = vrfVerify(fromHex(publicKey), fromHex(alpha), fromHex(proof));
      assert.equal(verified && toHex(verified), output);
      assert.deepEqual(vrfProofOutput(fromHex(proof)), fromHex(output));
    }
  });

  it('verifies what it proves, for any seed and input', () => {
    const bytes = (size: number): fc.Arbitrary<Uint8Array> =>
      fc.uint8Array({ minLength: size, maxLength: size });
    fc.assert(
      fc.property(bytes(VRF_SEED_BYTES), fc.uint8Array({ maxLength: 100 }), (seed, alpha) => {
        const key = vrfKeyFromSeed(seed);
        const { proof, output } = key.prove(alpha);
        assert.equal(proof.length, VRF_PROOF_BYTES);
        assert.equal(output.length, VRF_OUTPUT_BYTES);
        assert.deepEqual(vrfVerify(key.publicKey, alpha, proof), output);
        assert.equal(vrfVerify(key.publicKey, Uint8Array.of(...alpha, 0), proof), undefined);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a proof with any bit flipped', () => {
    const { publicKey, alpha, proof } = first;
    for (let bit = 0; bit < VRF_PROOF_BYTES * 8; bit += 3) {
      const bad = fromHex(proof);
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(vrfVerify(fromHex(publicKey), fromHex(alpha), bad), undefined, `bit ${bit}`);
    }
  });

  it('refuses keys and points of low order or in a second form, and a response not reduced', () => {
    const { publicKey, alpha, proof } = first;
    for (const point of [...LOW_ORDER, ...NOT_REDUCED]) {
      assert.equal(vrfVerify(fromHex(point), fromHex(alpha), fromHex(proof)), undefined);
      const bad = fromHex(point + proof.slice(64));
      assert.equal(vrfVerify(fromHex(publicKey), fromHex(alpha), bad), undefined);
      assert.equal(vrfProofOutput(bad), undefined);
    }
    const order = BigInt('0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed');
    const response = BigInt(`0x${toHex(fromHex(proof).subarray(48).reverse())}`);
    const same = fromHex((response + order).toString(16).padStart(64, '0')).reverse();
    const bad = fromHex(proof.slice(0, 96) + toHex(same));
    assert.equal(vrfVerify(fromHex(publicKey), fromHex(alpha), bad), undefined);
  });

  it('gives a verdict on any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 100 }),
        (publicKey, proof) => {
          assert.equal(vrfVerify(publicKey, utf8('x'), proof), undefined);
          assert.equal(vrfVerify(fromHex(first.publicKey), utf8('x'), proof), undefined);
        },
      ),
      { numRuns: 200 },
    );
    const whole = fc.uint8Array({ minLength: VRF_PROOF_BYTES, maxLength: VRF_PROOF_BYTES });
    fc.assert(
      fc.property(whole, (proof) => {
        assert.equal(vrfVerify(fromHex(first.publicKey), utf8('x'), proof), undefined);
        vrfProofOutput(proof);
      }),
      { numRuns: 200 },
    );
  });

  it('proves nothing once the key is erased, and takes only seeds of 32 bytes', () => {
    const key = vrfKeyFromSeed(fromHex(first.seed));
    key.erase();
    assert.throws(
      () => key.prove(utf8('x')),
      (error) => isFogError(error, 'CRYPTO_KEY_ERASED'),
    );
    assert.throws(
      () => vrfKeyFromSeed(new Uint8Array(31)),
      (error) => isFogError(error, 'CRYPTO_SIZE'),
    );
  });
});
