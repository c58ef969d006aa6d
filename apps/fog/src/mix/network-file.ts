/** The file that tells the members of one mixnet whom to believe: public keys and addresses of authorities. */
import { open, writeFile } from 'node:fs/promises';
import { errorMessage } from '@fog/kernel';
import { replacePrivateFile } from '@fog/kernel/files';
import type { AuthorityContact, MixNetwork } from '@fog/mixnet';
import { humanName } from '@fog/wire';
import { z } from 'zod';
import { fail } from '../errors.ts';
import { MAX_AUTHORITIES } from './limits.ts';

const KEY_BYTES = 32;
const Key = z
  .base64()
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
  .refine((key) => key.length === KEY_BYTES, `must be ${KEY_BYTES} bytes`);

/** Sixteen authorities are 4 KB. */
const MAX_FILE_BYTES = 64 * 1024;

const Contact = z.strictObject({
  id: z.string(),
  key: Key,
  vrfKey: Key,
  url: z.string().refine(isAuthorityUrl, 'must be http://HOST:PORT'),
});
const ContactFile = z.strictObject({ version: z.literal(1), ...Contact.shape });
const NetworkFile = z.strictObject({
  version: z.literal(1),
  name: humanName(64),
  epochMs: z.int().positive(),
  threshold: z.int().min(1).max(MAX_AUTHORITIES),
  authorities: z.array(Contact).min(1).max(MAX_AUTHORITIES),
});

/** An address others can call: no path, no account, and not the one that stands for all of a machine. */
export function isAuthorityUrl(text: string): boolean {
  if (!/^http:\/\/[^/?#@\s]+$/.test(text) || !URL.canParse(text)) return false;
  return !['0.0.0.0', '[::]'].includes(new URL(text).hostname);
}

/** Throws FOG_MIX_FILE. */
export async function readNetworkFile(file: string): Promise<MixNetwork> {
  try {
    const { version: _, ...network } = NetworkFile.parse(await readJson(file));
    if (2 * network.threshold <= network.authorities.length) {
      throw new RangeError('its threshold is less than a majority of its authorities');
    }
    return network;
  } catch (error) {
    throw fail('FOG_MIX_FILE', {
      message: `The network file ${file} cannot be used: ${reasonOf(error)}. Copy it again from the fog whose mixnet this is.`,
      details: { file },
      cause: error,
    });
  }
}

/** What the operator of an authority gives the others. Throws FOG_MIX_FILE. */
export async function readContactFile(file: string): Promise<AuthorityContact> {
  try {
    const { version: _, ...contact } = ContactFile.parse(await readJson(file));
    return contact;
  } catch (error) {
    throw fail('FOG_MIX_FILE', {
      message: `The file ${file} does not name a directory authority: ${reasonOf(error)}. Its operator makes it with "fog mix authority".`,
      details: { file },
      cause: error,
    });
  }
}

async function readJson(file: string): Promise<unknown> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  if (size > MAX_FILE_BYTES) throw new RangeError(`it has more than ${MAX_FILE_BYTES} bytes`);
  return JSON.parse(await handle.readFile('utf8'));
}

function reasonOf(error: unknown): string {
  const why = error instanceof z.ZodError ? z.prettifyError(error) : errorMessage(error);
  return why.replaceAll('\n', ' ');
}

export function contactText(contact: AuthorityContact): string {
  return `${JSON.stringify({ version: 1, ...contactFields(contact) })}\n`;
}

function contactFields({ id, key, vrfKey, url }: AuthorityContact): Record<string, string> {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return { id, key: base64(key), vrfKey: base64(vrfKey), url };
}

/** In place of one that is there. */
export async function writeNetworkFile(file: string, network: MixNetwork): Promise<void> {
  await replacePrivateFile(file, networkText(network));
}

/** Only where there is none: members may already trust that one. Throws FOG_MIX_FILE. */
export async function createNetworkFile(file: string, network: MixNetwork): Promise<void> {
  try {
    await writeFile(file, networkText(network), { flag: 'wx', mode: 0o644 });
  } catch (error) {
    throw fail('FOG_MIX_FILE', {
      message: `The network file ${file} cannot be written: ${errorMessage(error)}. Name another with --out.`,
      details: { file },
      cause: error,
    });
  }
}

function networkText(network: MixNetwork): string {
  const authorities = network.authorities.map(contactFields);
  return `${JSON.stringify({ version: 1, ...network, authorities }, null, 2)}\n`;
}
