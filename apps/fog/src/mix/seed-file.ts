import { open, readFile, rename } from 'node:fs/promises';
import { randomFill } from '@fog/crypto';
import { errorMessage } from '@fog/kernel';
import { fail } from '../errors.ts';

const SEED_BYTES = 32;

/** Reads the 32 bytes of a key file, or makes it (0600) on first use. Throws FOG_MIX_FILE. */
export async function openSeed(file: string): Promise<Uint8Array> {
  try {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return await createSeed(file);
    const seed = new Uint8Array(Buffer.from(text.trim(), 'base64'));
    if (seed.length !== SEED_BYTES) throw new RangeError('it does not hold 32 bytes in base64');
    return seed;
  } catch (error) {
    throw fail('FOG_MIX_FILE', {
      message: `The key file ${file} cannot be used: ${errorMessage(error)}. Restore it from a backup, or move it away to get a new key.`,
      details: { file },
      cause: error,
    });
  }
}

async function createSeed(file: string): Promise<Uint8Array> {
  const seed = new Uint8Array(SEED_BYTES);
  randomFill(seed);
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(`${Buffer.from(seed).toString('base64')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
  return seed;
}
