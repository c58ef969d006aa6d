/** What jobs that named a tier got, as the coordinator measures and records it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlaTierReport } from '@fog/wire';
import type { CoordinatorApi } from '../../src/index.ts';
import { fixture, HandAgent, ok, OWNER, spec, MEMBER } from '../fixture.ts';

const OPERATOR = { account: OWNER, role: 'operator' };

function bronze(coordinator: CoordinatorApi): SlaTierReport['measured'] | undefined {
  return coordinator.slaTiers()?.find(({ tier }) => tier === 'bronze')?.measured;
}

test('a job that begins in time keeps the promise, and one without a tier is not measured', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 2 });
  await coordinator.submit(OWNER, spec());
  const job = await coordinator.submit(OWNER, spec({ tier: 'bronze', args: ['x'] }));
  await agent.until(() => agent.leases.length === 2);
  const token = agent.leases.find((lease) => lease.job === job.id)?.token ?? 0;
  fog.clock.advance(500);
  agent.session?.message({ type: 'progress', tasks: [{ token, phase: 'running' }] });
  fog.clock.advance(20_000);
  for (const lease of agent.leases) agent.result(lease.token);
  await coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  const measured = bronze(coordinator);
  assert.deepEqual([measured?.starts, measured?.tasks, measured?.attempts], [1, 1, 1]);
  assert.ok((measured?.startP95Ms ?? 0) >= 500 && (measured?.startP95Ms ?? 0) <= 525);
  const { tiers, breaches } = await coordinator.sla(OPERATOR);
  assert.deepEqual(
    tiers.map(({ isKept }) => isKept),
    [true, undefined, undefined, undefined],
  );
  assert.deepEqual(breaches, []);
});

test('a job that waits too long is told at once, and with its whole wait when it begins', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const job = await coordinator.submit(OWNER, spec({ tier: 'bronze' }));
  fog.clock.advance(2_000);
  assert.equal(bronze(coordinator)?.lateStarts, 0);
  fog.clock.advance(1_000);
  assert.deepEqual([bronze(coordinator)?.lateStarts, bronze(coordinator)?.breaches], [1, 1]);
  fog.clock.advance(7_000);
  const agent = new HandAgent('a').connect(coordinator);
  await agent.until(() => agent.leases.length === 1);
  agent.result(agent.leases[0]?.token ?? 0);
  await coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  const { breaches } = await coordinator.sla(OPERATOR);
  assert.deepEqual(
    breaches.map(({ kind, severity, value, limit }) => ({ kind, severity, value, limit })),
    [{ kind: 'latency', severity: 'high', value: 10_000, limit: 2_500 }],
  );
  assert.deepEqual([bronze(coordinator)?.starts, bronze(coordinator)?.breaches], [1, 1]);
  const { history } = await coordinator.why(MEMBER, job.id);
  assert.equal(history.filter(({ text }) => text.includes('bronze promises 2.5 s')).length, 1);
  const other = await coordinator.sla({ account: 'mallory', role: 'member' });
  assert.deepEqual(other.breaches, []);
  assert.equal(other.tiers[0]?.measured.breaches, 1);
});

test('a clock set forward is no wait, and nobody is slow by it', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
  const job = await coordinator.submit(OWNER, spec({ tier: 'bronze' }));
  const waiting = await coordinator.submit(OWNER, spec({ tier: 'bronze', args: ['x'] }));
  await agent.until(() => agent.leases.length >= 1);
  fog.clock.jump(3_600_000);
  fog.clock.advance(1_500);
  for (const { token } of agent.leases) agent.result(token);
  await coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  await agent.until(() => agent.leases.length === 2);
  for (const { token } of agent.leases) agent.result(token);
  await coordinator.job(OWNER, waiting.id, { waitMs: 5_000 });
  assert.deepEqual((await coordinator.sla(OPERATOR)).breaches, []);
  assert.deepEqual([bronze(coordinator)?.starts, bronze(coordinator)?.lateStarts], [2, 0]);
  const rows = await fog.store.db.selectFrom('evidence').selectAll().execute();
  assert.deepEqual(
    rows.filter(({ kind, good }) => kind === 'latency' && good === 0),
    [],
  );
});

test('waiting for other jobs is no waiting for the fog; giving up early is nobody’s breach', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const first = await coordinator.submit(OWNER, spec());
  const needs = [{ job: first.id, outputs: [] }];
  await coordinator.submit(OWNER, spec({ tier: 'bronze', needs }));
  const early = await coordinator.submit(OWNER, spec({ tier: 'bronze', args: ['x'] }));
  const late = await coordinator.submit(OWNER, spec({ tier: 'bronze', args: ['y'] }));
  fog.clock.advance(1_000);
  await coordinator.cancel(OWNER, early.id);
  fog.clock.advance(9_000);
  await coordinator.cancel(OWNER, late.id);
  assert.equal(bronze(coordinator)?.starts, 1);
  const { breaches } = await coordinator.sla(OPERATOR);
  assert.deepEqual(
    breaches.map(({ job }) => job),
    [late.id],
  );
});

test('a task the fog could not bring to its end is a breach; a program that fails is none', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 2 });
  const lost = await coordinator.submit(OWNER, spec({ tier: 'bronze', retries: 0 }));
  const wrong = await coordinator.submit(OWNER, spec({ tier: 'bronze', args: ['x'] }));
  await agent.until(() => agent.leases.length === 2);
  const failure = { class: 'user', code: 'EXIT_CODE', message: 'it failed' } as const;
  const token = agent.leases.find(({ job }) => job === wrong.id)?.token ?? 0;
  agent.result(token, ok({ exitCode: 3, failure }));
  await coordinator.job(OWNER, wrong.id, { waitMs: 5_000 });
  agent.session?.message({ type: 'goodbye' });
  assert.equal((await coordinator.job(OWNER, lost.id, { waitMs: 5_000 })).state, 'failed');
  const measured = bronze(coordinator);
  assert.deepEqual([measured?.tasks, measured?.successPct], [2, 50]);
  assert.deepEqual([measured?.attempts, measured?.errorPct], [2, 50]);
  const { breaches } = await coordinator.sla(OPERATOR);
  assert.deepEqual(
    breaches.map(({ job, kind, severity }) => [job, kind, severity]),
    [[lost.id, 'success', 'high']],
  );
});

test('what was taken back for more urgent work is no error', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(coordinator, { slots: 1 }));
  await coordinator.submit(OWNER, spec({ tier: 'bronze', array: { count: 2 } }));
  await Promise.all(agents.map((each) => each.until(() => each.leases.length === 1)));
  const silver = await coordinator.submit(OWNER, spec({ tier: 'silver', args: ['x'] }));
  await Promise.race(agents.map((each) => each.until(() => each.leases.length === 2)));
  const taken = agents.find((each) => each.leases[1]?.job === silver.id);
  taken?.result(taken.leases[1]?.token ?? 0);
  await coordinator.job(OWNER, silver.id, { waitMs: 5_000 });
  assert.equal(bronze(coordinator)?.attempts, 0);
});

test('measures, breaches and what open jobs got outlive a restart', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator, { slots: 2 });
  const job = await fog.coordinator.submit(
    OWNER,
    spec({ tier: 'bronze', array: { count: 2 }, retries: 0 }),
  );
  await agent.until(() => agent.leases.length === 2);
  agent.result(agent.leases[0]?.token ?? 0);
  await fog.coordinator.results(OWNER, job.id, { from: 0, limit: 1, waitMs: 5_000 });
  agent.session?.message({ type: 'goodbye' });
  await fog.coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  const waiting = await fog.coordinator.submit(OWNER, spec({ tier: 'bronze', args: ['x'] }));
  fog.clock.advance(5_000);
  const before = await fog.coordinator.sla(OPERATOR);
  assert.equal(before.breaches.length, 2);
  await fog.restart();
  assert.deepEqual(await fog.coordinator.sla(OPERATOR), before);
  // It was told before the restart: once is enough.
  fog.clock.advance(5_000);
  await fog.coordinator.cancel(OWNER, waiting.id);
  const after = await fog.coordinator.sla(OPERATOR);
  assert.equal(after.tiers[0]?.measured.breaches, 2);
  assert.equal(after.breaches.find((each) => each.job === waiting.id)?.value, 10_000);
});

test('an open job keeps its count of errors over a restart', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator, { slots: 1 });
  const job = await fog.coordinator.submit(OWNER, spec({ tier: 'bronze' }));
  await a.until(() => a.leases.length === 1);
  for (let loss = 1; loss < 3; loss += 1) {
    a.session?.message({ type: 'goodbye' });
    a.connect(fog.coordinator, { slots: 1 });
    await a.until(() => a.leases.length === loss + 1);
  }
  await fog.restart();
  const held = a.leases.map(({ token }) => token).slice(-1);
  const again = new HandAgent('a', a).connect(fog.coordinator, { slots: 1, held });
  again.result(held[0] ?? 0);
  await fog.coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  const { breaches } = await fog.coordinator.sla(OPERATOR);
  assert.deepEqual(
    breaches.map(({ kind, severity }) => [kind, severity]),
    [['errors', 'high']],
  );
});

test('a node that is slow to begin has caused the wait, and that is evidence against it', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const id = 'a'.repeat(26);
  const slow = new HandAgent(id).connect(coordinator, { slots: 2 });
  const begin = async (args: string, waitMs: number): Promise<void> => {
    const job = await coordinator.submit(OWNER, spec({ tier: 'bronze', args: [args] }));
    await slow.until(() => slow.leases.at(-1)?.job === job.id);
    fog.clock.advance(waitMs);
    const token = slow.leases.at(-1)?.token ?? 0;
    slow.session?.message({ type: 'progress', tasks: [{ token, phase: 'running' }] });
    slow.result(token, ok({ usage: { wallMs: 1_000, cpuMs: 1, peakMemoryBytes: 1 } }));
    await coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  };
  await begin('x', 4_000);
  await begin('y', 100);
  const { breaches } = await coordinator.sla(OPERATOR);
  assert.deepEqual(
    breaches.map(({ node, value }) => [node, value]),
    [[id, 4_000]],
  );
  const rows = await fog.store.db.selectFrom('evidence').selectAll().orderBy('id').execute();
  assert.deepEqual(
    rows.filter(({ kind }) => kind === 'latency').map(({ node, good }) => [node, good]),
    [
      [id, 0],
      [id, 1],
    ],
  );
});
