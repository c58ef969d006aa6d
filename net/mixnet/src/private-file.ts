import { readFile, stat } from 'node:fs/promises';

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
