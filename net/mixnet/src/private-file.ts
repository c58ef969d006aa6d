/** Files of one user: 0600 in a 0700 directory, replaced in one step when all is on the disk. */
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';

export async function writePrivateFile(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

/** Undefined when there is no file; throws a RangeError for one that is too large. */
export async function readPrivateFile(
  file: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw new RangeError(`it has ${size} bytes, and ${maxBytes} are possible`);
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
