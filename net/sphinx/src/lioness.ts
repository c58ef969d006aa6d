/**
 * LIONESS (Anderson and Biham, 1996) over ChaCha20 and keyed BLAKE2b-256: a cipher whose block is
 * the whole payload. One bit changed on either side makes noise of all of it on the other.
 */
import { blake2b, chacha20Once } from '@fog/crypto';

const LEFT_BYTES = 32;
const LEFT_WORDS = 8;

/** A block with the views and the scratch to work on it in place. */
export interface LionessBlock {
  readonly bytes: Uint8Array;
  readonly right: Uint8Array;
  readonly leftWords: Uint32Array;
  readonly hash: Uint8Array;
  readonly hashWords: Uint32Array;
}

/** Keys 1 and 3 are xored with the left part, 2 and 4 key the hash. */
export interface LionessKeys {
  readonly words1: Uint32Array;
  readonly key2: Uint8Array;
  readonly words3: Uint32Array;
  readonly key4: Uint8Array;
}

/** `offset` is a multiple of four. */
export function lionessBlock(buffer: ArrayBuffer, offset: number, sizeBytes: number): LionessBlock {
  const hash = new ArrayBuffer(LEFT_BYTES);
  return {
    bytes: new Uint8Array(buffer, offset, sizeBytes),
    right: new Uint8Array(buffer, offset + LEFT_BYTES, sizeBytes - LEFT_BYTES),
    leftWords: new Uint32Array(buffer, offset, LEFT_WORDS),
    hash: new Uint8Array(hash),
    hashWords: new Uint32Array(hash),
  };
}

export function lionessEncrypt(block: LionessBlock, keys: LionessKeys): void {
  streamRight(block, keys.words1);
  hashLeft(block, keys.key2);
  streamRight(block, keys.words3);
  hashLeft(block, keys.key4);
}

export function lionessDecrypt(block: LionessBlock, keys: LionessKeys): void {
  hashLeft(block, keys.key4);
  streamRight(block, keys.words3);
  hashLeft(block, keys.key2);
  streamRight(block, keys.words1);
}

/** R ← R ⊕ ChaCha20(L ⊕ key) */
function streamRight(block: LionessBlock, words: Uint32Array): void {
  xorWords(block.hashWords, block.leftWords, words);
  chacha20Once(block.right, block.right, block.hash);
}

/** L ← L ⊕ BLAKE2b-256(key, R) */
function hashLeft(block: LionessBlock, key: Uint8Array): void {
  blake2b(block.hash, block.right, key);
  xorWords(block.leftWords, block.leftWords, block.hashWords);
}

function xorWords(output: Uint32Array, a: Uint32Array, b: Uint32Array): void {
  for (let index = 0; index < LEFT_WORDS; index += 1) {
    output[index] = (a[index] ?? 0) ^ (b[index] ?? 0);
  }
}
