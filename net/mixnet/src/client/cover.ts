/**
 * Cover traffic: loops at λL, and at level `secret` a stream at λP whose packets are real where one waits and
 * loops where none does. Times are those of Poisson processes, so that no packet tells when the next comes.
 * It does not hide that a client uses a level, nor for how long.
 */
import type { RandomFill } from '@fog/crypto';
import type { Clock } from '@fog/kernel';
import type { CoverRates } from '../directory/documents.ts';
import { drawExponential } from './draws.ts';
import { LEVELS } from './levels.ts';
import { COVER_LINGER_MS } from './limits.ts';
import { PRIVACY_LEVELS, type PrivacyLevel } from './mix-client-api.ts';

export interface Cover {
  readonly level: PrivacyLevel;
  /** Something is sent at this level: its cover begins, and goes on for a while. */
  use(level: PrivacyLevel): void;
  stop(): void;
}

export interface CoverDeps {
  readonly clock: Clock;
  readonly random: RandomFill;
  /** Undefined while there is no consensus or no gateway: nothing is sent then. */
  readonly rates: () => CoverRates | undefined;
  readonly sendLoop: (level: PrivacyLevel) => void;
  /** One real packet, or false when none waits. */
  readonly sendReal: () => boolean;
  /** Called when the level changes. */
  readonly onLevel: (level: PrivacyLevel) => void;
}

/** Looked at so often while there is no rate. */
const IDLE_PERIOD_MS = 1_000;

/** Keeps at least the cover of the level `standing`. */
export function createCover(standing: PrivacyLevel, deps: CoverDeps): Cover {
  const { clock, random } = deps;
  const usedMs = new Map<PrivacyLevel, number>();
  const cancels = new Map<string, () => void>();
  let level: PrivacyLevel = 'public';

  const wanted = (): PrivacyLevel => {
    const since = clock.monotonicMs() - COVER_LINGER_MS;
    const isUsed = (each: PrivacyLevel): boolean =>
      each === standing || (usedMs.get(each) ?? -Infinity) > since;
    return PRIVACY_LEVELS.findLast(isUsed) ?? 'public';
  };
  const process = (name: string, milli: (rates: CoverRates) => number, task: () => void): void => {
    const perSecond = (milli(deps.rates() ?? NO_COVER) || 0) / 1_000;
    const delayMs = perSecond > 0 ? drawExponential(random, 1_000 / perSecond) : IDLE_PERIOD_MS;
    cancels.set(
      name,
      clock.after(delayMs, () => {
        adjust();
        if (!cancels.has(name)) return;
        if (perSecond > 0 && deps.rates() !== undefined) task();
        process(name, milli, task);
      }),
    );
  };
  const set = (name: string, on: boolean, begin: () => void): void => {
    if (on === cancels.has(name)) return;
    cancels.get(name)?.();
    cancels.delete(name);
    if (on) begin();
  };
  const adjust = (): void => {
    const next = wanted();
    if (next === level) return;
    level = next;
    set('loops', LEVELS[level].loops, () =>
      process(
        'loops',
        (rates) => rates.clientLoopsMilli,
        () => deps.sendLoop(level),
      ),
    );
    set('stream', LEVELS[level].stream, () =>
      process(
        'stream',
        (rates) => rates.clientPayloadMilli,
        () => {
          if (!deps.sendReal()) deps.sendLoop(level);
        },
      ),
    );
    deps.onLevel(level);
  };
  adjust();
  return {
    get level() {
      return level;
    },
    use: (used) => {
      usedMs.set(used, clock.monotonicMs());
      adjust();
    },
    stop: () => {
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
    },
  };
}

const NO_COVER: CoverRates = { relayLoopsMilli: 0, clientLoopsMilli: 0, clientPayloadMilli: 0 };
