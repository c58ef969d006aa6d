/** Uploads on their way in: a file each, hashed while it is written, gone when it is not kept. */
import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { formatSize } from '@fog/kernel';
import { fail } from '../errors.ts';
import type { PutOptions, StoredBlob } from './blobs.ts';

export interface Incoming {
  /** Receives all of it, then lets `keep` have the file; removes what is left of it, also when either throws. */
  receive(
    source: AsyncIterable<Uint8Array>,
    options: PutOptions,
    keep: (file: string, blob: StoredBlob) => Promise<void>,
  ): Promise<StoredBlob>;
}

const FULL = ['ENOSPC', 'EDQUOT'];
const CONTENT_ID = /^[0-9a-f]{64}$/;

/** Makes the directory; empties it of what a killed process left. */
export async function openIncoming(dir: string): Promise<Incoming> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const name of await readdir(dir)) await rm(path.join(dir, name), { force: true });
  return {
    receive: async (source, options, keep) => {
      const file = path.join(dir, randomUUID());
      try {
        const blob = await write(file, source, options);
        await keep(file, blob);
        return blob;
      } catch (error) {
        throw FULL.includes((error as NodeJS.ErrnoException).code ?? '')
          ? diskFull(dir, error)
          : error;
      } finally {
        await rm(file, { force: true });
      }
    },
  };
}

/** Throws STORE_NO_BLOB for what is no content id; so no name can lead elsewhere. */
export function contentName(content: string): string {
  if (!CONTENT_ID.test(content)) throw noBlob(content);
  return `${content.slice(0, 2)}/${content}`;
}

export function noBlob(content: string): Error {
  return fail('STORE_NO_BLOB', { details: { content } });
}

async function write(
  file: string,
  source: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<StoredBlob> {
  const handle = await open(file, 'wx', 0o600);
  try {
    return await copy(handle, source, options);
  } finally {
    await handle.close();
  }
}

async function copy(
  handle: FileHandle,
  source: AsyncIterable<Uint8Array>,
  { maxBytes, signal }: PutOptions,
): Promise<StoredBlob> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of source) {
    signal?.throwIfAborted();
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      throw fail('STORE_BLOB_TOO_LARGE', {
        message: `The content is larger than ${formatSize(maxBytes)}.`,
      });
    }
    hash.update(chunk);
    await handle.writeFile(chunk);
  }
  await handle.datasync();
  return { content: hash.digest('hex'), sizeBytes };
}

function diskFull(dir: string, cause: unknown): Error {
  return fail('STORE_DISK_FULL', {
    message: `The disk of ${dir} is full: the content cannot be stored. Make room there, or move the data directory to a larger disk.`,
    details: { dir },
    cause,
  });
}
