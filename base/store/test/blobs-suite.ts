/** What each storage of blobs must do: run against the disk here, against a bucket in `test/system`. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { isFogError, utf8 } from '@fog/kernel';
import type { Blobs } from '../src/index.ts';

export interface BlobsUnderTest {
  readonly blobs: Blobs;
  readonly dir: string;
}

const ROOM = { maxBytes: 64 * 1024 * 1024 };
/** Above what any buffer on the way holds. */
const LARGE_BYTES = 8 * 1024 * 1024;

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

export async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? utf8(part) : part;
}

export async function read(blobs: Blobs, content: string, start?: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const source = await blobs.open(content, start === undefined ? {} : { start });
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

export const withCode =
  (code: string, text?: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(isFogError(error, code), String(error));
    if (text !== undefined) assert.match(error.message, text);
    return true;
  };

export function blobsSuite(open: () => Promise<BlobsUnderTest>): void {
  for (const [name, run] of Object.entries(CASES)) void it(name, async () => run(await open()));
}

async function leavesNothing({ dir }: BlobsUnderTest): Promise<void> {
  assert.deepEqual(await readdir(path.join(dir, 'incoming')), []);
}

const CASES: Readonly<Record<string, (tested: BlobsUnderTest) => Promise<void>>> = {
  'names bytes by their hash and gives them back, whole or from an offset': async (tested) => {
    const { blobs } = tested;
    const bytes = utf8('hello fog');
    const stored = await blobs.put(chunks('hello ', 'fog'), ROOM);
    assert.deepEqual(stored, { content: sha256(bytes), sizeBytes: 9 });
    assert.equal(await blobs.size(stored.content), 9);
    assert.deepEqual(await read(blobs, stored.content), Buffer.from(bytes));
    assert.equal((await read(blobs, stored.content, 6)).toString(), 'fog');
    assert.equal((await read(blobs, stored.content, 8)).toString(), 'g');
    for (const behind of [9, 10, 1e9]) {
      assert.equal((await read(blobs, stored.content, behind)).length, 0);
    }
    await leavesNothing(tested);
  },

  'holds the empty content and the large': async ({ blobs }) => {
    const empty = await blobs.put(chunks(), ROOM);
    assert.deepEqual(empty, { content: sha256(new Uint8Array()), sizeBytes: 0 });
    assert.equal(await blobs.size(empty.content), 0);
    assert.equal((await read(blobs, empty.content)).length, 0);
    const bytes = randomBytes(LARGE_BYTES);
    const half = LARGE_BYTES / 2;
    const large = await blobs.put(chunks(bytes.subarray(0, half), bytes.subarray(half)), ROOM);
    assert.equal(sha256(await read(blobs, large.content)), sha256(bytes));
    assert.equal(sha256(await read(blobs, large.content, half)), sha256(bytes.subarray(half)));
  },

  'takes the same content from many at once': async (tested) => {
    const { blobs } = tested;
    const puts = Array.from({ length: 8 }, () => blobs.put(chunks('same'), ROOM));
    const contents = new Set((await Promise.all(puts)).map(({ content }) => content));
    assert.equal(contents.size, 1);
    assert.equal((await read(blobs, [...contents][0] ?? '')).toString(), 'same');
    await leavesNothing(tested);
  },

  'refuses what is too large, is cut off or given up, and leaves nothing of it': async (tested) => {
    const { blobs } = tested;
    const tooLarge = blobs.put(chunks('0123456789'), { maxBytes: 4 });
    await assert.rejects(tooLarge, withCode('STORE_BLOB_TOO_LARGE'));
    const signal = AbortSignal.abort(new Error('given up'));
    await assert.rejects(blobs.put(chunks('x'), { ...ROOM, signal }), /given up/);
    const cut = async function* (): AsyncGenerator<Uint8Array> {
      yield utf8('half');
      throw new Error('cut off');
    };
    await assert.rejects(blobs.put(cut(), ROOM), /cut off/);
    for (const text of ['0123456789', 'x', 'half']) {
      assert.equal(await blobs.size(sha256(utf8(text))), undefined);
    }
    await leavesNothing(tested);
  },

  'knows what it has not, and no other names': async ({ blobs }) => {
    const absent = sha256(utf8('absent'));
    assert.equal(await blobs.size(absent), undefined);
    await assert.rejects(blobs.open(absent), withCode('STORE_NO_BLOB'));
    await blobs.remove(absent);
    for (const name of ['', '../../etc/passwd', absent.toUpperCase(), `${absent}/..`]) {
      await assert.rejects(blobs.open(name), withCode('STORE_NO_BLOB'));
      await assert.rejects(blobs.size(name), withCode('STORE_NO_BLOB'));
      await assert.rejects(blobs.remove(name), withCode('STORE_NO_BLOB'));
    }
  },

  'is in bad health while its directory is away': async ({ blobs, dir }) => {
    const { signal } = new AbortController();
    assert.deepEqual(await blobs.health(signal), { state: 'healthy' });
    const incoming = path.join(dir, 'incoming');
    await rename(incoming, `${incoming}-away`);
    const { state, detail = '' } = await blobs.health(signal);
    assert.equal(state, 'degraded');
    assert.match(detail, /The directory .*incoming cannot hold the files of jobs: ENOENT.*again/);
    await rename(`${incoming}-away`, incoming);
    assert.deepEqual(await blobs.health(signal), { state: 'healthy' });
  },

  removes: async ({ blobs }) => {
    const { content } = await blobs.put(chunks('gone soon'), ROOM);
    await blobs.remove(content);
    assert.equal(await blobs.size(content), undefined);
    await assert.rejects(blobs.open(content), withCode('STORE_NO_BLOB'));
    await blobs.put(chunks('gone soon'), ROOM);
    assert.equal((await read(blobs, content)).toString(), 'gone soon');
  },

  'lets a reader stop in the middle': async ({ blobs }) => {
    const { content } = await blobs.put(chunks(randomBytes(LARGE_BYTES)), ROOM);
    for await (const part of await blobs.open(content)) {
      assert.ok(part.length > 0);
      break;
    }
    assert.equal((await read(blobs, content)).length, LARGE_BYTES);
  },
};
