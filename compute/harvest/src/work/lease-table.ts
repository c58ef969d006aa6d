import type { Clock } from '@fog/kernel';
import type { ArrayItem, Lease, Phase } from '@fog/wire';

/** A task this node may work on until its lease ends. */
export interface HeldLease {
  readonly token: number;
  readonly job: string;
  /** Account the job belongs to. */
  readonly owner: string;
  readonly index: number;
  readonly attempt: number;
  readonly item: ArrayItem | undefined;
  /** Aborted when the lease is lost, cancelled or the agent stops. */
  readonly abort: AbortController;
  /** Undefined while the task waits for a slot. */
  phase: Phase | undefined;
  phaseSinceMs: number;
  phaseReported: boolean;
}

/** One moment on both clocks. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

interface Term {
  readonly lease: HeldLease;
  leaseMs: number;
  since: Moment;
}

/**
 * Leases that are not finished. Elapsed time is the larger of both clocks: the monotonic one
 * stands still while a laptop sleeps, the wall clock may be set back.
 */
export class LeaseTable {
  readonly #clock: Clock;
  readonly #terms = new Map<number, Term>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#terms.size;
  }

  tokens(): number[] {
    return [...this.#terms.keys()];
  }

  has(token: number): boolean {
    return this.#terms.has(token);
  }

  get(token: number): HeldLease | undefined {
    return this.#terms.get(token)?.lease;
  }

  add(lease: Lease, owner: string): HeldLease {
    const held: HeldLease = {
      token: lease.token,
      job: lease.job,
      owner,
      index: lease.index,
      attempt: lease.attempt,
      item: lease.item,
      abort: new AbortController(),
      phase: undefined,
      phaseSinceMs: 0,
      phaseReported: false,
    };
    this.#terms.set(lease.token, {
      lease: held,
      leaseMs: lease.leaseMs,
      since: onBothClocks(this.#clock),
    });
    return held;
  }

  /** The lease is over; whatever runs under it is aborted when `reason` is given. */
  remove(token: number, reason?: string): HeldLease | undefined {
    const term = this.#terms.get(token);
    if (term === undefined) return undefined;
    this.#terms.delete(token);
    if (reason !== undefined) term.lease.abort.abort(new Error(reason));
    return term.lease;
  }

  /**
   * Starts a new term for the leases that were held when the fog was told of them. It begins then: an answer
   * that took long, or waited while this machine slept, adds nothing to it.
   */
  renew(leaseMs: number, told: Moment): void {
    for (const term of this.#terms.values()) {
      if (term.since.monotonicMs <= told.monotonicMs) Object.assign(term, { leaseMs, since: told });
    }
  }

  /** Tokens whose term has passed. */
  expired(): number[] {
    const { monotonicMs, wallMs } = onBothClocks(this.#clock);
    const tokens: number[] = [];
    for (const [token, { leaseMs, since }] of this.#terms) {
      const elapsedMs = Math.max(monotonicMs - since.monotonicMs, wallMs - since.wallMs);
      if (elapsedMs >= leaseMs) tokens.push(token);
    }
    return tokens;
  }
}

export function onBothClocks(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.now() };
}
