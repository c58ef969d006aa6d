import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';

/**
 * The bytes of a file; undefined when there are more than `maxBytes`. What its size says is not asked: devices
 * and pipes have none, and may never end.
 */
export async function readAtMost(file: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const bytes = await buffer(createReadStream(file, { end: maxBytes }));
  return bytes.length > maxBytes ? undefined : bytes;
}
