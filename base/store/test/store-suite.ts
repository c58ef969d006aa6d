/** What each database must do, the same in all: run against SQLite here, against PostgreSQL in `test/system`. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isFogError, silentLogger } from '@fog/kernel';
import { sql } from 'kysely';
import { VirtualClock } from '@fog/testkit';
import {
  currentLeader,
  getOrCreateSecret,
  type JobEventRow,
  type LeaderLease,
  openStore,
  type Store,
  type StoreOptions,
  tryLead,
} from '../src/index.ts';

/** Above what 32 bits hold. */
const BIG = 2 ** 53 - 1;

export const account = (
  id: string,
): { id: string; name: string; role: string; created_at: number } => ({
  id,
  name: id,
  role: 'operator',
  created_at: BIG,
});

/** Puts an account and answers when it is durable. */
export async function put(store: Store, id: string): Promise<void> {
  await store.write(async (trx) => {
    await trx.insertInto('account').values(account(id)).execute();
  });
}

export async function ids(store: Store): Promise<string[]> {
  const rows = await store.db.selectFrom('account').select('id').orderBy('id').execute();
  return rows.map((row) => row.id);
}

export async function runSql(db: Store['db'], text: string): Promise<unknown[]> {
  return (await sql.raw(text).execute(db)).rows;
}

/** A lease whose clock stands still: it is never renewed. */
export async function lead(
  store: Store,
  holder: string,
  name = 'scheduling',
  ttlMs = 60_000,
): Promise<LeaderLease> {
  const options = { name, holder, address: `http://${holder}`, ttlMs };
  const deps = { store, clock: new VirtualClock(), logger: silentLogger };
  const lease = await tryLead(options, deps);
  assert.ok(lease !== undefined, `${holder} does not lead`);
  return lease;
}

const event = (seq: number): JobEventRow => ({
  seq,
  job: 'j',
  idx: null,
  time: BIG,
  type: 'queued',
  node: null,
  cause: 'because',
});

/** Makes an empty database and answers how to open it, any number of times. */
export type Fresh = () => Promise<StoreOptions>;

export function storeSuite(fresh: Fresh): void {
  for (const [name, run] of Object.entries(CASES)) void it(name, () => run(fresh));
}

