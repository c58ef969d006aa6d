import type { Clock } from '@fog/kernel';

export interface Spaced {
  /** The first call acts at once; all that come within the time after it act once more, when that is over. */
  readonly ask: () => void;
  readonly stop: () => void;
}

/** Calls `act` when it is asked to, but no more often than each `leastMs`. */
export function spaced(clock: Clock, leastMs: number, act: () => void): Spaced {
  let isResting = false;
  let isAsked = false;
  let stopRest = (): void => {};
  const ask = (): void => {
    isAsked = isResting;
    if (isResting) return;
    isResting = true;
    stopRest = clock.after(leastMs, () => {
      isResting = false;
      if (isAsked) ask();
    });
    act();
  };
  return { ask, stop: () => stopRest() };
}
