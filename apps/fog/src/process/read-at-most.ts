import { constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';

/**
 * The bytes of a file; undefined when there are more than `maxBytes`. What its size says is not asked: devices
 * and pipes have none, and may never end. Rejects with an AbortError when `signal` aborts.
 */
export async function readAtMost(
  file: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const stream = addAbortSignal(signal, openStream(file));
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) return undefined;
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/**
 * What may be silent is waited for by the event loop: a thread that waits in a pipe without a writer would outlive
 * every signal but KILL.
 */
function openStream(file: string): Readable {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  if (isatty(fd)) return new ReadStream(fd);
  if (fstatSync(fd).isFIFO()) return new Socket({ fd, readable: true, writable: false });
  return createReadStream(file, { fd });
}
