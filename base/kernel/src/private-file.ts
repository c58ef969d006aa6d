/** Files of one user: 0600 in a 0700 directory, replaced in one step when all is on the disk. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** What stands behind the name of a file that is not whole yet. */
const UNFINISHED = /^[0-9a-f]{8}\.new$/;

/**
 * Who reads sees the old bytes or the new ones, also after a power cut; of several that replace it at once, one
 * wins. A kill in between may leave `<file>.<8 hex digits>.new` behind, which `removeUnfinished` removes. Throws
 * what the file system throws.
 */
export async function replacePrivateFile(
  file: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  const dir = path.dirname(file);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(4).toString('hex')}.new`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncDirectory(dir);
}

/** What a kill may have left of a file, while nobody replaces it. */
export async function removeUnfinished(file: string): Promise<void> {
  const dir = path.dirname(file);
  const start = `${path.basename(file)}.`;
  for (const name of await readdir(dir)) {
    if (name.startsWith(start) && UNFINISHED.test(name.slice(start.length)))
      await rm(path.join(dir, name), { force: true });
  }
}

/** A rename is durable only when its directory is; not every platform can open one. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r').catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync().catch(() => {});
  } finally {
    await handle.close();
  }
}
