/** One leader at a time; what it says is durable; what ends with its term ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError, silentLogger } from '@fog/kernel';
import { openStore, type Store } from '@fog/store';
import { tempDir, VirtualClock } from '@fog/testkit';
import { type DeploymentSpec, JobBatch } from '@fog/wire';
import { assemble } from '../src/assemble.ts';
import { createCoordinator } from '../src/index.ts';
import { defaultCoordinatorOptions } from '../src/options.ts';
import { fixture, HandAgent, MODULE, OWNER, spec } from './fixture.ts';

/** A store whose commits wait while it is held. */
function holdable(store: Store): Store & { hold(): () => void } {
  let gate = Promise.resolve();
  return {
    ...store,
    write: (work) =>
      store.write(async (trx) => {
        await gate;
        return work(trx);
      }),
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

test('a start and a campaign at once make one leader', async () => {
  await using dir = await tempDir();
  const store = await openStore({ dir: dir.path });
  const clock = new VirtualClock();
  const deps = { store, clock, logger: silentLogger, fogId: 'fog' };
  const coordinator = createCoordinator({}, deps);
  const started = coordinator.start(AbortSignal.timeout(10_000));
  await coordinator.campaign();
  await started;
  await coordinator.stop();
  assert.equal(clock.pending, 0);
  await store.close();
});

test('an agent keeps its result until that is durable, whatever its heartbeats name', async () => {
  await using dir = await tempDir();
  const store = holdable(await openStore({ dir: dir.path }));
  const deps = { store, clock: new VirtualClock(), logger: silentLogger, fogId: 'fog' };
  const coordinator = createCoordinator({}, deps);
  await coordinator.start(AbortSignal.timeout(10_000));
  await coordinator.addReference(OWNER, MODULE, 8);
  const agent = new HandAgent('a').connect(coordinator);
  await coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const token = agent.leases[0]?.token ?? 0;
  const release = store.hold();
  agent.result(token);
  agent.session?.message({ type: 'heartbeat', held: [token] });
  const told = (): boolean =>
    agent.sent.some(
      (one) =>
        (one.type === 'cancel' && one.tokens.includes(token)) ||
        (one.type === 'heartbeat-ack' && one.revoked.includes(token)),
    );
  assert.equal(told(), false);
  release();
  await agent.until(told);
  assert.deepEqual(agent.acks().tokens, [token]);
  await coordinator.stop();
  await store.close();
});

test('requests that share an idempotency key at once fail alone', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const batch = (...keys: string[]): JobBatch =>
    JobBatch.parse({ jobs: keys.map((key) => ({ key, spec: spec({ args: [key] }) })) });
  const [first, second] = await Promise.allSettled([
    coordinator.submitBatch(OWNER, batch('x', 'y'), 'key'),
    coordinator.submitBatch(OWNER, batch('y', 'z'), 'key'),
  ]);
  assert.equal(first.status, 'fulfilled');
  assert.ok(second.status === 'rejected' && isFogError(second.reason, 'COORDINATOR_IDEMPOTENCY'));
  assert.equal((await coordinator.submit(OWNER, spec())).state, 'queued');
});

test('a deployment that is made again under its key while it is deleted takes its new name', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const service = (name: string): DeploymentSpec => ({
    name,
    replicas: 0,
    job: spec(),
    maxUnavailable: 1,
    probe: { kind: 'running' },
  });
  const { id } = await coordinator.deploy(OWNER, service('old'), 'key');
  await Promise.all([
    coordinator.deleteDeployment(OWNER, id),
    coordinator.deploy(OWNER, service('new'), 'key'),
  ]);
  assert.notEqual((await coordinator.deploy(OWNER, service('old'))).id, id);
});

test('a job that waits for others is not looked at any more when the term is over', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const agent = new HandAgent('a').connect(coordinator);
  const first = await coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  await coordinator.submit(OWNER, spec({ needs: [{ job: first.id, outputs: [] }] }));
  agent.result(agent.leases[0]?.token ?? 0);
  await coordinator.stop();
  await clock.advanceAsync(1);
  assert.equal(clock.pending, 0);
  await fog.restart();
  const again = new HandAgent('a', agent).connect(fog.coordinator);
  await again.until(() => again.leases.length === 1);
});

test('who stands by does not take an open task for a cancelled one', async () => {
  await using fog = await fixture();
  const job = await fog.coordinator.submit(OWNER, spec());
  const deps = { store: fog.store, clock: fog.clock, logger: silentLogger, fogId: 'fog' };
  const { core, queries } = assemble(defaultCoordinatorOptions, deps, {
    last: { token: 0, seq: 0 },
    onFailure: assert.fail,
  });
  const task = await queries.task(OWNER, job.id, 0);
  assert.deepEqual([task.state, task.outcome], ['queued', undefined]);
  await fog.coordinator.cancel(OWNER, job.id);
  assert.equal((await queries.task(OWNER, job.id, 0)).state, 'cancelled');
  await core.journal.close();
});