const CASES: Readonly<Record<string, (fresh: Fresh) => Promise<void>>> = {
  'keeps what was written over a reopen, and migrates once': async (fresh) => {
    const options = await fresh();
    const store = await openStore(options);
    await Promise.all(['a', 'b', 'c'].map((id) => put(store, id)));
    await store.close();
    const again = await openStore(options);
    assert.deepEqual(await ids(again), ['a', 'b', 'c']);
    await again.close();
    await assert.rejects(put(again, 'd'), (error) => isFogError(error, 'STORE_CLOSED'));
  },

  'gives works of one turn one transaction, in their order': async (fresh) => {
    const store = await openStore(await fresh());
    const seen: unknown[] = [];
    const works = ['a', 'b', 'c'].map((id) =>
      store.write(async (trx) => {
        seen.push(trx);
        await trx.insertInto('account').values(account(id)).execute();
        return (await trx.selectFrom('account').select('id').execute()).length;
      }),
    );
    assert.deepEqual(await Promise.all(works), [1, 2, 3]);
    assert.equal(new Set(seen).size, 1);
    await store.close();
  },

  'rejects a failing work alone and rolls back what it did': async (fresh) => {
    const store = await openStore(await fresh());
    const good = put(store, 'good');
    const bad = store.write(async (trx) => {
      await trx.insertInto('account').values(account('lost')).execute();
      await trx.insertInto('account').values(account('good')).execute();
    });
    const thrown = store.write(async (trx) => {
      await trx.insertInto('account').values(account('lost too')).execute();
      throw new Error('changed my mind');
    });
    const last = put(store, 'last');
    await Promise.all([
      good,
      assert.rejects(bad, /unique/i),
      assert.rejects(thrown, /changed my mind/),
      last,
    ]);
    assert.deepEqual(await ids(store), ['good', 'last']);
    await store.close();
  },

  'gives whole numbers as numbers, also counted, summed and largest': async (fresh) => {
    const store = await openStore(await fresh());
    await put(store, 'a');
    const row = await store.db
      .selectFrom('account')
      .select((e) => [
        'created_at',
        e.fn.max('created_at').over().as('last'),
        e.fn.countAll().over().as('count'),
      ])
      .executeTakeFirstOrThrow();
    assert.deepEqual({ ...row }, { created_at: BIG, last: BIG, count: 1 });
    const none = await store.db
      .selectFrom('account')
      .select((e) => e.fn.max('created_at').as('last'))
      .where('id', '=', 'nobody')
      .executeTakeFirstOrThrow();
    assert.equal(none.last, null);
    await store.close();
  },

  'finds nothing in an empty list': async (fresh) => {
    const store = await openStore(await fresh());
    await put(store, 'a');
    const found = store.db.selectFrom('account').select('id').where('id', 'in', []);
    assert.deepEqual(await found.execute(), []);
    await store.close();
  },

  'holds any text, a NUL as U+FFFD': async (fresh) => {
    const store = await openStore(await fresh());
    await put(store, 'é 日本 🌫 "quoted" \\ \n \0 end');
    assert.deepEqual(await ids(store), ['é 日本 🌫 "quoted" \\ \n \uFFFD end']);
    await store.close();
  },

  'inserts many rows with one statement, ignores and replaces doubles, orders by number': async (
    fresh,
  ) => {
    const store = await openStore(await fresh());
    const rows = Array.from({ length: 500 }, (_, at) => event(499 - at));
    await store.write(async (trx) => {
      await trx.insertInto('job_event').values(rows).execute();
      await trx
        .insertInto('job_event')
        .values(event(3))
        .onConflict((c) => c.column('seq').doNothing())
        .execute();
      await trx
        .insertInto('job_event')
        .values({ ...event(4), type: 'settled' })
        .onConflict((c) => c.column('seq').doUpdateSet((e) => ({ type: e.ref('excluded.type') })))
        .execute();
    });
    const first = await store.db
      .selectFrom('job_event')
      .select(['seq', 'type'])
      .orderBy('seq')
      .limit(5)
      .execute();
    assert.deepEqual(
      first.map((row) => [row.seq, row.type]),
      [
        [0, 'queued'],
        [1, 'queued'],
        [2, 'queued'],
        [3, 'queued'],
        [4, 'settled'],
      ],
    );
    await store.close();
  },

  'is healthy while the database answers, and never throws': async (fresh) => {
    const store = await openStore(await fresh());
    assert.deepEqual(await store.health(AbortSignal.timeout(10_000)), { state: 'healthy' });
    await store.close();
    assert.equal((await store.health(AbortSignal.timeout(10_000))).state, 'unhealthy');
  },

  'refuses a database of a newer program and names what it does not know': async (fresh) => {
    const options = await fresh();
    const store = await openStore(options);
    await store.write(async (trx) => {
      await runSql(trx, `insert into kysely_migration (name, timestamp) values ('999-future', '')`);
    });
    await store.close();
    await assert.rejects(openStore(options), (error) => {
      assert.ok(isFogError(error, 'STORE_NEWER'));
      assert.match(error.message, /newer fog \(it knows 999-future\)/);
      return true;
    });
  },

  'has one leader, whose epoch grows with each taking': async (fresh) => {
    const options = await fresh();
    const store = await openStore(options);
    assert.equal(await currentLeader(store, 'scheduling'), undefined);
    const first = await lead(store, 'a');
    await store.write(async (trx) => {
      await first.assertLeader(trx);
      await trx.insertInto('account').values(account('led')).execute();
    });
    const leader = await currentLeader(store, 'scheduling');
    assert.deepEqual(leader, { holder: 'a', address: 'http://a', epoch: 1 });
    assert.equal((await lead(store, 'b', 'other')).epoch, 1);
    await first.release();
    const second = await lead(store, 'b');
    assert.equal(second.epoch, 2);
    await store.close();
    // Back under its old id, as after a kill: its lease does not stand in its own way.
    const again = await openStore(options);
    assert.equal((await lead(again, 'b')).epoch, 3);
    assert.equal(first.lost.aborted, false);
    await again.close();
  },

  'gives all who ask the secret of the first': async (fresh) => {
    const store = await openStore(await fresh());
    const clock = new VirtualClock();
    const ask = (name: string, byte: number): Promise<Uint8Array> =>
      getOrCreateSecret(store, clock, name, () => new Uint8Array([byte, 0, 255]));
    const answers = await Promise.all([ask('key', 1), ask('key', 2), ask('other', 3)]);
    const key = new Uint8Array([1, 0, 255]);
    assert.deepEqual(answers, [key, key, new Uint8Array([3, 0, 255])]);
    assert.deepEqual(await ask('key', 4), key);
    await store.close();
  },
};
