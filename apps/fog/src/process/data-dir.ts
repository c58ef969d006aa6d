import { chmod, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage } from '@fog/kernel';
import { defaultDataDir } from '../../bin/data-dir.js';
import { fail } from '../errors.ts';
import { makeDirectory } from './make-directory.ts';

const OTHERS = 0o077;

export function dataDirOf(flag: string | undefined, env: NodeJS.ProcessEnv): string {
  return flag === undefined ? defaultDataDir(env) : path.resolve(flag);
}

/** Makes the directory, for this user only: it holds keys, tokens and other people's programs. */
export async function ensurePrivateDir(directory: string): Promise<string> {
  try {
    await makeDirectory(directory, 0o700);
    const stats = await stat(directory);
    if ((stats.mode & OTHERS) !== 0) await chmod(directory, 0o700);
    return directory;
  } catch (error) {
    throw fail('FOG_DATA_DIR', {
      message: `The data directory ${directory} cannot be used: ${errorMessage(error)}. Choose another with --data-dir or FOG_DATA_DIR.`,
      details: { directory },
      cause: error,
    });
  }
}
