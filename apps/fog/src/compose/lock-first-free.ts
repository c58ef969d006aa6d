import path from 'node:path';
import { errorMessage, isFogError } from '@fog/kernel';
import { type DirectoryLock, lockDirectory } from '@fog/store/lock';
import { fail } from '../errors.ts';

/** More agents on one machine only share its cores. */
const MAX_AGENTS = 64;

/** Locks the first of `parent/1`, `parent/2` … that no living process holds. Throws FOG_NO_AGENT_SLOT. */
export function lockFirstFree(parent: string): DirectoryLock {
  for (let number = 1; number <= MAX_AGENTS; number += 1) {
    try {
      return lockDirectory(path.join(parent, String(number)));
    } catch (error) {
      if (!isFogError(error, 'STORE_LOCKED')) throw unusable(parent, error);
    }
  }
  throw fail('FOG_NO_AGENT_SLOT', {
    message: `${MAX_AGENTS} agents use ${parent} already. Stop one, or give this one another --data-dir.`,
    details: { parent },
  });
}

function unusable(parent: string, cause: unknown): Error {
  return fail('FOG_DATA_DIR', {
    message: `${parent} cannot be used: ${errorMessage(cause)}. Mend it, or choose another with --data-dir.`,
    details: { parent },
    cause,
  });
}
