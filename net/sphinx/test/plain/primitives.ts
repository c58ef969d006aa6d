/** The primitives of docs/reference/sphinx.md, over node:crypto and plain code. */
import {
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from 'node:crypto';
import { plainBlake2b } from './blake2b.ts';

const BASE = Uint8Array.of(9, ...new Uint8Array(31));

/** Importing a key costs more than the product, so the last ones are kept. */
const imported = new Map<string, KeyObject>();
const MOST_IMPORTED = 64;

function importKey(name: 'd' | 'x', bytes: Uint8Array): KeyObject {
  const text = base64url(bytes);
  const known = imported.get(name + text);
  if (known !== undefined) return known;
  if (imported.size >= MOST_IMPORTED) imported.clear();
  const jwk = { kty: 'OKP', crv: 'X25519', x: base64url(BASE), [name]: text };
  const key =
    name === 'd'
      ? createPrivateKey({ key: jwk, format: 'jwk' })
      : createPublicKey({ key: jwk, format: 'jwk' });
  imported.set(name + text, key);
  return key;
}

/** The result, or undefined where it is zero. */
export function X25519(k: Uint8Array, u: Uint8Array): Uint8Array | undefined {
  const [privateKey, publicKey] = [importKey('d', k), importKey('x', u)];
  try {
    return new Uint8Array(diffieHellman({ privateKey, publicKey }));
  } catch {
    return undefined;
  }
}

export function publicKeyOf(k: Uint8Array): Uint8Array {
  return X25519(k, BASE) as Uint8Array;
}

export function hash(sizeBytes: number, message: Uint8Array): Uint8Array {
  return plainBlake2b(message, { sizeBytes });
}

export function mac(sizeBytes: number, key: Uint8Array, message: Uint8Array): Uint8Array {
  return plainBlake2b(message, { sizeBytes, key });
}

export function kdf(key: Uint8Array, id: number, sizeBytes: number): Uint8Array {
  const salt = Uint8Array.of(id, ...new Uint8Array(15));
  const personal = join(text('fogsphx1'), zeros(8));
  return plainBlake2b(new Uint8Array(0), { sizeBytes, key, salt, personal });
}

export function stream(key: Uint8Array, sizeBytes: number): Uint8Array {
  const cipher = createCipheriv('chacha20', key, new Uint8Array(16));
  return new Uint8Array(cipher.update(new Uint8Array(sizeBytes)));
}

export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length !== b.length) throw new Error(`${a.length} and ${b.length} bytes`);
  const result = new Uint8Array(a.length);
  for (let index = 0; index < a.length; index += 1) {
    result[index] = (a[index] as number) ^ (b[index] as number);
  }
  return result;
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function zeros(sizeBytes: number): Uint8Array {
  return new Uint8Array(sizeBytes);
}

export function text(ascii: string): Uint8Array {
  return new Uint8Array(Buffer.from(ascii, 'ascii'));
}

export function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return new Uint8Array(bytes);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
