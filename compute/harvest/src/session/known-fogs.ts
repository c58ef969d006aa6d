/**
 * Which fog was met at which address, as ssh remembers hosts. Over TLS with a named key that is a proof; on the
 * loopback interface the first one met is believed, and another is refused later.
 */
import { readFile } from 'node:fs/promises';
import { errorMessage, type FogError } from '@fog/kernel';
import { replacePrivateFile } from '@fog/kernel/files';
import { type FogAddress, MAX_ADDRESSES, NodeId } from '@fog/wire';
import { fail } from '../errors.ts';
import { MAX_KNOWN_FOGS } from '../limits.ts';

export interface KnownFog {
  readonly fogId: string;
  /** The fog proved the key of its id by TLS; else an authority vouched for it, or nobody did. */
  readonly pinned: boolean;
  /** Origins, the newest last. */
  readonly origins: readonly string[];
}

/** A fog as it was met. */
export interface MetFog {
  readonly fogId: string;
  readonly pinned: boolean;
  /** Where it was met. */
  readonly url: URL;
  /** Where it says to be found as well. */
  readonly others: readonly URL[];
}

export interface KnownFogs {
  has(url: URL): boolean;
  /** `address` with what is remembered: its key, and after its own further addresses of the fog. */
  complete(address: FogAddress): FogAddress;
  /** Undefined when the fog may be trusted, else AGENT_OTHER_FOG with the remedy. */
  check(fog: Pick<MetFog, 'fogId' | 'url'>): FogError | undefined;
  /** Durable when it resolves. */
  remember(fog: MetFog): Promise<void>;
}

export async function openKnownFogs(file: string): Promise<KnownFogs> {
  let fogs = await readKnownFogs(file);
  const at = ({ origin }: URL): KnownFog | undefined =>
    fogs.find((known) => known.origins.includes(origin));
  return {
    has: (url) => at(url) !== undefined,
    complete: (address) => completed(address, address.urls.map(at)),
    check: ({ fogId, url }) => {
      const known = at(url);
      if (known === undefined || known.fogId === fogId) return undefined;
      return otherFog(known, { fogId, url }, file);
    },
    remember: async (met) => {
      // Another process with this directory may have written meanwhile.
      fogs = await readKnownFogs(file);
      const next = withFog(fogs, met);
      if (JSON.stringify(next) === JSON.stringify(fogs)) return;
      fogs = next;
      await writeKnownFogs(file, fogs);
    },
  };
}

function completed(address: FogAddress, known: readonly (KnownFog | undefined)[]): FogAddress {
  const pinned = known.find((fog) => fog?.pinned)?.fogId;
  const fogId = address.fogId ?? pinned;
  const others = known.flatMap((fog) => (fog?.fogId === fogId ? (fog?.origins ?? []) : []));
  const given = address.urls.map(({ origin }) => origin);
  // A port of this machine may be another fog's by now.
  const further = others.filter((origin) => origin.startsWith('https:') && !given.includes(origin));
  const urls = [...given, ...new Set(further)].slice(0, MAX_ADDRESSES);
  return { fogId, urls: urls.map((origin) => new URL(origin)) };
}

/** What a fog says of itself never takes an address from another fog. */
function withFog(fogs: readonly KnownFog[], met: MetFog): KnownFog[] {
  const known = fogs.find(({ fogId }) => fogId === met.fogId);
  const rest = fogs
    .filter((fog) => fog !== known)
    .map((fog) => ({ ...fog, origins: fog.origins.filter((one) => one !== met.url.origin) }))
    .filter(({ origins }) => origins.length > 0);
  const claimed = new Set(rest.flatMap(({ origins }) => origins));
  const said = met.others.map(({ origin }) => origin).filter((origin) => !claimed.has(origin));
  const now = [...said.filter((origin) => origin !== met.url.origin), met.url.origin];
  const before = (known?.origins ?? []).filter((origin) => !now.includes(origin));
  const fog: KnownFog = {
    fogId: met.fogId,
    pinned: met.pinned || known?.pinned === true,
    origins: [...before, ...now].slice(-MAX_ADDRESSES),
  };
  const unchanged = known !== undefined && now.every((origin) => known.origins.includes(origin));
  return unchanged && known.pinned === fog.pinned
    ? [...fogs]
    : [...rest, fog].slice(-MAX_KNOWN_FOGS);
}

function otherFog(known: KnownFog, met: Pick<MetFog, 'fogId' | 'url'>, file: string): FogError {
  return fail('AGENT_OTHER_FOG', {
    message:
      `Another fog answers at ${met.url.host}: this node knows ${known.fogId} there, now it is ${met.fogId}. ` +
      `If that is right (the fog was set up anew), remove the address from ${file} and join again with a new code.`,
    details: { address: met.url.host, known: known.fogId, met: met.fogId },
  });
}

async function readKnownFogs(file: string): Promise<KnownFog[]> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (Array.isArray(value) && value.every(isKnownFog)) return value;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unusable(file, errorMessage(error), error);
  }
  throw unusable(file, 'it does not hold a list of fogs');
}

function isKnownFog(value: unknown): value is KnownFog {
  if (typeof value !== 'object' || value === null) return false;
  const { fogId, pinned, origins } = value as Partial<Record<keyof KnownFog, unknown>>;
  return (
    NodeId.safeParse(fogId).success &&
    typeof pinned === 'boolean' &&
    Array.isArray(origins) &&
    origins.every((origin) => typeof origin === 'string' && URL.canParse(origin))
  );
}

function unusable(file: string, why: string, cause?: unknown): FogError {
  return fail('AGENT_KNOWN_FOGS', {
    message: `The file ${file} cannot be used: ${why}. Mend it, or remove it and join again.`,
    details: { file },
    cause,
  });
}

async function writeKnownFogs(file: string, fogs: readonly KnownFog[]): Promise<void> {
  try {
    await replacePrivateFile(file, `${JSON.stringify(fogs, undefined, 2)}\n`);
  } catch (error) {
    throw unusable(file, errorMessage(error), error);
  }
}
