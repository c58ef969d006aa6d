/**
 * Which fog was met at which address, as ssh remembers hosts: trusted on first use, refused when
 * another answers later. It does not prove the first one; that needs TLS or a checked fingerprint.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { errorMessage, type FogError } from '@fog/kernel';
import { Base64, NodeId } from '@fog/wire';
import { fail } from '../errors.ts';
import { MAX_KNOWN_FOGS } from '../limits.ts';

export interface KnownFog {
  readonly address: string;
  readonly fogId: string;
  readonly serverKey: string;
}

export interface KnownFogs {
  has(address: string): boolean;
  /** Undefined when the fog may be trusted, else AGENT_OTHER_FOG with the remedy. */
  check(fog: KnownFog): FogError | undefined;
  /** Durable when it resolves. */
  remember(fog: KnownFog): Promise<void>;
}

export async function openKnownFogs(file: string): Promise<KnownFogs> {
  let fogs = await readKnownFogs(file);
  const find = (address: string): KnownFog | undefined =>
    fogs.find((known) => known.address === address);
  return {
    has: (address) => find(address) !== undefined,
    check: (fog) => {
      const known = find(fog.address);
      if (known === undefined || sameFog(known, fog)) return undefined;
      return otherFog(known, fog, file);
    },
    remember: async (fog) => {
      const known = find(fog.address);
      if (known !== undefined && sameFog(known, fog)) return;
      fogs = [...fogs.filter((other) => other.address !== fog.address), fog].slice(-MAX_KNOWN_FOGS);
      await writeKnownFogs(file, fogs);
    },
  };
}

function sameFog(a: KnownFog, b: KnownFog): boolean {
  return a.fogId === b.fogId && a.serverKey === b.serverKey;
}

function otherFog(known: KnownFog, met: KnownFog, file: string): FogError {
  return fail('AGENT_OTHER_FOG', {
    message:
      `Another fog answers at ${met.address}: this node knows ${known.fogId} there, now it is ${met.fogId}. ` +
      `If that is right (the fog was set up anew), remove the address from ${file} and join again with a new code.`,
    details: { address: met.address, known: known.fogId, met: met.fogId },
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
  const { address, fogId, serverKey } = value as Partial<Record<keyof KnownFog, unknown>>;
  return (
    typeof address === 'string' &&
    NodeId.safeParse(fogId).success &&
    Base64.safeParse(serverKey).success
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
  const temporary = `${file}.new`;
  try {
    await writeFile(temporary, `${JSON.stringify(fogs, undefined, 2)}\n`, {
      mode: 0o600,
      flush: true,
    });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw unusable(file, errorMessage(error), error);
  }
}
