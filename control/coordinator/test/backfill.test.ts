/** A task that needs several slots gets them, though others would take each as it comes free. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobSpec } from '@fog/wire';
import { fixture, HandAgent, ok, OWNER, spec } from './fixture.ts';

const wide = (over: object = {}): JobSpec =>
  spec({ resources: { memoryBytes: 2 ** 20, cores: 2 }, args: ['wide'], ...over });

test('a wide task does not starve: slots that come free are kept for it', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const usage = { wallMs: 60_000, cpuMs: 1, peakMemoryBytes: 1 };
  const agent = new HandAgent('a').connect(coordinator, { slots: 2 });
  await coordinator.submit(OWNER, spec({ array: { count: 6 } }));
  await agent.until(() => agent.leases.length === 2);
  const job = await coordinator.submit(OWNER, wide({ priority: 1 }));
  // Others would take this slot.
  agent.result(agent.leases[0]?.token ?? 0, ok({ usage }));
  await agent.until(() => agent.acks().tokens.length === 1);
  await fog.store.write(async () => {});
  assert.equal(agent.leases.length, 2);
  // A slot is free, and it is told why it is not for this one.
  const narrow = await coordinator.submit(OWNER, spec({ tier: 'bronze' }));
  const { cause } = await coordinator.job(OWNER, narrow.id);
  assert.equal(cause, 'waits for a free slot: a is kept for work that needs several at once');
  agent.result(agent.leases[1]?.token ?? 0, ok({ usage }));
  await agent.until(() => agent.leases.length === 3);
  assert.equal(agent.leases[2]?.job, job.id);
  // It has both slots: the rest goes on when it has ended.
  agent.result(agent.leases[2]?.token ?? 0, ok({ usage }));
  await agent.until(() => agent.leases.length === 5);
});

test('what waits for room keeps one node, and others pass it on the rest', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const usage = { wallMs: 60_000, cpuMs: 1, peakMemoryBytes: 1 };
  const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(coordinator, { slots: 2 }));
  const given = (): number => agents.reduce((sum, { leases }) => sum + leases.length, 0);
  const [a, b] = agents as [HandAgent, HandAgent];
  await coordinator.submit(OWNER, spec({ array: { count: 20 } }));
  await Promise.all(agents.map((agent) => agent.until(() => agent.leases.length === 2)));
  const job = await coordinator.submit(OWNER, wide({ priority: 1 }));
  const isThere = (): boolean =>
    agents.some(({ leases }) => leases.some((lease) => lease.job === job.id));
  for (let turn = 0; !isThere() && turn < 4; turn += 1) {
    const before = given();
    for (const agent of [a, b]) agent.result(agent.leases[turn]?.token ?? 0, ok({ usage }));
    await Promise.all(agents.map((agent) => agent.until(() => agent.acks().tokens.length > turn)));
    await fog.store.write(async () => {});
    assert.ok(given() > before, 'somebody passes');
  }
  assert.ok(isThere());
});

test('a wide task that no plan has a node for does not starve either', async () => {
  const planEntry = new URL('plan/ending-thread.ts', import.meta.url);
  await using fog = await fixture({}, { planEntry });
  const { coordinator } = fog;
  const usage = { wallMs: 60_000, cpuMs: 1, peakMemoryBytes: 1 };
  const agent = new HandAgent('a').connect(coordinator, { slots: 2 });
  await coordinator.submit(OWNER, spec({ array: { count: 6 } }));
  await agent.until(() => agent.leases.length === 2);
  const unplanned = new Promise<void>((resolve) => {
    coordinator.subscribe({ jobEvent: ({ type }) => type === 'unplanned' && resolve() });
  });
  const job = await coordinator.submit(OWNER, wide({ priority: 1, strategy: 'nsga2' }));
  await unplanned;
  agent.result(agent.leases[0]?.token ?? 0, ok({ usage }));
  await agent.until(() => agent.acks().tokens.length === 1);
  await fog.store.write(async () => {});
  assert.equal(agent.leases.length, 2);
  agent.result(agent.leases[1]?.token ?? 0, ok({ usage }));
  await agent.until(() => agent.leases.length === 3);
  assert.equal(agent.leases[2]?.job, job.id);
});
