/**
 * What a clean stop leaves so that no packet of the epoch is lost or replayed: mix keys and replay filters in
 * one 0600 file, which is unlinked before the relay serves again. Words are little-endian; a SHA-256 of all
 * before it ends the file.
 */
import { readFile, stat, unlink } from 'node:fs/promises';
import { endianness } from 'node:os';
import { createSha256, sameBytes, zeroBytes } from '@fog/crypto';
import { utf8 } from '@fog/kernel';
import { removeUnfinished } from '@fog/kernel/files';
import type { SavedKey } from './key-ring.ts';
import { MAX_KEY_FILE_BYTES } from './limits.ts';
import { type ReplayFilterOptions, type SavedSegment, segmentWords } from './replay-filter.ts';
import { writeSecret } from './secret-files.ts';

const MAGIC = utf8('fogmixk1');
const SECRET_BYTES = 32;
const HASH_BYTES = 32;
/** Last, present and next two. */
const MAX_KEYS = 4;
/** A filter doubles with each segment: sixteen hold more tags than any cap allows. */
const MAX_SEGMENTS = 16;

export async function writeKeyFile(file: string, keys: readonly SavedKey[]): Promise<void> {
  const parts: Uint8Array[] = [MAGIC, word(keys.length)];
  for (const { epoch, secretKey, filter } of keys) {
    parts.push(numberBytes(epoch), secretKey, wordBytes(filter.secret));
    parts.push(word(filter.segments.length));
    for (const { tags, words } of filter.segments) {
      parts.push(word(tags), word(words.length), wordBytes(words));
    }
  }
  await writeSecret(file, [...parts, digest(parts)]);
  for (const { secretKey } of keys) zeroBytes(secretKey);
}

/** The keys, and the file is gone, also one that a kill kept from being whole; undefined when there is none or it is damaged: then keys must be fresh. */
export async function takeKeyFile(
  file: string,
  filter: ReplayFilterOptions,
): Promise<SavedKey[] | undefined> {
  await removeUnfinished(file);
  const size = await stat(file).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined) return undefined;
  const bytes = size <= MAX_KEY_FILE_BYTES ? await readFile(file) : Buffer.alloc(0);
  await unlink(file);
  return littleEndian ? parse(bytes, filter) : undefined;
}

const littleEndian = endianness() === 'LE';

function parse(bytes: Buffer, options: ReplayFilterOptions): SavedKey[] | undefined {
  if (bytes.length < MAGIC.length + HASH_BYTES) return undefined;
  const content = bytes.subarray(0, bytes.length - HASH_BYTES);
  if (!sameBytes(digest([content]), bytes.subarray(content.length))) return undefined;
  const reader = new Reader(content);
  try {
    if (!sameBytes(reader.bytes(MAGIC.length), MAGIC)) return undefined;
    const keys = Array.from({ length: reader.count(MAX_KEYS) }, () => readKey(reader, options));
    return reader.atEnd ? keys : undefined;
  } catch {
    // It is whole by its hash: another version wrote it.
    return undefined;
  }
}

function readKey(reader: Reader, options: ReplayFilterOptions): SavedKey {
  const epoch = reader.number();
  const secretKey = reader.bytes(SECRET_BYTES);
  const secret = reader.words(4);
  const segments: SavedSegment[] = [];
  const count = reader.count(MAX_SEGMENTS);
  for (let index = 0; index < count; index += 1) {
    const tags = reader.word();
    const words = reader.words(reader.word());
    if (words.length !== segmentWords(options, index)) throw new RangeError('another filter');
    segments.push({ tags, words });
  }
  return { epoch, secretKey, filter: { secret, segments } };
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  bytes(sizeBytes: number): Uint8Array {
    if (this.#at + sizeBytes > this.#bytes.length) throw new RangeError('too short');
    this.#at += sizeBytes;
    return Uint8Array.from(this.#bytes.subarray(this.#at - sizeBytes, this.#at));
  }

  word(): number {
    return this.words(1)[0] ?? 0;
  }

  words(count: number): Uint32Array {
    return new Uint32Array(this.bytes(count * 4).buffer as ArrayBuffer);
  }

  count(max: number): number {
    const count = this.word();
    if (count > max) throw new RangeError('too many');
    return count;
  }

  number(): number {
    return new Float64Array(this.bytes(8).buffer as ArrayBuffer)[0] ?? 0;
  }
}

function digest(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createSha256();
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

function word(value: number): Uint8Array {
  return wordBytes(Uint32Array.of(value));
}

function numberBytes(value: number): Uint8Array {
  return new Uint8Array(Float64Array.of(value).buffer);
}

function wordBytes(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
