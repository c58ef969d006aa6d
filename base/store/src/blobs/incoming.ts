/** Uploads on their way in: a file each, hashed while it is written, gone when it is not kept. */
import { createHash, randomUUID } from 'node:crypto';
import type { StatsFs } from 'node:fs';
import {
  access,
  constants,
  type FileHandle,
  mkdir,
  open,
  readdir,
  rm,
  statfs,
} from 'node:fs/promises';
import path from 'node:path';
import { errorMessage, formatSize } from '@fog/kernel';
import { fail } from '../errors.ts';
import type { PutOptions, StoredBlob } from './blobs.ts';

export interface Incoming {
  /** Receives all of it, then lets `keep` have the file; removes what is left of it, also when either throws. */
  receive(
    source: AsyncIterable<Uint8Array>,
    options: PutOptions,
    keep: (file: string, blob: StoredBlob) => Promise<void>,
  ): Promise<StoredBlob>;
  /** Throws STORE_BLOBS_UNREACHABLE for a directory that cannot be written to, STORE_DISK_FULL for a disk without room. */
  check(): Promise<void>;
}

const FULL = ['ENOSPC', 'EDQUOT'];
/** With less left hardly a program can be received. */
const MIN_FREE_BYTES = 4 * 1024 * 1024;
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
    check: async () => {
      const { bavail, bsize } = await roomOf(dir);
      if (bavail * bsize < MIN_FREE_BYTES) throw diskFull(dir);
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

async function roomOf(dir: string): Promise<StatsFs> {
  try {
    await access(dir, constants.W_OK | constants.X_OK);
    return await statfs(dir);
  } catch (cause) {
    throw fail('STORE_BLOBS_UNREACHABLE', {
      message: `The directory ${dir} cannot hold the files of jobs: ${errorMessage(cause)}. Mount or make it again, and let the user of this fog write in it.`,
      details: { dir },
      cause,
    });
  }
}

function diskFull(dir: string, cause?: unknown): Error {
  return fail('STORE_DISK_FULL', {
    message: `The disk of ${dir} is full: the content cannot be stored. Make room there, or move the data directory to a larger disk.`,
    details: { dir },
    cause,
  });
}
