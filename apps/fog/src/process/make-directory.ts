import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a directory with its parents, as `mkdir -p`. Not by Node's recursive mode, which never ends where a
 * file system has no room for names, as below /proc.
 */
export async function makeDirectory(directory: string, mode = 0o777): Promise<void> {
  const missing: string[] = [];
  for (let at = path.resolve(directory); ; at = path.dirname(at)) {
    const stats = await stat(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (stats !== undefined) {
      if (!stats.isDirectory()) throw new Error(`${at} is a file`);
      break;
    }
    missing.unshift(at);
  }
  for (const each of missing) {
    await mkdir(each, { mode }).catch((error: NodeJS.ErrnoException) => {
      // Another process was faster.
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
