/** One file that is read and replaced as a whole. A port, so that tests may keep it in memory. */
import { readFile } from 'node:fs/promises';
import { replacePrivateFile } from '@fog/kernel/files';

export interface BlobFile {
  /** Undefined when there is none. */
  read(): Promise<Uint8Array | undefined>;
  /** Atomic: a reader sees the old bytes or the new ones, also after a power cut. */
  replace(content: Uint8Array): Promise<void>;
}

export function blobFile(file: string): BlobFile {
  return { read: () => readBlob(file), replace: (content) => replacePrivateFile(file, content) };
}

async function readBlob(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
