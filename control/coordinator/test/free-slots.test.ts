/** A slot that comes free is given on at once, to whoever waits for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, HandAgent, ok, OWNER, spec } from './fixture.ts';

test('the slot of a job that expires goes to the next one', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
  const first = await coordinator.submit(OWNER, spec({ deadlineAt: clock.now() + 5_000 }));
  await agent.until(() => agent.leases.length === 1);
  const next = await coordinator.submit(OWNER, spec({ args: ['next'] }));
  clock.advance(6_000);
  assert.equal((await coordinator.job(OWNER, first.id, { waitMs: 5_000 })).state, 'expired');
  assert.equal((await coordinator.job(OWNER, next.id)).state, 'placing');
});

test('the slot of a task that is given up goes to the next one', async () => {
  await using fog = await fixture({ leaseMs: 5_000 });
  const { coordinator, clock } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
  const array = await coordinator.submit(OWNER, spec({ array: { count: 2 }, retries: 0 }));
  await agent.until(() => agent.leases.length === 1);
  clock.advance(7_000);
  await agent.until(() => agent.leases.length === 2);
  agent.result(agent.leases[1]?.token ?? 0);
  assert.equal((await coordinator.job(OWNER, array.id, { waitMs: 5_000 })).state, 'failed');
});

test('short work that is queued ahead on every node does not keep other work out', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
  await coordinator.submit(OWNER, spec({ array: { count: 40 } }));
  await agent.until(() => agent.leases.length === 1);
  agent.result(agent.leases[0]?.token ?? 0);
  await agent.until(() => agent.leases.length === 9);
  // Another program: nobody knows yet how long it runs.
  await coordinator.addReference(OWNER, 'c'.repeat(64), 8);
  const other = await coordinator.submit(OWNER, spec({ module: 'c'.repeat(64) }));
  for (let at = 1; at < 20; at += 1) {
    if (agent.leases.some(({ job }) => job === other.id)) break;
    const before = agent.acks().tokens.length;
    agent.result(agent.leases[at]?.token ?? 0);
    await agent.until(() => agent.acks().tokens.length > before);
    await coordinator.addReference(OWNER, 'd'.repeat(64), 8);
  }
  const at = agent.leases.findIndex(({ job }) => job === other.id);
  assert.ok(at > 0 && at <= 10, `it came at ${at}`);
});

test('no running work is stopped for a copy that its node could not take', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const [a, b, c] = ['a', 'b', 'c'].map((id) =>
    new HandAgent(id).connect(coordinator, { slots: 2, owner: `owner ${id}` }),
  ) as [HandAgent, HandAgent, HandAgent];
  const low = await coordinator.submit(OWNER, spec({ array: { count: 6 } }));
  await Promise.all([a, b, c].map((each) => each.until(() => each.leases.length === 2)));
  const checked = await coordinator.submit(OWNER, spec({ class: 'S', determinism: 'strict' }));
  const has = (each: HandAgent): boolean => each.leases.some(({ job }) => job === checked.id);
  await Promise.all([a, b, c].map((each) => each.until(() => has(each))));
  c.session?.message({ type: 'goodbye' });
  await coordinator.addReference(OWNER, 'd'.repeat(64), 8);
  const events = await coordinator.events(OWNER, low.id, { after: 0, limit: 100 });
  assert.equal(events.filter(({ type }) => type === 'preempted').length, 3);
});

test('work of a higher tier is not kept waiting by a cancelled job before it', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const usage = { wallMs: 1_000, cpuMs: 1, peakMemoryBytes: 1 };
  const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(coordinator, { slots: 1 }));
  await coordinator.submit(OWNER, spec({ tier: 'silver', args: ['holds'] }));
  await Promise.all(agents.map((agent) => agent.until(() => agent.leases.length === 1)));
  const cancelled = await coordinator.submit(OWNER, spec({ tier: 'silver', args: ['cancelled'] }));
  await coordinator.submit(OWNER, spec({ priority: 1 }));
  const last = await coordinator.submit(OWNER, spec({ tier: 'silver', args: ['last'] }));
  await coordinator.cancel(OWNER, cancelled.id);
  const [agent] = agents;
  agent?.result(agent.leases[0]?.token ?? 0, ok({ usage }));
  const hasLast = (each: HandAgent): boolean => each.leases.some(({ job }) => job === last.id);
  await Promise.race(agents.map((each) => each.until(() => hasLast(each))));
});
