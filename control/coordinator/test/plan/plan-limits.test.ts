/** What a plan cannot do, and what must not spoil it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, HandAgent, ok, OWNER, spec } from '../fixture.ts';
import { eventOf, eventsOf } from './plan-events.ts';

const usage = { wallMs: 400, cpuMs: 1, peakMemoryBytes: 1 };

test('what fits no plan goes where there is room, and is not planned over and over', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const agent = new HandAgent('a').connect(coordinator);
  const planned = eventOf(coordinator, 'planned');
  // Taken to run for a second each.
  const deadlineAt = clock.now() + 500;
  const order = spec({ array: { count: 5_000 }, strategy: 'latency_first', deadlineAt });
  const { id } = await coordinator.submit(OWNER, order);
  await planned;
  await agent.until(() => agent.leases.length === 2);
  // The thread takes one after the other: it has no further plan to make.
  await coordinator.compare(OWNER, { spec: spec(), budgetMs: 1 });
  const plans = await coordinator.fronts(OWNER, { job: id });
  assert.equal(plans.length, 1);
  assert.deepEqual([plans[0]?.tasks, plans[0]?.unplaced], [2_000, 2_000]);
});

test('no running work is stopped for planned tasks of a job that was cancelled', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(coordinator, { slots: 1 }));
  const planned = eventOf(coordinator, 'planned');
  const order = spec({ array: { count: 9 }, strategy: 'latency_first', tier: 'silver' });
  const { id } = await coordinator.submit(OWNER, order);
  await planned;
  await Promise.all(agents.map((agent) => agent.until(() => agent.leases.length === 1)));
  // A slot it leaves goes to lower work, whatever its plan holds yet.
  const low = await coordinator.submit(OWNER, spec({ args: ['low'] }));
  await coordinator.cancel(OWNER, id);
  const gets = (agent: HandAgent): Promise<void> =>
    agent.until(() => agent.leases.some(({ job }) => job === low.id));
  await Promise.race(agents.map(gets));
  for (let turn = 0; turn < 5; turn += 1) {
    await coordinator.submit(OWNER, spec({ args: [`${turn}`] }));
  }
  const events = await eventsOf(coordinator, low.id);
  assert.ok(!events.some(({ type }) => type === 'preempted'));
});

test('what a machine says of its speed and of its runs spoils no plan', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const speeds = { a: 1e9, b: 1e308, c: 1e308 };
  const agents = Object.entries(speeds).map(([id, speed]) =>
    new HandAgent(id).connect(coordinator, { speed, slots: 8 }),
  );
  const order = spec({ array: { count: 2 }, strategy: 'load_balance' });
  const ids: string[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const { id } = await coordinator.submit(OWNER, order);
    ids.push(id);
    const one = agents.map((agent) =>
      agent.until(() => agent.unanswered().some(({ job }) => job === id)),
    );
    await Promise.race(one);
    const agent = agents.find((each) => each.unanswered().length > 0);
    for (const { token } of agent?.unanswered() ?? []) {
      agent?.result(token, ok({ usage: { ...usage, wallMs: 1e308 } }));
    }
    await agent?.until(() => agent.acks().tokens.length > 0);
  }
  for (const job of ids) {
    const [plan] = await coordinator.fronts(OWNER, { job });
    assert.ok((plan?.makespanMs ?? Infinity) < 1e12, `${plan?.makespanMs}`);
  }
});

test('a job whose plan has a full node for it says which', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const profile = (cpuHour: number) =>
    ({
      type: 'compute',
      labels: {},
      prices: { cpuHour, gbHour: 0, gpuHour: 0, spotDiscount: 0 },
    }) as const;
  const cheap = new HandAgent('cheap').connect(coordinator, { slots: 1, profile: profile(1) });
  const low = await coordinator.submit(OWNER, spec());
  await cheap.until(() => cheap.leases[0]?.job === low.id);
  new HandAgent('dear').connect(coordinator, { slots: 1, profile: profile(1_000_000_000) });
  const planned = eventOf(coordinator, 'planned');
  const { id } = await coordinator.submit(OWNER, spec({ strategy: 'cost_optimize' }));
  await planned;
  const { cause } = await coordinator.job(OWNER, id);
  assert.equal(cause, 'waits for room on cheap, where its plan puts it');
});
