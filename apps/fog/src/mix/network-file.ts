/** The file that tells the members of one mixnet whom to believe: public keys and addresses of authorities. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { errorMessage } from '@fog/kernel';
import type { MixNetwork } from '@fog/mixnet';
import { z } from 'zod';
import { fail } from '../errors.ts';

const KEY_BYTES = 32;
const Key = z
  .base64()
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
  .refine((key) => key.length === KEY_BYTES, `must be ${KEY_BYTES} bytes`);
/** More authorities than any network has; each votes with each. */
const MAX_AUTHORITIES = 16;

const NetworkFile = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1).max(64),
  epochMs: z.int().positive(),
  threshold: z.int().min(1).max(MAX_AUTHORITIES),
  authorities: z
    .array(z.strictObject({ id: z.string(), key: Key, vrfKey: Key, url: z.url() }))
    .min(1)
    .max(MAX_AUTHORITIES),
});

/** Throws FOG_MIX_FILE. */
export async function readNetworkFile(file: string): Promise<MixNetwork> {
  try {
    const { version: _, ...network } = NetworkFile.parse(JSON.parse(await readFile(file, 'utf8')));
    if (2 * network.threshold <= network.authorities.length) {
      throw new RangeError('its threshold is less than a majority of its authorities');
    }
    return network;
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : errorMessage(error);
    throw fail('FOG_MIX_FILE', {
      message: `The network file ${file} cannot be used: ${why.replaceAll('\n', ' ')}. Copy it again from the fog whose mixnet this is.`,
      details: { file },
      cause: error,
    });
  }
}

export async function writeNetworkFile(file: string, network: MixNetwork): Promise<void> {
  const authorities = network.authorities.map(({ id, key, vrfKey, url }) => ({
    id,
    key: Buffer.from(key).toString('base64'),
    vrfKey: Buffer.from(vrfKey).toString('base64'),
    url,
  }));
  const text = JSON.stringify({ version: 1, ...network, authorities }, null, 2);
  await writeFile(`${file}.new`, `${text}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
