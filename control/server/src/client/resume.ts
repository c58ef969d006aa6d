/** Follows a job over losses of the connection: with `after`, none of its events is missed and none comes twice. */
import { type Clock, FogError, systemClock } from '@fog/kernel';
import type { EventsMessage } from '@fog/wire';
import { followEvents } from './follow.ts';
import type { FollowOptions } from './fog-client.ts';
import { FIRST_RECONNECT_MS, LONGEST_RECONNECT_MS, RECONNECT_PATIENCE_MS } from './limits.ts';
import { type TransportOptions, unreachable } from './transport.ts';

/** What a fog says that is about to have another leader. */
const PASSING = ['COORDINATOR_STANDBY', 'COORDINATOR_STOPPED', 'SERVER_NO_LEADER'];

/** Throws what the first connection throws, and CLIENT_UNREACHABLE when a lost fog is not back in time. */
export async function* followJob(
  target: TransportOptions,
  job: string,
  { signal, after, patienceMs = RECONNECT_PATIENCE_MS }: FollowOptions,
  clock: Clock = systemClock,
): AsyncGenerator<EventsMessage> {
  const loss = new Loss(clock, patienceMs, signal);
  let last = after;
  do {
    const request = {
      type: 'follow',
      job,
      ...(last === undefined ? {} : { after: last }),
    } as const;
    try {
      for await (const message of followEvents(target, request, signal)) {
        if (message.type === 'error' && PASSING.includes(message.code)) break;
        loss.over();
        if (message.type === 'job-event') last = message.event.seq;
        yield message;
        if (message.type === 'error') return;
      }
    } catch (error) {
      if (!loss.isOn || !isPassing(error)) throw error;
    }
    if (loss.isTooLong()) {
      throw unreachable(target.servers.current.url, new Error('it did not come back'));
    }
  } while (await loss.wait());
}

/** The time between two connections. */
class Loss {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #signal: AbortSignal;
  #sinceMs: number | undefined;
  #pauseMs = FIRST_RECONNECT_MS;

  constructor(clock: Clock, patienceMs: number, signal: AbortSignal) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#signal = signal;
  }

  get isOn(): boolean {
    return this.#sinceMs !== undefined;
  }

  over(): void {
    this.#sinceMs = undefined;
    this.#pauseMs = FIRST_RECONNECT_MS;
  }

  isTooLong(): boolean {
    if (this.#signal.aborted || this.#sinceMs === undefined) return false;
    return this.#clock.monotonicMs() - this.#sinceMs > this.#patienceMs;
  }

  /** Before the next try; false when there is to be none. */
  async wait(): Promise<boolean> {
    if (this.#signal.aborted || this.#patienceMs === 0) return false;
    this.#sinceMs ??= this.#clock.monotonicMs();
    await pause(this.#clock, this.#pauseMs, this.#signal);
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_RECONNECT_MS);
    return !this.#signal.aborted;
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof FogError && error.retryable;
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = clock.after(delayMs, resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(stop);
}
