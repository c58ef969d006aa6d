/**
 * Circuit breaker of a node: after failures in a row it gets no work for a while, then one chance; each
 * further failure doubles the wait. Pure: the registry keeps the state and stores it with the node.
 */
import type { Breaker } from '@fog/wire';

/** Failures in a row that open it: one or two may be the work's or the network's. */
const OPEN_AFTER = 5;
/** First cool-down. */
const COOL_DOWN_MS = 60_000;
/** Longest cool-down: a machine mended by its owner is back within the half hour. */
const MAX_COOL_DOWN_MS = 1_800_000;

export const CLOSED: Breaker = { state: 'closed', failures: 0 };

export function afterFailure(breaker: Breaker, now: number): Breaker {
  const failures = breaker.failures + 1;
  // One that is open for a single lie has used up its chance too.
  if (breaker.state === 'closed' && failures < OPEN_AFTER) return { state: 'closed', failures };
  const coolDownMs = COOL_DOWN_MS * 2 ** Math.max(0, failures - OPEN_AFTER);
  const until = now + Math.min(MAX_COOL_DOWN_MS, coolDownMs);
  return { state: 'open', failures, until: Math.max(until, breaker.until ?? 0) };
}

export function afterSuccess(breaker: Breaker): Breaker {
  return breaker.failures === 0 && breaker.state === 'closed' ? breaker : CLOSED;
}

/** The state now: an open one lets work try again when its time is over. Half-open is never kept, only seen. */
export function breakerAt(breaker: Breaker, now: number): Breaker {
  if (breaker.state !== 'open' || (breaker.until ?? 0) > now) return breaker;
  return { state: 'half-open', failures: breaker.failures };
}
