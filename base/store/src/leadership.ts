/**
 * Leadership by a lease in the database, for coordinators that share one. Safety is the epoch: the
 * leader's transactions begin with `assertLeader`, which locks the lease's row until they end, and a
 * takeover needs that row alone. So a leader that slept through its lease commits nothing after a
 * takeover, whatever it believes. The times (by the database's clock) only decide how soon one is tried.
 * A SQLite database has one process at a time, which the lock of its directory makes the leader.
 */
import type { Clock, Logger } from '@fog/kernel';
import { sql, type Transaction } from 'kysely';
import { databaseNowMs } from './database-clock.ts';
import { RenewedLease } from './renewed-lease.ts';
import type { Database } from './schema.ts';
import type { Store } from './store.ts';

export interface LeadershipOptions {
  /** What is led. */
  readonly name: string;
  /** Id of this process; one that comes back under its old id takes over at once. */
  readonly holder: string;
  /** Where others reach the leader; read anew at each renewal. */
  readonly address: string;
  readonly ttlMs?: number;
}

export interface LeadershipDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Leader {
  readonly holder: string;
  readonly address: string;
  readonly epoch: number;
}

export interface LeaderLease {
  /** Grows with each new leader: orders what leaders did. */
  readonly epoch: number;
  /** Aborts when the lease is lost: taken over, or not renewed in time. Not by `release`. */
  readonly lost: AbortSignal;
  /** First in each write transaction of the leader: STORE_NOT_LEADER when it is not the leader any more. */
  assertLeader(trx: Transaction<Database>): Promise<void>;
  /** Lets another lead at once. */
  release(): Promise<void>;
}

/** Long enough for a busy database, short enough to notice a dead leader. */
const LEADERSHIP_TTL_MS = 5000;

/** One try; undefined while another leads. Renews by itself until lost or released. */
export async function tryLead(
  options: LeadershipOptions,
  deps: LeadershipDeps,
): Promise<LeaderLease | undefined> {
  const askedMs = deps.clock.monotonicMs();
  const { ttlMs = LEADERSHIP_TTL_MS } = options;
  const epoch = await take(options, ttlMs, deps.store);
  if (epoch === undefined) return undefined;
  return deps.store.kind === 'sqlite'
    ? soleLease(epoch)
    : new RenewedLease({ options, ttlMs, epoch }, deps).start(askedMs);
}

/** The lock of the data directory is the lease: whoever has the database open leads. */
function soleLease(epoch: number): LeaderLease {
  const lost = new AbortController().signal;
  return { epoch, lost, assertLeader: async () => {}, release: async () => {} };
}

/** Who leads now; undefined when nobody does. */
export async function currentLeader(store: Store, name: string): Promise<Leader | undefined> {
  const row = await store.db
    .selectFrom('leadership')
    .select(['holder', 'address', 'epoch', 'expires_at', databaseNowMs(store).as('now')])
    .where('name', '=', name)
    .executeTakeFirst();
  if (row === undefined || row.holder === '') return undefined;
  if (store.kind === 'postgres' && row.expires_at <= row.now) return undefined;
  return { holder: row.holder, address: row.address, epoch: row.epoch };
}

/** The new epoch, or undefined while another leads. */
function take(
  { name, holder, address }: LeadershipOptions,
  ttlMs: number,
  store: Store,
): Promise<number | undefined> {
  const now = databaseNowMs(store);
  // Not by `write`: a commit of others must not wait for the row, nor fail with it.
  return store.db.transaction().execute(async (trx) => {
    await trx
      .insertInto('leadership')
      .values({ name, epoch: 0, holder: '', address: '', expires_at: 0 })
      .onConflict((c) => c.column('name').doNothing())
      .execute();
    const row = await trx
      .selectFrom('leadership')
      .select(['epoch', 'holder', 'expires_at', now.as('now')])
      .where('name', '=', name)
      // A locked row: its leader is in the middle of a transaction.
      .$if(store.kind === 'postgres', (query) => query.forUpdate().skipLocked())
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const free = store.kind === 'sqlite' || row.expires_at <= row.now || row.holder === holder;
    if (!free) return undefined;
    const epoch = row.epoch + 1;
    await trx
      .updateTable('leadership')
      .set({ epoch, holder, address, expires_at: sql`${now} + ${sql.lit(ttlMs)}` })
      .where('name', '=', name)
      .execute();
    return epoch;
  });
}
