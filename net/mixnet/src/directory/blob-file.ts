/** One file that is read and replaced as a whole. A port, so that tests may keep it in memory. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

export interface BlobFile {
  /** Undefined when there is none. */
  read(): Promise<Uint8Array | undefined>;
  /** Atomic: a reader sees the old bytes or the new ones, also after a power cut. */
  replace(content: Uint8Array): Promise<void>;
}

const FILE_MODE = 0o600;

export function blobFile(file: string): BlobFile {
  return { read: () => readBlob(file), replace: (content) => replaceBlob(file, content) };
}

async function readBlob(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function replaceBlob(file: string, content: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(4).toString('hex')}.new`;
  try {
    const handle = await open(temporary, 'wx', FILE_MODE);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
