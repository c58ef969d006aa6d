/** Content-addressed bytes on disk: `<dir>/<first two hex digits>/<sha256>`, written once, never changed. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { formatSize } from '@fog/kernel';
import { fail } from './errors.ts';

export interface StoredBlob {
  /** SHA-256, lower-case hex. */
  readonly content: string;
  readonly sizeBytes: number;
}

export interface Blobs {
  /** Durable when it resolves. Throws STORE_BLOB_TOO_LARGE; leaves nothing behind when it throws. */
  put(
    source: AsyncIterable<Uint8Array>,
    options: { readonly maxBytes: number; readonly signal?: AbortSignal },
  ): Promise<StoredBlob>;
  /** Throws STORE_NO_BLOB. */
  open(content: string, options?: { readonly start?: number }): Promise<AsyncIterable<Uint8Array>>;
  size(content: string): Promise<number | undefined>;
  remove(content: string): Promise<void>;
}

const CONTENT_ID = /^[0-9a-f]{64}$/;

export async function openBlobs(options: { readonly dir: string }): Promise<Blobs> {
  const incoming = path.join(options.dir, 'incoming');
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  for (const name of await readdir(incoming)) await rm(path.join(incoming, name), { force: true });
  const fileOf = (content: string): string => {
    if (!CONTENT_ID.test(content)) throw noBlob(content);
    return path.join(options.dir, content.slice(0, 2), content);
  };
  return {
    put: async (source, limits) => {
      const temporary = path.join(incoming, randomUUID());
      try {
        const stored = await receive(temporary, source, limits);
        await keep(temporary, fileOf(stored.content));
        return stored;
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    open: async (content, range = {}) => {
      const file = fileOf(content);
      if ((await sizeOf(file)) === undefined) throw noBlob(content);
      return createReadStream(file, { start: range.start ?? 0, highWaterMark: 256 * 1024 });
    },
    size: async (content) => sizeOf(fileOf(content)),
    remove: async (content) => rm(fileOf(content), { force: true }),
  };
}

function noBlob(content: string): Error {
  return fail('STORE_NO_BLOB', { details: { content } });
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size;
}

async function receive(
  file: string,
  source: AsyncIterable<Uint8Array>,
  limits: { readonly maxBytes: number; readonly signal?: AbortSignal },
): Promise<StoredBlob> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const handle = await open(file, 'wx', 0o600);
  try {
    for await (const chunk of source) {
      limits.signal?.throwIfAborted();
      sizeBytes += chunk.length;
      if (sizeBytes > limits.maxBytes) {
        throw fail('STORE_BLOB_TOO_LARGE', {
          message: `The content is larger than ${formatSize(limits.maxBytes)}.`,
        });
      }
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
  return { content: hash.digest('hex'), sizeBytes };
}

async function keep(temporary: string, file: string): Promise<void> {
  const dir = path.dirname(file);
  if ((await sizeOf(file)) !== undefined) {
    await rm(temporary);
  } else {
    const made = await mkdir(dir, { recursive: true, mode: 0o700 });
    await rename(temporary, file);
    if (made !== undefined) await syncDirectory(path.dirname(dir));
  }
  // Also when the file was there: who put it may not have come to this yet.
  await syncDirectory(dir);
}

/** A rename is durable only when its directory is; not every platform can open one. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r').catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync().catch(() => {});
  } finally {
    await handle.close();
  }
}
