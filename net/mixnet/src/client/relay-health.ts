/**
 * Which relays to leave out for a while, by what became of the client's own packets. Between two consensuses
 * this is all a client knows of a relay that died. It is a preference only: dropping packets must not
 * let anyone steer a client to his relays, so a relay is never left out for long, nor where others lack.
 */
import type { Clock } from '@fog/kernel';
import { AVOID_RELAY_MS, MAX_RELAY_FAILURES } from './limits.ts';

export interface RelayHealth {
  succeeded(relays: readonly string[]): void;
  failed(relays: readonly string[]): void;
  avoided(): ReadonlySet<string>;
  /** Forgets relays that are no longer listed. */
  keepOnly(listed: ReadonlyMap<string, unknown>): void;
}

interface Record {
  failures: number;
  lastFailureMs: number;
}

export function createRelayHealth(clock: Clock): RelayHealth {
  const records = new Map<string, Record>();
  return {
    succeeded: (relays) => {
      for (const relay of relays) records.delete(relay);
    },
    failed: (relays) => {
      for (const relay of new Set(relays)) {
        const failures = (records.get(relay)?.failures ?? 0) + 1;
        records.set(relay, { failures, lastFailureMs: clock.monotonicMs() });
      }
    },
    avoided: () => {
      const since = clock.monotonicMs() - AVOID_RELAY_MS;
      const bad = [...records].filter(
        ([, { failures, lastFailureMs }]) =>
          failures >= MAX_RELAY_FAILURES && lastFailureMs > since,
      );
      return new Set(bad.map(([relay]) => relay));
    },
    keepOnly: (listed) => {
      for (const relay of records.keys()) if (!listed.has(relay)) records.delete(relay);
    },
  };
}
