import { readFile } from 'node:fs/promises';
import { errorMessage } from '@fog/kernel';
import { replacePrivateFile } from '@fog/kernel/files';
import { fail } from './errors.ts';
import { type RandomFill, randomFill } from './memory.ts';

/** Of an Ed25519 identity, of a VRF key, of an X25519 key alike. */
const SEED_BYTES = 32;

/** Reads the 32 bytes of a key file, or makes the file (0600) on first use. Throws CRYPTO_KEY_FILE. */
export async function openSeed(file: string, random: RandomFill = randomFill): Promise<Uint8Array> {
  try {
    return (await readSeed(file)) ?? (await createSeed(file, random));
  } catch (error) {
    throw fail('CRYPTO_KEY_FILE', {
      message: `The key file ${file} cannot be used: ${errorMessage(error)}. Restore it from a backup, or move it away to get a new identity.`,
      details: { file },
      cause: error,
    });
  }
}

async function readSeed(file: string): Promise<Uint8Array | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const seed = new Uint8Array(Buffer.from(text.trim(), 'base64'));
  if (seed.length !== SEED_BYTES) throw new RangeError('it does not hold 32 bytes in base64');
  return seed;
}

async function createSeed(file: string, random: RandomFill): Promise<Uint8Array> {
  const seed = new Uint8Array(SEED_BYTES);
  random(seed);
  await replacePrivateFile(file, `${Buffer.from(seed).toString('base64')}\n`);
  return seed;
}
