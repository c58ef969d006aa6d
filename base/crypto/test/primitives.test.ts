import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { isFogError, utf8 } from '@fog/kernel';
import {
  AEAD_NONCE_BYTES,
  type AeadCipher,
  aeadOpen,
  aeadSeal,
  blake2b,
  chacha20,
  chacha20Once,
  deriveKey,
  lockBytes,
  randomFill,
  sameBytes,
  unlockBytes,
  x25519,
  x25519PublicKey,
  zeroBytes,
} from '../src/index.ts';
import { fromHex, readVectors, toHex } from './vectors.ts';

interface X25519Vectors {
  readonly products: readonly { scalar: string; point: string; product: string }[];
  readonly iterated: { start: string; after1: string; after1000: string };
  readonly lowOrder: readonly string[];
}

describe('X25519', () => {
  const vectors = readVectors('rfc7748-x25519') as X25519Vectors;

  it('reproduces the products of RFC 7748', () => {
    const shared = new Uint8Array(32);
    for (const { scalar, point, product } of vectors.products) {
      assert.equal(x25519(shared, fromHex(scalar), fromHex(point)), true);
      assert.equal(toHex(shared), product);
    }
  });

  it('reproduces 1,000 iterations of RFC 7748', () => {
    let [k, u] = [fromHex(vectors.iterated.start), fromHex(vectors.iterated.start)];
    for (let count = 1; count <= 1000; count += 1) {
      const product = new Uint8Array(32);
      assert.ok(x25519(product, k, u));
      [k, u] = [product, k];
      if (count === 1) assert.equal(toHex(k), vectors.iterated.after1);
    }
    assert.equal(toHex(k), vectors.iterated.after1000);
  });

  it('gives a verdict, not an exception, on points of low order', () => {
    assert.ok(vectors.lowOrder.length > 0);
    for (const point of vectors.lowOrder) {
      assert.equal(x25519(new Uint8Array(32), new Uint8Array(32).fill(7), fromHex(point)), false);
    }
  });

  it('makes keys that agree, also in shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(192));
    const part = (index: number): Uint8Array => shared.subarray(index * 32, index * 32 + 32);
    randomFill(part(0));
    randomFill(part(1));
    x25519PublicKey(part(2), part(0));
    x25519PublicKey(part(3), part(1));
    assert.ok(x25519(part(4), part(0), part(3)));
    assert.ok(x25519(part(5), part(1), part(2)));
    assert.ok(sameBytes(part(4), part(5)));
  });

  it('names a buffer of a wrong size', () => {
    const [good, bad] = [new Uint8Array(32), new Uint8Array(31)];
    for (const call of [
      () => x25519(bad, good, good),
      () => x25519(good, bad, good),
      () => x25519(good, good, bad),
      () => x25519PublicKey(bad, good),
    ]) {
      assert.throws(
        call,
        (error) => isFogError(error, 'CRYPTO_SIZE') && /32 bytes/.test(error.message),
      );
    }
  });
});

describe('AEAD', () => {
  it('reproduces RFC 8439 §2.8.2', () => {
    const message = utf8(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const input = {
      key: Uint8Array.from({ length: 32 }, (_, index) => 0x80 + index),
      nonce: fromHex('070000004041424344454647'),
      data: fromHex('50515253c0c1c2c3c4c5c6c7'),
    };
    const sealed = new Uint8Array(message.length + 16);
    aeadSeal('chacha20poly1305', sealed, message, input);
    assert.equal(toHex(sealed.subarray(0, 16)), 'd31a8d34648e60db7b86afbc53ef7ec2');
    assert.equal(toHex(sealed.subarray(-16)), '1ae10b594f09e26a7e902ecbd0600691');
  });

  it('opens what it seals and refuses forgeries', () => {
    for (const cipher of Object.keys(AEAD_NONCE_BYTES) as AeadCipher[]) {
      const key = new Uint8Array(32).fill(1);
      const nonce = new Uint8Array(AEAD_NONCE_BYTES[cipher]).fill(2);
      const sealed = new Uint8Array(21);
      aeadSeal(cipher, sealed, utf8('hello'), { key, nonce });
      const message = new Uint8Array(5);
      assert.equal(aeadOpen(cipher, message, sealed, { key, nonce }), true);
      assert.deepEqual(message, utf8('hello'));
      assert.equal(aeadOpen(cipher, message, sealed, { key, nonce, data: utf8('x') }), false);
      sealed[20] = (sealed[20] ?? 0) ^ 1;
      assert.equal(aeadOpen(cipher, message, sealed, { key, nonce }), false);
      assert.equal(aeadOpen(cipher, message, sealed.subarray(0, 15), { key, nonce }), false);
      assert.throws(
        () => aeadSeal(cipher, sealed, utf8('hello'), { key, nonce: nonce.subarray(1) }),
        (error) => isFogError(error, 'CRYPTO_SIZE'),
      );
    }
  });
});

describe('BLAKE2b, key derivation and ChaCha20', () => {
  it('hash as node:crypto does, and as RFC 7693 says', () => {
    const output = new Uint8Array(64);
    blake2b(output, utf8('abc'));
    assert.equal(toHex(output), createHash('blake2b512').update('abc').digest('hex'));
    assert.match(toHex(output), /^ba80a53f981c4d0d/);
  });

  it('is keyed as the reference implementation says', () => {
    const output = new Uint8Array(64);
    blake2b(
      output,
      new Uint8Array(0),
      Uint8Array.from({ length: 64 }, (_, index) => index),
    );
    assert.match(toHex(output), /^10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2/);
  });

  it('derives other keys for other ids and contexts', () => {
    const key = new Uint8Array(32).fill(3);
    const derived = (id: number, context: string): string => {
      const subkey = new Uint8Array(32);
      deriveKey(subkey, id, utf8(context), key);
      return toHex(subkey);
    };
    const all = [derived(1, 'fogtest1'), derived(2, 'fogtest1'), derived(1, 'fogtest2')];
    assert.equal(new Set(all).size, 3);
    assert.equal(derived(1, 'fogtest1'), all[0]);
  });

  it('streams as node:crypto does', () => {
    const key = new Uint8Array(32).fill(9);
    const stream = (nonce: Uint8Array): Uint8Array => {
      const cipher = createCipheriv('chacha20', key, Buffer.concat([new Uint8Array(8), nonce]));
      return new Uint8Array(cipher.update(new Uint8Array(100)));
    };
    const output = new Uint8Array(100);
    chacha20Once(output, output, key);
    assert.deepEqual(output, stream(new Uint8Array(8)));
    const nonce = utf8('12345678');
    chacha20(output, new Uint8Array(100), nonce, key);
    assert.deepEqual(output, stream(nonce));
    assert.throws(
      () => chacha20(output, output, new Uint8Array(12), key),
      (error) => isFogError(error, 'CRYPTO_SIZE'),
    );
  });
});

describe('memory', () => {
  it('compares, fills, zeroes and locks', () => {
    const [a, b] = [new Uint8Array(4096), new Uint8Array(4096)];
    assert.equal(sameBytes(a, b), true);
    assert.equal(sameBytes(a, b.subarray(1)), false);
    randomFill(a);
    assert.equal(sameBytes(a, b), false);
    zeroBytes(a);
    assert.equal(sameBytes(a, b), true);
    randomFill(a);
    assert.equal(typeof lockBytes(a), 'boolean');
    unlockBytes(a);
    assert.equal(sameBytes(a, b), true);
    assert.throws(
      () => lockBytes(a.subarray(1)),
      (error) => isFogError(error, 'CRYPTO_SIZE'),
    );
  });
});
