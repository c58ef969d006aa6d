import type { Clock } from '@fog/kernel';
import { MAX_UNANSWERED_BEATS } from '../limits.ts';
import { type Moment, onBothClocks } from '../work/lease-table.ts';

export interface HeartbeatPeriods {
  readonly heartbeatMs: number;
  /** While leases are held. */
  readonly leasedHeartbeatMs: number;
}

export interface HeartbeatDeps {
  readonly clock: Clock;
  readonly holds: () => boolean;
  readonly send: () => void;
  /** Too many heartbeats without an answer: the connection is dead though the socket is open. */
  readonly silent: () => void;
}

/** Heartbeats of one session. */
export class Heartbeat {
  readonly #periods: HeartbeatPeriods;
  readonly #deps: HeartbeatDeps;
  /** When unanswered heartbeats were sent, oldest first. */
  readonly #sent: Moment[] = [];
  /** When `hello` named what was held; an answer before the first heartbeat speaks of that. */
  readonly #hello: Moment;
  #idle = false;
  #dueMs = 0;
  #cancel: () => void = () => {};

  constructor(periods: HeartbeatPeriods, hello: Moment, deps: HeartbeatDeps) {
    this.#periods = periods;
    this.#hello = hello;
    this.#deps = deps;
    if (deps.holds()) this.#beat();
    else this.#schedule();
  }

  /** Leases came: the next heartbeat is due earlier. */
  hurry(): void {
    if (!this.#idle) return;
    const leftMs = this.#dueMs - this.#deps.clock.monotonicMs();
    this.#schedule(Math.max(0, Math.min(leftMs, this.#periods.leasedHeartbeatMs)));
  }

  /** Takes an answer; the moment at which the leases it renews were named to the coordinator. */
  answered(): Moment {
    const sent = this.#sent.shift();
    // The first answer is to `hello`: how the machine does, and how far it is, need not wait for a period.
    if (sent === undefined) this.#schedule(0);
    return sent ?? this.#hello;
  }

  stop(): void {
    this.#cancel();
  }

  #schedule(delayMs?: number): void {
    const { clock, holds } = this.#deps;
    this.#cancel();
    this.#idle = !holds();
    const { heartbeatMs, leasedHeartbeatMs } = this.#periods;
    const waitMs = delayMs ?? (this.#idle ? heartbeatMs : leasedHeartbeatMs);
    this.#dueMs = clock.monotonicMs() + waitMs;
    this.#cancel = clock.after(waitMs, () => this.#beat());
  }

  #beat(): void {
    if (this.#sent.length >= MAX_UNANSWERED_BEATS) return this.#deps.silent();
    this.#deps.send();
    this.#sent.push(onBothClocks(this.#deps.clock));
    this.#schedule();
  }
}
