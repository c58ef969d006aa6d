import { BACKOFF_MAX_MS, BACKOFF_MIN_MS } from '../limits.ts';

export interface Backoff {
  /** Delay before the next attempt; doubles with each call, between half and all of it by chance. */
  nextMs(): number;
  reset(): void;
}

/** The chance keeps a thousand agents from dialling a restarted coordinator in the same moment. */
export function createBackoff(random: () => number): Backoff {
  let failures = 0;
  return {
    nextMs: () => {
      const fullMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** failures);
      if (fullMs < BACKOFF_MAX_MS) failures += 1;
      return fullMs * (0.5 + random() / 2);
    },
    reset: () => {
      failures = 0;
    },
  };
}
