/**
 * The few gateways a client enters by, kept for weeks: who changes his entry often meets a watching one
 * soon. They live in a 0600 file, because they tell where the client was seen.
 */
import type { RandomFill } from '@fog/crypto';
import { type Clock, errorMessage, fromUtf8 } from '@fog/kernel';
import { replacePrivateFile } from '@fog/kernel/files';
import type { VerifiedConsensus } from '../directory/documents.ts';
import { fail } from '../errors.ts';
import { idBytes } from '../ids.ts';
import { epochAt } from '../network.ts';
import { readPrivateFile } from '../private-file.ts';
import { drawOrder, drawUniform } from './draws.ts';
import {
  MAX_GUARD_ABSENCE_MS,
  MAX_GUARD_AGE_MS,
  MAX_GUARD_FILE_BYTES,
  MAX_GUARDS,
  MIN_GUARD_AGE_MS,
} from './limits.ts';
import { isUsable } from './paths.ts';

export interface Guard {
  readonly relay: string;
  /** Milliseconds UTC: replaced after this. */
  readonly untilMs: number;
  /** Milliseconds UTC: a consensus named it then. */
  readonly listedMs: number;
}

export interface Guards {
  /** Guards to try, in order; fewer than three only where the network has no more. Saves what changed. */
  choose(consensus: VerifiedConsensus): Promise<readonly string[]>;
}

export interface GuardDeps {
  readonly clock: Clock;
  readonly random: RandomFill;
}

/** Reads the file or begins without one. Throws MIXNET_GUARD_FILE. */
export async function openGuards(file: string, deps: GuardDeps): Promise<Guards> {
  let guards = await readGuards(file);
  let saved = JSON.stringify(guards);
  return {
    choose: async (consensus) => {
      guards = renewGuards(guards, consensus, deps);
      const text = JSON.stringify(guards);
      if (text !== saved) await writeGuards(file, guards);
      saved = text;
      const now = epochsNow(consensus, deps.clock);
      return guards.flatMap(({ relay }) => {
        const listed = consensus.relays.get(relay);
        return listed !== undefined && isUsable(listed, now) ? [relay] : [];
      });
    },
  };
}

/** Pure: keeps the guards that still serve and fills up with new ones, drawn by weight. */
export function renewGuards(
  guards: readonly Guard[],
  consensus: VerifiedConsensus,
  { clock, random }: GuardDeps,
): Guard[] {
  const now = clock.now();
  const kept = guards
    .map((guard) => (consensus.relays.has(guard.relay) ? { ...guard, listedMs: day(now) } : guard))
    .filter(({ untilMs, listedMs }) => untilMs > now && now - listedMs < MAX_GUARD_ABSENCE_MS);
  // A guard that is down keeps its place, but others are needed beside it meanwhile.
  const epochs = epochsNow(consensus, clock);
  const serving = kept.filter(({ relay }) => {
    const listed = consensus.relays.get(relay);
    return listed !== undefined && isUsable(listed, epochs);
  });
  const room = Math.min(MAX_GUARDS - serving.length, 2 * MAX_GUARDS - kept.length);
  const candidates = consensus.consensus.relays.filter(
    (relay) =>
      isUsable(relay, epochs) &&
      relay.flags.includes('Guard') &&
      relay.flags.includes('Gateway') &&
      !kept.some((guard) => guard.relay === relay.descriptor.id),
  );
  const drawn = drawOrder(candidates, ({ weightPpm }) => weightPpm, random).slice(
    0,
    Math.max(0, room),
  );
  const added = drawn.map(({ descriptor }) => ({
    relay: descriptor.id,
    untilMs: Math.round(
      now + MIN_GUARD_AGE_MS + drawUniform(random) * (MAX_GUARD_AGE_MS - MIN_GUARD_AGE_MS),
    ),
    listedMs: day(now),
  }));
  return [...kept, ...added];
}

function epochsNow({ consensus }: VerifiedConsensus, clock: Clock): number[] {
  return [epochAt(consensus.epochMs, clock.now())];
}

/** To the day: the file is not to tell when the client was last up, nor to be written all the time. */
function day(timeMs: number): number {
  const dayMs = 86_400_000;
  return Math.floor(timeMs / dayMs) * dayMs;
}

async function readGuards(file: string): Promise<Guard[]> {
  try {
    const bytes = await readPrivateFile(file, MAX_GUARD_FILE_BYTES);
    if (bytes === undefined) return [];
    const { version, guards } = JSON.parse(fromUtf8(bytes)) as Partial<Record<string, unknown>>;
    if (version !== 1 || !Array.isArray(guards) || !guards.every(isGuard)) {
      throw new TypeError('it does not hold entry gateways');
    }
    return guards;
  } catch (cause) {
    throw fail('MIXNET_GUARD_FILE', {
      message: `The file of entry gateways ${file} cannot be used: ${errorMessage(cause)}. Restore it, or move it away to draw new ones.`,
      details: { file },
      cause,
    });
  }
}

function isGuard(value: unknown): value is Guard {
  if (typeof value !== 'object' || value === null) return false;
  const { relay, untilMs, listedMs } = value as Partial<Record<keyof Guard, unknown>>;
  return (
    typeof relay === 'string' &&
    idBytes(relay) !== undefined &&
    Number.isSafeInteger(untilMs) &&
    Number.isSafeInteger(listedMs)
  );
}

async function writeGuards(file: string, guards: readonly Guard[]): Promise<void> {
  try {
    await replacePrivateFile(file, `${JSON.stringify({ version: 1, guards })}\n`);
  } catch (cause) {
    throw fail('MIXNET_GUARD_FILE', {
      message: `The file of entry gateways ${file} cannot be written: ${errorMessage(cause)}. Make its directory writable.`,
      details: { file },
      cause,
    });
  }
}
