import { type Clock, errorMessage, type Logger } from '@fog/kernel';
import { sql, type Transaction } from 'kysely';
import { databaseNowMs } from './database-clock.ts';
import { fail } from './errors.ts';
import type { LeaderLease, LeadershipOptions } from './leadership.ts';
import type { Database } from './schema.ts';
import type { Store } from './store.ts';

interface Held {
  readonly options: LeadershipOptions;
  readonly ttlMs: number;
  readonly epoch: number;
}

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Renewals in the time of a lease: three may fail. */
const RENEWALS = 4;

/** A lease in the database, renewed until it is lost or released. */
export class RenewedLease implements LeaderLease {
  readonly #held: Held;
  readonly #deps: Deps;
  readonly #lost = new AbortController();
  readonly #checked = new WeakSet<Transaction<Database>>();
  #stopRenewals = (): void => {};
  #cancelDeadline = (): void => {};
  #renewal: Promise<void> | undefined;
  #over = false;

  constructor(held: Held, deps: Deps) {
    this.#held = held;
    this.#deps = deps;
  }

  get epoch(): number {
    return this.#held.epoch;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** `askedMs`: monotonic time before the lease was asked for. */
  start(askedMs: number): this {
    this.#extend(askedMs);
    const { clock } = this.#deps;
    this.#stopRenewals = clock.every(this.#held.ttlMs / RENEWALS, () => {
      // A statement that takes longer than the period is not asked a second time.
      this.#renewal ??= this.#renew().finally(() => (this.#renewal = undefined));
    });
    return this;
  }

  async assertLeader(trx: Transaction<Database>): Promise<void> {
    if (this.#over) throw this.#notLeader();
    if (this.#checked.has(trx)) return;
    const { options, epoch } = this.#held;
    const mine = await trx
      .selectFrom('leadership')
      .select('epoch')
      .where('name', '=', options.name)
      .where('epoch', '=', epoch)
      .where('holder', '=', options.holder)
      .forShare()
      .executeTakeFirst();
    if (mine === undefined) {
      this.#lose('taken over');
      throw this.#notLeader();
    }
    this.#checked.add(trx);
  }

  async release(): Promise<void> {
    if (this.#over) return;
    this.#end();
    await this.#renewal;
    try {
      await this.#setRow({ holder: '', expires_at: 0 });
    } catch (error) {
      // Nobody waits longer for it than for a lease that ends by itself.
      this.#warn('leadership not released', errorMessage(error));
    }
  }

  async #renew(): Promise<void> {
    const startedMs = this.#deps.clock.monotonicMs();
    try {
      const expiry = sql<number>`${databaseNowMs(this.#deps.store)} + ${sql.lit(this.#held.ttlMs)}`;
      const { address } = this.#held.options;
      const renewed = await this.#setRow({ address, expires_at: expiry });
      if (!renewed) this.#lose('taken over');
      else if (!this.#over) this.#extend(startedMs);
    } catch (error) {
      this.#warn('leadership not renewed', errorMessage(error));
    }
  }

  /** False when the row is another leader's. */
  async #setRow(values: {
    readonly holder?: string;
    readonly address?: string;
    readonly expires_at: number | ReturnType<typeof sql<number>>;
  }): Promise<boolean> {
    const { options, epoch } = this.#held;
    const { numUpdatedRows } = await this.#deps.store.db
      .updateTable('leadership')
      .set(values)
      .where('name', '=', options.name)
      .where('epoch', '=', epoch)
      .where('holder', '=', options.holder)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  #extend(fromMs: number): void {
    const { clock } = this.#deps;
    this.#cancelDeadline();
    const leftMs = Math.max(0, fromMs + this.#held.ttlMs - clock.monotonicMs());
    this.#cancelDeadline = clock.after(leftMs, () => this.#lose('not renewed in time'));
  }

  #lose(why: string): void {
    if (this.#over) return;
    this.#end();
    this.#warn('leadership lost', why);
    this.#lost.abort(this.#notLeader());
  }

  #end(): void {
    this.#over = true;
    this.#stopRenewals();
    this.#cancelDeadline();
  }

  #notLeader(): Error {
    const { options, epoch } = this.#held;
    return fail('STORE_NOT_LEADER', { details: { name: options.name, epoch } });
  }

  #warn(message: string, why: string): void {
    const { options, epoch } = this.#held;
    this.#deps.logger.warn(message, { name: options.name, epoch, why });
  }
}
