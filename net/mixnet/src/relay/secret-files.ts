/** Small secret files of a relay: 32 random bytes in base64, 0600, made on first use. */
import { open, readFile, rename } from 'node:fs/promises';
import type { RandomFill } from '@fog/crypto';
import { errorMessage } from '@fog/kernel';
import { fail } from '../errors.ts';

const SEED_BYTES = 32;
const SECRET_MODE = 0o600;

export async function openSeed(file: string, random: RandomFill): Promise<Uint8Array> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unusable(file, errorMessage(error), error);
  });
  if (text === undefined) {
    const seed = new Uint8Array(SEED_BYTES);
    random(seed);
    await writeSecret(file, [Buffer.from(`${Buffer.from(seed).toString('base64')}\n`)]);
    return seed;
  }
  const seed = Buffer.from(text.trim(), 'base64');
  if (seed.length !== SEED_BYTES) throw unusable(file, 'it does not hold 32 bytes in base64');
  return new Uint8Array(seed);
}

/** Replaces the file in one step, and only when all of it is on the disk. */
export async function writeSecret(file: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = `${file}.new`;
  try {
    const handle = await open(temporary, 'w', SECRET_MODE);
    try {
      for (const part of parts) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    throw unusable(file, errorMessage(error), error);
  }
}

function unusable(file: string, why: string, cause?: unknown): Error {
  return fail('MIXNET_RELAY_FILE', {
    message: `The file ${file} of the relay cannot be used: ${why}. Restore it, or move it away and let the relay make a new one.`,
    details: { file },
    cause,
  });
}
