/**
 * What a fog knows of relays, for authorities: `<data dir>/mixnet/standing.json`. A file and no call, so that
 * an authority in a process of its own, or of another operator, takes it in the same way, and votes on while
 * the fog is away.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { type Clock, errorMessage, type Logger } from '@fog/kernel';
import type { RelayStanding } from '@fog/mixnet';
import { z } from 'zod';
import { fail } from '../errors.ts';
import { MAX_STANDING_AGE_MS, MAX_STANDING_BYTES, STANDING_READ_MS } from './limits.ts';

const WHOLE_PPM = 1_000_000;
const Ppm = z.int().min(0).max(WHOLE_PPM);

const StandingFile = z.strictObject({
  version: z.literal(1),
  network: z.string(),
  /** Milliseconds UTC. */
  time: z.int().min(0),
  /** 5 % lower bounds of reputations, in parts per million, by relay. */
  reputationPpm: z.record(z.string(), Ppm),
  /** Of relays that are not named. */
  newcomerPpm: Ppm,
});
export type Standing = Omit<z.infer<typeof StandingFile>, 'version'>;

/** Throws FOG_MIX_FILE. */
export async function writeStanding(file: string, standing: Standing): Promise<void> {
  try {
    const text = `${JSON.stringify({ version: 1, ...standing })}\n`;
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (error) {
    throw fail('FOG_MIX_FILE', {
      message: `The reputations of relays cannot be written to ${file}: ${errorMessage(error)}. Make the directory writable.`,
      details: { file },
      cause: error,
    });
  }
}

export interface StandingReaderDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Reads the file again as an authority votes. What is missing, old, of another network or malformed is as if
 * nothing were known: the authority votes the neutral figure, and the others' outweigh it.
 */
export function standingFrom(
  file: string,
  network: string,
  { clock, logger }: StandingReaderDeps,
): RelayStanding {
  let standing: Standing | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let trouble: string | undefined;
  const current = (): Standing | undefined => {
    const now = clock.monotonicMs();
    if (now - readAt < STANDING_READ_MS) return standing;
    readAt = now;
    const read = readStanding(file, network, clock.now());
    standing = typeof read === 'string' ? undefined : read;
    const reason = typeof read === 'string' ? read : undefined;
    if (reason !== trouble && reason !== undefined) {
      logger.warn('no reputations of relays: the neutral figure is voted', { file, reason });
    }
    trouble = reason;
    return standing;
  };
  return {
    reputationPpm: (relay) => {
      const known = current();
      if (known === undefined) return undefined;
      const { reputationPpm, newcomerPpm } = known;
      return Object.hasOwn(reputationPpm, relay) ? reputationPpm[relay] : newcomerPpm;
    },
    stakeCredits: () => 0,
  };
}

/** The reason where it is of no use. A vote is made in one go: the file is small and read at once. */
function readStanding(file: string, network: string, now: number): Standing | string | undefined {
  try {
    const text = readBounded(file);
    if (text === undefined) return undefined;
    const { version: _, ...standing } = StandingFile.parse(JSON.parse(text));
    if (standing.network !== network) return `it is of the network ${standing.network}`;
    if (Math.abs(now - standing.time) > MAX_STANDING_AGE_MS) return 'it is too old';
    return standing;
  } catch (error) {
    return error instanceof z.ZodError
      ? z.prettifyError(error).replaceAll('\n', ' ')
      : errorMessage(error);
  }
}

/** Undefined before a fog has written it for the first time. */
function readBounded(file: string): string | undefined {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(handle);
    if (size > MAX_STANDING_BYTES) {
      throw new RangeError(`it has more than ${MAX_STANDING_BYTES} bytes`);
    }
    return readFileSync(handle, 'utf8');
  } finally {
    closeSync(handle);
  }
}
