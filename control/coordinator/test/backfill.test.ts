/** A task that needs several slots gets them, though others would take each as it comes free. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobSpec } from '@fog/wire';
import { fixture, HandAgent, ok, OWNER, spec } from './fixture.ts';

const wide = (over: object = {}): JobSpec =>
  spec({ resources: { memoryBytes: 2 ** 20, cores: 2 }, args: ['wide'], ...over });

/** More than a small node has. */
const big = { memoryBytes: 2 ** 22 };

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
  assert.equal(cause, 'waits for a free slot: a is kept for larger work whose turn it is');
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

test('a task nobody has run passes if its limit, or what programs usually take, is over before', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const usage = { wallMs: 60_000, cpuMs: 1, peakMemoryBytes: 1 };
  const agent = new HandAgent('a').connect(coordinator, { slots: 3 });
  await coordinator.submit(OWNER, spec({ array: { count: 9 } }));
  await agent.until(() => agent.leases.length === 3);
  const job = await coordinator.submit(
    OWNER,
    wide({ priority: 1, resources: { ...big, cores: 3 } }),
  );
  agent.result(agent.leases[0]?.token ?? 0, ok({ usage }));
  await agent.until(() => agent.acks().tokens.length === 1);
  const module = 'c'.repeat(64);
  await coordinator.addReference(OWNER, module, 8);
  await coordinator.submit(OWNER, spec({ module, priority: 2, timeoutMs: 3_600_000 }));
  const quick = await coordinator.submit(OWNER, spec({ module, priority: 3, timeoutMs: 5_000 }));
  await agent.until(() => agent.leases.length === 4);
  assert.equal(agent.leases[3]?.job, quick.id);
  for (const { token } of agent.unanswered()) agent.result(token, ok({ usage }));
  await agent.until(() => agent.leases.length === 5);
  assert.equal(agent.leases[4]?.job, job.id);
});

test('the node that is kept for a copy is one that may have it', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const usage = { wallMs: 60_000, cpuMs: 1, peakMemoryBytes: 1 };
  const join = (id: string, over: object): HandAgent =>
    new HandAgent(id).connect(coordinator, { owner: `owner ${id}`, slots: 2, ...over });
  const profile = { type: 'compute', labels: { place: 'here' } };
  const b = join('b', { profile });
  const c = join('c', { profile, memoryBytes: 2 ** 21 });
  const small = { resources: { memoryBytes: 2 ** 20 } };
  const rest = { array: { count: 6 }, tier: 'silver', labels: { place: 'here' } };
  await coordinator.submit(OWNER, spec({ ...small, ...rest }));
  await Promise.all([b, c].map((agent) => agent.until(() => agent.leases.length === 2)));
  const a = join('a', { slots: 4 });
  const strict = { class: 'A', determinism: 'strict' };
  const job = await coordinator.submit(OWNER, wide({ ...strict, resources: { ...big, cores: 2 } }));
  await a.until(() => a.leases[0]?.job === job.id);
  // Others would take this slot, and its first run's node has room enough.
  b.result(b.leases[0]?.token ?? 0, ok({ usage }));
  await b.until(() => b.acks().tokens.length === 1);
  await fog.store.write(async () => {});
  b.result(b.leases[1]?.token ?? 0, ok({ usage }));
  await b.until(() => b.leases.length === 3);
  assert.equal(b.leases[2]?.job, job.id);
});

test('a task that needs much memory does not starve either', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const usage = { wallMs: 60_000, cpuMs: 1, peakMemoryBytes: 1 };
  const agent = new HandAgent('a').connect(coordinator, { slots: 2, memoryBytes: 2 ** 22 });
  const part = { resources: { memoryBytes: 2 ** 21 } };
  await coordinator.submit(OWNER, spec({ ...part, array: { count: 6 } }));
  await agent.until(() => agent.leases.length === 2);
  const job = await coordinator.submit(OWNER, spec({ resources: big, priority: 1 }));
  agent.result(agent.leases[0]?.token ?? 0, ok({ usage }));
  await agent.until(() => agent.acks().tokens.length === 1);
  await fog.store.write(async () => {});
  agent.result(agent.leases[1]?.token ?? 0, ok({ usage }));
  await agent.until(() => agent.leases.length === 3);
  assert.equal(agent.leases[2]?.job, job.id);
});

test('nothing is taken back on the node that is kept for work which may not use it', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const agents = ['b', 'c'].map((id) => new HandAgent(id).connect(coordinator, { slots: 1 }));
  await coordinator.submit(OWNER, spec({ array: { count: 9 } }));
  await Promise.all(agents.map((agent) => agent.until(() => agent.leases.length === 1)));
  clock.advance(10);
  const a = new HandAgent('a').connect(coordinator, { slots: 2 });
  await a.until(() => a.leases.length === 2);
  await coordinator.submit(OWNER, wide({ priority: 1 }));
  const { id } = await coordinator.submit(OWNER, spec({ tier: 'silver', args: ['silver'] }));
  await fog.store.write(async () => {});
  assert.deepEqual(
    a.sent.filter(({ type }) => type === 'cancel'),
    [],
  );
  for (const { leases } of agents) assert.equal(leases.at(-1)?.job, id);
});
