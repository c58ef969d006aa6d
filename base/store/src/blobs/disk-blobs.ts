/** Content-addressed bytes on disk: `<dir>/<first two hex digits>/<sha256>`. */
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { syncDirectory } from '@fog/kernel/files';
import { probe } from '../probe.ts';
import type { Blobs } from './blobs.ts';
import { contentName, noBlob, openIncoming } from './incoming.ts';

/** Read at once from the disk. */
const READ_BYTES = 256 * 1024;

export async function openDiskBlobs(dir: string, uploads = 'incoming'): Promise<Blobs> {
  const incoming = await openIncoming(path.join(dir, uploads));
  const fileOf = (content: string): string => path.join(dir, contentName(content));
  return {
    place: dir,
    put: (source, options) =>
      incoming.receive(source, options, (file, { content }) => keep(file, fileOf(content))),
    open: async (content, range = {}) => {
      const file = fileOf(content);
      if ((await sizeOf(file)) === undefined) throw noBlob(content);
      return createReadStream(file, { start: range.start ?? 0, highWaterMark: READ_BYTES });
    },
    size: async (content) => sizeOf(fileOf(content)),
    remove: async (content) => rm(fileOf(content), { force: true }),
    health: (signal) => {
      const silence = `The directory ${dir} does not answer. Look at its disk or its file server.`;
      return probe(() => incoming.check(), { bad: 'degraded', silence }, signal);
    },
  };
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size;
}

async function keep(temporary: string, file: string): Promise<void> {
  const dir = path.dirname(file);
  if ((await sizeOf(file)) === undefined) {
    const made = await mkdir(dir, { recursive: true, mode: 0o700 });
    await rename(temporary, file);
    if (made !== undefined) await syncDirectory(path.dirname(dir));
  }
  // Also when the file was there: who put it may not have come to this yet.
  await syncDirectory(dir);
}
