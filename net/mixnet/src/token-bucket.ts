/** Lets `rate` packets a second pass and up to `burst` at once. */
import type { Clock } from '@fog/kernel';

export interface TokenBucket {
  /** Takes one token; false when there is none. */
  take(): boolean;
  /** Milliseconds until there is one. */
  waitMs(): number;
}

export function createTokenBucket(
  { rate, burst }: { readonly rate: number; readonly burst: number },
  clock: Clock,
): TokenBucket {
  let tokens = burst;
  let filledMs = clock.monotonicMs();
  const fill = (): void => {
    const now = clock.monotonicMs();
    tokens = Math.min(burst, tokens + ((now - filledMs) * rate) / 1_000);
    filledMs = now;
  };
  return {
    take: () => {
      fill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    waitMs: () => {
      fill();
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1_000) / rate);
    },
  };
}
