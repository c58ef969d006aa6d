import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@fog/kernel';
import { openStore, type Store } from '@fog/store';
import { tempDir, VirtualClock } from '@fog/testkit';
import { createCoordinator } from '../src/index.ts';
import { fixture, HandAgent, MODULE, ok, OWNER, spec } from './fixture.ts';

/** A store whose commits fail while `broken`. */
function breakable(store: Store): Store & { broken: boolean } {
  const wrapped = {
    ...store,
    broken: false,
    write: <T>(work: Parameters<typeof store.write<T>>[0]): Promise<T> =>
      store.write(async (trx) => {
        const result = await work(trx);
        if (wrapped.broken)
          throw new Error('the disk is slow. Try again in a moment; if it stays so, see why.');
        return result;
      }),
  };
  return wrapped;
}

test('after a failed commit nothing more is stored or acknowledged; a new start has lost nothing', async () => {
  await using dir = await tempDir();
  const store = breakable(await openStore({ dir: dir.path }));
  const deps = { store, clock: new VirtualClock(), logger: silentLogger, fogId: 'fog' };
  const coordinator = createCoordinator({}, deps);
  await coordinator.start(AbortSignal.timeout(10_000));
  await coordinator.addReference(OWNER, MODULE, 8);
  const agent = new HandAgent('a').connect(coordinator);
  const job = await coordinator.submit(OWNER, spec({ array: { count: 2 } }));
  await agent.until(() => agent.leases.length === 2);
  const [first, second] = agent.leases.map((lease) => lease.token);
  store.broken = true;
  const failed = coordinator.addReference(OWNER, 'b'.repeat(64), 1);
  agent.result(first ?? 0);
  await assert.rejects(failed, /disk is slow/);
  store.broken = false;
  agent.result(second ?? 0);
  await store.write(async () => {});
  assert.equal((await coordinator.health(AbortSignal.timeout(1_000))).state, 'unhealthy');
  await assert.rejects(coordinator.submit(OWNER, spec()), {
    code: 'COORDINATOR_STOPPED',
    message:
      'The coordinator starts again from what is stored: the disk is slow. Try again in a moment.',
  });
  assert.deepEqual(agent.acks(), { tokens: [], late: [] });
  await coordinator.stop();
  await coordinator.start(AbortSignal.timeout(10_000));
  const again = new HandAgent('a', agent).connect(coordinator, { held: [first ?? 0, second ?? 0] });
  again.result(first ?? 0);
  again.result(second ?? 0);
  const done = await coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  assert.equal(done.state, 'settled');
  const page = await coordinator.results(OWNER, job.id, { from: 0, limit: 9, waitMs: 0 });
  assert.deepEqual(
    page.results.map((one) => one.state),
    ['settled', 'settled'],
  );
  await coordinator.stop();
  await store.close();
});

test('a stopped coordinator writes no more, whatever it had planned', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  agent.session?.closed();
  await fog.coordinator.stop();
  await fog.coordinator.start(AbortSignal.timeout(10_000));
  fog.clock.advance(6_000);
  await fog.store.write(async () => {});
  const { attempts } = await fog.coordinator.task(OWNER, job.id, 0);
  assert.deepEqual(
    attempts.map((one) => one.state),
    ['leased'],
  );
});

test('a result sent twice before its commit is accepted once and stays accepted', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const token = agent.leases[0]?.token ?? 0;
  agent.result(token, ok());
  agent.result(token, ok());
  await agent.until(() => agent.acks().tokens.length === 2);
  const { attempts } = await fog.coordinator.task(OWNER, job.id, 0);
  assert.deepEqual(
    attempts.map((one) => one.state),
    ['accepted'],
  );
});
