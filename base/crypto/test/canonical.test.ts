import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isFogError } from '@fog/kernel';
import {
  type CanonicalValue,
  decodeCanonical,
  encodeCanonical,
  identityFromSeed,
  openSigned,
  signBytes,
  signCanonical,
  verifyBytes,
} from '../src/index.ts';
import { fromHex, toHex } from './vectors.ts';

const PURPOSE = 'fog test document';
const identity = identityFromSeed(new Uint8Array(32).fill(5));
const other = identityFromSeed(new Uint8Array(32).fill(6));
const runs = process.env['FUZZ_MS'] === undefined ? 300 : 100_000_000;
const interruptAfterTimeLimit = Number(process.env['FUZZ_MS'] ?? 10_000);

const value: fc.Arbitrary<CanonicalValue> = fc.letrec<{ node: CanonicalValue }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('node'), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie('node'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).node;

describe('canonical CBOR', () => {
  it('sorts keys by their encoding and takes the shortest form', () => {
    assert.equal(toHex(encodeCanonical({ bb: 1, c: 24, a: -1 })), 'a36161206163181862626201');
  });

  it('gives back any plain value', () => {
    fc.assert(
      fc.property(value, (each) => {
        assert.deepEqual(decodeCanonical(encodeCanonical(each)), each);
      }),
      { numRuns: runs, interruptAfterTimeLimit },
    );
  });

  it('keeps integers of 64 bits', () => {
    assert.equal(decodeCanonical(encodeCanonical(2n ** 64n - 1n)), 2n ** 64n - 1n);
  });

  it('refuses fractions and undefined', () => {
    for (const bad of [1.5, Number.NaN, Infinity, 2 ** 60, { a: undefined }, () => 1, new Date()]) {
      assert.throws(
        () => encodeCanonical(bad as unknown as CanonicalValue),
        (error) => isFogError(error, 'CRYPTO_NOT_CANONICAL'),
      );
    }
  });

  it('accepts no second encoding of a value', () => {
    const second = {
      'integer longer than needed': '1801',
      'length longer than needed': '780161',
      'keys out of order': 'a2616201616101',
      'a key twice': 'a2616101616102',
      'indefinite list': '9f01ff',
      'indefinite text': '7f6161ff',
      fraction: 'f93e00',
      'integer as fraction': 'fa3f800000',
      undefined: 'f7',
      'bytes behind the value': '0101',
      'a tag': 'c001',
      'integer key': 'a10101',
      'big integer as tag': 'c24101',
      nothing: '',
      truncated: '8201',
      'invalid text': '61ff',
    };
    for (const [name, hex] of Object.entries(second)) {
      assert.equal(decodeCanonical(fromHex(hex)), undefined, name);
    }
    const deep = new Uint8Array(100_000).fill(0x81);
    assert.equal(decodeCanonical(deep), undefined);
  });

  it('decodes nothing but what it encodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const decoded = decodeCanonical(bytes);
        if (decoded !== undefined)
          assert.deepEqual(new Uint8Array(encodeCanonical(decoded)), bytes);
      }),
      { numRuns: runs, interruptAfterTimeLimit },
    );
  });
});

describe('signed documents', () => {
  const signed = signCanonical(identity, PURPOSE, { epoch: 7 });
  const open = (change: object, key = identity, purpose = PURPOSE): object =>
    openSigned(key.publicKey, purpose, { ...signed, ...change }, { maxBytes: 100 });

  it('open under the key, the purpose and the exact bytes', () => {
    assert.deepEqual(open({}), { ok: true, value: { epoch: 7 } });
    assert.deepEqual(open({}, other), { ok: false, reason: 'bad-signature' });
    assert.deepEqual(open({}, identity, 'another purpose'), { ok: false, reason: 'bad-signature' });
    const bytes = encodeCanonical({ epoch: 8 });
    assert.deepEqual(open({ bytes }), { ok: false, reason: 'bad-signature' });
    const signature = signed.signature.subarray(1);
    assert.deepEqual(open({ signature }), { ok: false, reason: 'bad-signature' });
    assert.deepEqual(open({ bytes: new Uint8Array(101) }), { ok: false, reason: 'too-large' });
  });

  it('are refused when their signer wrote them in another form', () => {
    const bytes = fromHex('1807');
    const signature = signBytes(identity, PURPOSE, bytes);
    assert.ok(verifyBytes(identity.publicKey, PURPOSE, { bytes, signature }));
    assert.deepEqual(open({ bytes, signature }), { ok: false, reason: 'not-canonical' });
  });
});
