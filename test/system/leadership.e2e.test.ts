import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type CoordinatorApi, createCoordinator } from '@fog/coordinator';
import { isFogError, silentLogger, systemClock } from '@fog/kernel';
import { currentLeader, openStore, type Store, tryLead } from '@fog/store';
import { VirtualClock, waitFor } from '@fog/testkit';
import { type PostgresServer, startPostgres } from '@fog/testkit/servers';
import { account, ids, lead, runSql } from '../../base/store/test/store-suite.ts';

/** Short enough for a test, long enough for a busy machine to renew. */
const TTL_MS = 1500;

let server: PostgresServer;
let databases = 0;

before(async () => {
  server = await startPostgres();
});
after(() => server[Symbol.asyncDispose]());

/** Two programs on one database. */
async function twoStores(): Promise<readonly [Store, Store]> {
  databases += 1;
  const url = await server.createDatabase(`fog${databases}`);
  return [await openStore({ url }), await openStore({ url })];
}

/** Whoever called may call again: then the new leader answers. */
const isNotLeader = (error: unknown): boolean =>
  isFogError(error, 'STORE_NOT_LEADER') && error.retryable && error.kind === 'unavailable';

async function expiry(store: Store): Promise<number> {
  const row = await store.db
    .selectFrom('leadership')
    .select('expires_at')
    .executeTakeFirstOrThrow();
  return row.expires_at;
}

describe('leadership on PostgreSQL', () => {
  it('goes to one of those who try at once, and on to another by release', async () => {
    const [a, b] = await twoStores();
    const tries = [a, b, a, b].map((store, at) => lead(store, `${at}`).catch(() => undefined));
    const leases = (await Promise.all(tries)).filter((lease) => lease !== undefined);
    assert.equal(leases.length, 1);
    await assert.rejects(lead(b, 'late'), /late does not lead/);
    await leases[0]?.release();
    assert.equal((await lead(b, 'late')).epoch, 2);
    await a.close();
    await b.close();
  });

  it('is kept by renewing and lost to nobody meanwhile', async () => {
    const [a, b] = await twoStores();
    const deps = { store: a, clock: systemClock, logger: silentLogger };
    const options = { name: 'scheduling', holder: 'a', address: '', ttlMs: TTL_MS };
    const lease = await tryLead(options, deps);
    const first = await expiry(b);
    options.address = 'http://a';
    await waitFor('two renewals', async () => (await expiry(b)) > first + TTL_MS / 2);
    assert.equal((await currentLeader(b, 'scheduling'))?.address, 'http://a');
    assert.equal(lease?.lost.aborted, false);
    await assert.rejects(lead(b, 'b'), /does not lead/);
    await lease?.release();
    assert.equal(await currentLeader(b, 'scheduling'), undefined);
    await a.close();
    await b.close();
  });

  it('is taken over when it was not renewed; the former leader commits nothing any more', async () => {
    const [a, b] = await twoStores();
    const asleep = await lead(a, 'a', 'scheduling', 200);
    const next = await waitFor('a takeover', () => lead(b, 'b').catch(() => undefined));
    assert.equal(next.epoch, 2);
    assert.equal(asleep.lost.aborted, false, 'it cannot know yet');
    await assert.rejects(
      a.write(async (trx) => {
        await asleep.assertLeader(trx);
        await trx.insertInto('account').values(account('forbidden')).execute();
      }),
      isNotLeader,
    );
    assert.ok(isNotLeader(asleep.lost.reason));
    await b.write((trx) => next.assertLeader(trx));
    assert.deepEqual(await ids(b), []);
    await a.close();
    await b.close();
  });

  it('is not taken over in the middle of a transaction of the leader', async () => {
    const [a, b] = await twoStores();
    const lease = await lead(a, 'a', 'scheduling', 1);
    await waitFor('the end of the lease', async () => !(await currentLeader(b, 'scheduling')));
    await a.write(async (trx) => {
      await lease.assertLeader(trx);
      await assert.rejects(lead(b, 'b'), /does not lead/);
      await trx.insertInto('account').values(account('kept')).execute();
    });
    assert.equal((await lead(b, 'b')).epoch, 2);
    assert.deepEqual(await ids(b), ['kept']);
    await a.close();
    await b.close();
  });

  it('frees itself from a leader that sleeps in a transaction', async () => {
    const [a, b] = await twoStores();
    const lease = await lead(a, 'a', 'scheduling', 1);
    const write = a.write(async (trx) => {
      await runSql(trx, `set local idle_in_transaction_session_timeout = '200ms'`);
      await lease.assertLeader(trx);
      const next = await waitFor('a takeover', () => lead(b, 'b').catch(() => undefined));
      assert.equal(next.epoch, 2);
      await trx.insertInto('account').values(account('forbidden')).execute();
    });
    await assert.rejects(write, (error) => isFogError(error, 'STORE_UNREACHABLE'));
    assert.deepEqual(await ids(b), []);
    await a.close();
    await b.close();
  });

  it('is given up in time by a leader that cannot reach the database', async () => {
    const [a, b] = await twoStores();
    const clock = new VirtualClock();
    const deps = { store: a, clock, logger: silentLogger };
    const options = { name: 'scheduling', holder: 'a', address: 'http://a', ttlMs: TTL_MS };
    const lease = await tryLead(options, deps);
    assert.ok(lease !== undefined);
    await server.kill();
    clock.advance(TTL_MS - 1);
    assert.equal(lease.lost.aborted, false);
    clock.advance(1);
    assert.ok(isNotLeader(lease.lost.reason));
    await server.start();
    await assert.rejects(
      a.write((trx) => lease.assertLeader(trx)),
      isNotLeader,
    );
    await a.close();
    await b.close();
  });

  it('lets one of two coordinators work; the other says who, until it takes over', async () => {
    const stores = await twoStores();
    const [one, two] = stores.map((store, at) => {
      const candidate = { holder: `${at}`, address: () => `http://fog-${at}:7700` };
      const deps = { store, clock: systemClock, logger: silentLogger, fogId: 'fog', candidate };
      return createCoordinator({}, deps);
    }) as [CoordinatorApi, CoordinatorApi];
    await one.start(AbortSignal.timeout(10_000));
    await two.start(AbortSignal.timeout(10_000));
    assert.deepEqual([one.leader, two.leader], [undefined, 'http://fog-0:7700']);
    assert.throws(() => two.mayUpload('node', 1), {
      code: 'COORDINATOR_STANDBY',
      message: 'This coordinator stands by; http://fog-0:7700 leads. Try again in a moment.',
    });
    await one.stop();
    await waitFor('the other to lead', () => two.leader === undefined);
    assert.equal(two.mayUpload('node', 1), false);
    await two.stop();
    for (const store of stores) await store.close();
  });
});
