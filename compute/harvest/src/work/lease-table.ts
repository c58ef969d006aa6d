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

interface Term {
  readonly lease: HeldLease;
  leaseMs: number;
  monotonicMs: number;
  wallMs: number;
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
    this.#terms.set(lease.token, { lease: held, leaseMs: lease.leaseMs, ...this.#nowOnBoth() });
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

  /** Starts a new term for leases that were held at `knownSinceMs`: only those were named to the fog. */
  renew(leaseMs: number, knownSinceMs: number): void {
    const now = this.#nowOnBoth();
    for (const term of this.#terms.values()) {
      if (term.monotonicMs <= knownSinceMs) Object.assign(term, { leaseMs, ...now });
    }
  }

  /** Tokens whose term has passed. */
  expired(): number[] {
    const { monotonicMs, wallMs } = this.#nowOnBoth();
    const tokens: number[] = [];
    for (const [token, term] of this.#terms) {
      const elapsedMs = Math.max(monotonicMs - term.monotonicMs, wallMs - term.wallMs);
      if (elapsedMs >= term.leaseMs) tokens.push(token);
    }
    return tokens;
  }

  #nowOnBoth(): { monotonicMs: number; wallMs: number } {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.now() };
  }
}
