/** What `fog up --role ROLE --config FILE` is told: JSON or YAML, checked before anything is opened. */
import { open } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { errorMessage } from '@fog/kernel';
import { z } from 'zod';
import { fail } from '../errors.ts';
import type { MixRole } from './mix-roles.ts';
import { MAX_CONFIG_BYTES, STANDALONE_RATE } from './limits.ts';

/** Names, families, regions, paths. */
const MAX_TEXT_CHARS = 64;
/** Addresses one relay publishes. */
const MAX_ADDRESSES = 4;
const ID_CHARS = 26;
/** Relays an authority lists by name; a larger network admits by stake. */
const MAX_ADMITTED = 1_000;
/** More threads than cores only take turns. */
const MAX_PEEL_THREADS = 32;
/** Packets a second; far beyond one machine. */
const MAX_RATE = 10_000_000;

const Place = z.strictObject({
  host: z.string().refine((host) => isIP(host) !== 0, 'must be an IP address'),
  port: z.int().min(1).max(65_535),
});
const Common = {
  /** Keys and state of this role, for it alone. */
  dataDir: z.string().min(1),
  /** File of the network, as `fog up` writes it to `<data dir>/mixnet/network.json`. */
  network: z.string().min(1),
  listen: Place,
};
const AuthorityConfig = z.strictObject({
  ...Common,
  /** Shorter waits and less cover, for a network on one machine. */
  embedded: z.boolean().default(false),
  /** Ids of the relays that may join; any when left out. */
  admit: z.array(z.string().length(ID_CHARS)).max(MAX_ADMITTED).optional(),
  /** File in which a fog keeps the reputations of relays; without it all weigh the same to this authority. */
  standing: z.string().min(1).optional(),
});
const RelayConfig = z.strictObject({
  ...Common,
  /** Where others reach it, when that is not where it listens. */
  addresses: z.array(Place).max(MAX_ADDRESSES).default([]),
  family: z.string().max(MAX_TEXT_CHARS).default(''),
  region: z.string().max(MAX_TEXT_CHARS).default(''),
  profile: z.enum(['embedded', 'standalone']).default('standalone'),
  /** Packets a second it offers. */
  declaredRate: z.int().min(1).max(MAX_RATE).default(STANDALONE_RATE),
  /** One for each core but one when left out. */
  peelThreads: z.int().min(1).max(MAX_PEEL_THREADS).optional(),
});
export type AuthorityConfig = z.infer<typeof AuthorityConfig>;
export type RelayConfig = z.infer<typeof RelayConfig>;

export type RoleConfig =
  | ({ readonly role: 'authority' } & AuthorityConfig)
  | ({ readonly role: 'relay' | 'gateway' } & RelayConfig);

/** Paths in the file are relative to it. Throws FOG_MIX_CONFIG. */
export async function readRoleConfig(role: MixRole, file: string): Promise<RoleConfig> {
  const value = await parse(file, await readText(file));
  const schema = role === 'authority' ? AuthorityConfig : RelayConfig;
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw wrong(file, issuesOf(parsed.error));
  const base = path.dirname(path.resolve(file));
  const { dataDir, network } = parsed.data;
  const standing = 'standing' in parsed.data ? parsed.data.standing : undefined;
  const paths = {
    dataDir: path.resolve(base, dataDir),
    network: path.resolve(base, network),
    ...(standing === undefined ? {} : { standing: path.resolve(base, standing) }),
  };
  return { ...parsed.data, ...paths, role } as RoleConfig;
}

async function readText(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    if (size > MAX_CONFIG_BYTES) throw new RangeError(`it has more than ${MAX_CONFIG_BYTES} bytes`);
    return await handle.readFile('utf8');
  } catch (error) {
    throw wrong(file, errorMessage(error), error);
  }
}

async function parse(file: string, text: string): Promise<unknown> {
  try {
    if (/\.json$/i.test(file)) return JSON.parse(text);
    const { parse: parseYaml } = await import('yaml');
    return parseYaml(text, { maxAliasCount: 0, logLevel: 'error' });
  } catch (error) {
    throw wrong(file, errorMessage(error).split('\n', 1)[0] ?? '', error);
  }
}

function issuesOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map(({ path: where, message }) => `${where.join('.') || 'the whole'}: ${message}`)
    .join('; ');
}

function wrong(file: string, why: string, cause?: unknown): Error {
  return fail('FOG_MIX_CONFIG', {
    message: `The configuration ${file} cannot be used: ${why}. docs/guides/mixnet.md shows one.`,
    details: { file },
    cause,
  });
}
