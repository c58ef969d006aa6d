/** Batches are placed as a whole: by name, or when that pays; and what becomes of a plan that no longer fits. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLACEMENT_STRATEGIES } from '@fog/wire';
import type { CoordinatorApi } from '../../src/index.ts';
import { fixture, HandAgent, ok, OWNER, spec, MEMBER } from '../fixture.ts';
import { eventOf, eventsOf } from './plan-events.ts';

const usage = { wallMs: 400, cpuMs: 1, peakMemoryBytes: 1 };

/** The agents answer all they hold, and what comes after, until the job has ended. */
async function work(
  agents: readonly HandAgent[],
  coordinator: CoordinatorApi,
  id: string,
): Promise<string> {
  const end = coordinator.job(OWNER, id, { waitMs: 30_000 }).then(({ state }) => state);
  for (;;) {
    const more = agents.map((agent) => agent.until(() => agent.unanswered().length > 0));
    const state = await Promise.race([end, Promise.race(more)]);
    if (state !== undefined) return state;
    for (const agent of agents) {
      for (const { token } of agent.unanswered()) agent.result(token, ok({ usage }));
    }
  }
}

async function assertEachOnce(coordinator: CoordinatorApi, id: string): Promise<void> {
  const { results } = await coordinator.results(OWNER, id, { from: 0, limit: 1_000, waitMs: 0 });
  const job = await coordinator.job(OWNER, id);
  assert.equal(results.length, job.tasks.total);
  for (const { index, state } of results) {
    assert.equal(state, 'settled');
    const { attempts } = await coordinator.task(OWNER, id, index);
    assert.equal(attempts.filter((attempt) => attempt.state === 'accepted').length, 1);
  }
}

async function tokensOf(coordinator: CoordinatorApi, id: string, index: number): Promise<number[]> {
  const { attempts } = await coordinator.task(OWNER, id, index);
  return attempts.map(({ token }) => token);
}

describe('a job that names a strategy', () => {
  it('waits for its plan, follows it, and can say which it was', async () => {
    await using fog = await fixture();
    const { coordinator } = fog;
    const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(coordinator));
    const order = spec({ array: { count: 12 }, strategy: 'nsga2' });
    const { id } = await coordinator.submit(OWNER, order);
    assert.equal(await work(agents, coordinator, id), 'settled');
    const [plan, ...others] = await coordinator.fronts(OWNER, { job: id });
    assert.deepEqual(others, []);
    assert.equal(plan?.strategy, 'nsga2');
    assert.deepEqual([plan.tasks, plan.nodes, plan.unplaced], [12, 2, 0]);
    const wanted = plan.front[plan.chosen]?.perNode ?? {};
    for (const agent of agents) assert.equal(agent.leases.length, wanted[agent.id] ?? 0);
    const why = await coordinator.why(MEMBER, id);
    assert.deepEqual(why.plan?.objectives, plan.front[plan.chosen]?.objectives);
    const told = (await eventsOf(coordinator, id)).find(({ type }) => type === 'planned');
    assert.match(told?.cause ?? '', /plan p1 by nsga2: 12 tasks over 2 nodes/);
    assert.equal(coordinator.scheduler()?.decisions.nsga2, 1);
    await assert.rejects(coordinator.fronts('ann', { job: id }), /no job/i);
    assert.deepEqual(await coordinator.fronts('ann', {}), []);
  });

  it('goes where there is room when the thread ends, and says so', async () => {
    const planEntry = new URL('ending-thread.ts', import.meta.url);
    await using fog = await fixture({}, { planEntry });
    const { coordinator } = fog;
    const agent = new HandAgent('a').connect(coordinator);
    const order = spec({ array: { count: 5 }, strategy: 'cost_optimize' });
    const { id } = await coordinator.submit(OWNER, order);
    assert.equal(await work([agent], coordinator, id), 'settled');
    await assertEachOnce(coordinator, id);
    const told = (await eventsOf(coordinator, id)).find(({ type }) => type === 'unplanned');
    assert.match(told?.cause ?? '', /not planned: the planning thread ended: out of luck/);
    assert.deepEqual(await coordinator.fronts(OWNER, { job: id }), []);
    assert.equal(coordinator.scheduler()?.failed, 1);
  });

  it('waits no longer for a plan than that may take', async () => {
    const planEntry = new URL('silent-thread.ts', import.meta.url);
    await using fog = await fixture({}, { planEntry });
    const { coordinator, clock } = fog;
    const agent = new HandAgent('a').connect(coordinator);
    const { id } = await coordinator.submit(OWNER, spec({ strategy: 'nsga2' }));
    const { cause } = await coordinator.job(OWNER, id);
    assert.equal(cause, 'waits until its placement is planned');
    clock.advance(20_000);
    assert.equal(await work([agent], coordinator, id), 'settled');
  });

  it('waits for a node like any other, and is planned when there is one', async () => {
    await using fog = await fixture();
    const { coordinator } = fog;
    const order = spec({ array: { count: 3 }, strategy: 'load_balance' });
    const { id } = await coordinator.submit(OWNER, order);
    assert.match((await coordinator.job(OWNER, id)).cause ?? '', /none is connected/);
    const agent = new HandAgent('a').connect(coordinator);
    assert.equal(await work([agent], coordinator, id), 'settled');
    assert.equal((await coordinator.fronts(OWNER, { job: id })).length, 1);
  });

  it('keeps copies of one task with different owners', async () => {
    await using fog = await fixture();
    const { coordinator } = fog;
    const owners = ['ann', 'bob', 'cleo'];
    const agents = owners.map((owner) => new HandAgent(owner).connect(coordinator, { owner }));
    const strict = { class: 'S', determinism: 'strict', strategy: 'nsga2' };
    const { id } = await coordinator.submit(OWNER, spec({ array: { count: 12 }, ...strict }));
    assert.equal(await work(agents, coordinator, id), 'settled');
    const indices = [...Array(12).keys()];
    const tokens = await Promise.all(indices.map((index) => tokensOf(coordinator, id, index)));
    const firstEnded = Math.min(...tokens.map((all) => Math.max(...all)));
    const lastBegun = Math.max(...tokens.map((all) => Math.min(...all)));
    assert.equal((await coordinator.fronts(OWNER, { job: id })).length, 1);
    assert.ok(firstEnded < lastBegun, 'what was begun is ended before more is begun');
    for (const index of indices) {
      const { attempts, verification } = await coordinator.task(OWNER, id, index);
      assert.equal(new Set(attempts.map(({ node }) => node)).size, attempts.length);
      assert.ok((verification?.agreed ?? 0) >= 2);
    }
  });

  it('is cancelled with what its plan holds', async () => {
    await using fog = await fixture();
    const { coordinator, clock } = fog;
    const agent = new HandAgent('a').connect(coordinator);
    const planned = eventOf(coordinator, 'planned');
    const order = spec({ array: { count: 50 }, strategy: 'latency_first' });
    const { id } = await coordinator.submit(OWNER, order);
    await planned;
    await agent.until(() => agent.leases.length === 2);
    await coordinator.cancel(OWNER, id);
    clock.advance(1_000);
    assert.deepEqual(
      [coordinator.scheduler()?.plannedTasks, coordinator.counts().jobs.queuedTasks],
      [0, 0],
    );
    assert.equal(agent.leases.length, 2);
  });
});

describe('a plan', () => {
  it('is made again when a node vanishes: nothing is lost, nothing is taken twice', async () => {
    await using fog = await fixture();
    const { coordinator, clock } = fog;
    const [a, b] = ['a', 'b'].map((id) => new HandAgent(id).connect(coordinator)) as [
      HandAgent,
      HandAgent,
    ];
    const order = spec({ array: { count: 40 }, strategy: 'load_balance' });
    const planned = eventOf(coordinator, 'planned');
    const { id } = await coordinator.submit(OWNER, order);
    await planned;
    await Promise.all([a, b].map((agent) => agent.until(() => agent.leases.length === 2)));
    const again = eventOf(coordinator, 'planned');
    b.session?.closed();
    clock.advance(10_000);
    assert.match((await again).cause ?? '', /because b takes no work now/);
    assert.equal(await work([a], coordinator, id), 'settled');
    await assertEachOnce(coordinator, id);
    assert.equal(a.leases.length + b.leases.length, 42);
  });

  it('is made again when a node joins, and moves what waits', async () => {
    await using fog = await fixture();
    const { coordinator, clock } = fog;
    const a = new HandAgent('a').connect(coordinator);
    const planned = eventOf(coordinator, 'planned');
    const order = spec({ array: { count: 20 }, strategy: 'latency_first' });
    const { id } = await coordinator.submit(OWNER, order);
    await planned;
    await a.until(() => a.leases.length === 2);
    clock.advance(3_000);
    const again = eventOf(coordinator, 'planned');
    const b = new HandAgent('b').connect(coordinator);
    assert.match((await again).cause ?? '', /because b can take work now/);
    assert.equal(await work([a, b], coordinator, id), 'settled');
    assert.ok(b.leases.length >= 5, `b got ${b.leases.length}`);
    await assertEachOnce(coordinator, id);
  });

  it('is made again for what is due before the tasks it has', async () => {
    await using fog = await fixture();
    const { coordinator, clock } = fog;
    const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
    const again = eventOf(coordinator, 'planned', 2);
    const order = { array: { count: 3_000 }, strategy: 'latency_first' };
    await coordinator.submit(OWNER, spec(order));
    const deadlineAt = clock.now() + 3_600_000;
    const due = await coordinator.submit(
      OWNER,
      spec({ ...order, array: { count: 1 }, deadlineAt }),
    );
    assert.match((await again).cause ?? '', /because/);
    await agent.until(() => agent.leases.length === 1);
    agent.result(agent.leases[0]?.token ?? 0, ok({ usage }));
    await agent.until(() => agent.leases.length === 2);
    assert.ok(agent.leases.some(({ job }) => job === due.id));
  });

  it('survives a restart as a record; the tasks it had not given out are planned anew', async () => {
    await using fog = await fixture();
    const planned = eventOf(fog.coordinator, 'planned');
    const a = new HandAgent('a').connect(fog.coordinator);
    const order = spec({ array: { count: 10 }, strategy: 'trust_first' });
    const { id } = await fog.coordinator.submit(OWNER, order);
    await planned;
    await a.until(() => a.leases.length === 2);
    const before = await fog.coordinator.fronts(OWNER, { job: id });
    await fog.restart();
    assert.deepEqual(await fog.coordinator.fronts(OWNER, { job: id }), before);
    const held = a.leases.map(({ token }) => token);
    const back = new HandAgent('a', a).connect(fog.coordinator, { held });
    for (const token of held) back.result(token, ok({ usage }));
    assert.equal(await work([back], fog.coordinator, id), 'settled');
    const plans = await fog.coordinator.fronts(OWNER, { job: id });
    assert.deepEqual(
      plans.map((plan) => [plan.id, plan.tasks]),
      [
        ['p2', 8],
        ['p1', 10],
      ],
    );
  });

  it('gives way to nobody of a lower tier, and takes a slot of theirs', async () => {
    await using fog = await fixture();
    const { coordinator } = fog;
    const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
    const low = await coordinator.submit(OWNER, spec({ args: ['low'] }));
    await agent.until(() => agent.leases.length === 1);
    const strict = { class: 'A', determinism: 'strict', allowSameOwner: true };
    const b = new HandAgent('b').connect(coordinator, { slots: 1 });
    const high = await coordinator.submit(OWNER, spec({ ...strict, strategy: 'latency_first' }));
    await Promise.all([
      agent.until(() => agent.leases.length === 2),
      b.until(() => b.leases.length === 1),
    ]);
    assert.deepEqual([agent.leases[1]?.job, b.leases[0]?.job], [high.id, high.id]);
    const events = await eventsOf(coordinator, low.id);
    assert.ok(events.some(({ type }) => type === 'preempted'));
  });
});

/** A batch of which each of two machines has run enough to tell that the rest takes long. */
async function longBatch(
  coordinator: CoordinatorApi,
): Promise<{ readonly agents: readonly HandAgent[]; readonly id: string }> {
  const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(coordinator));
  const { id } = await coordinator.submit(OWNER, spec({ array: { count: 60 } }));
  for (const agent of agents) {
    await agent.until(() => agent.leases.length === 2);
    for (const { token } of agent.unanswered()) agent.result(token, ok({ usage }));
    await agent.until(() => agent.leases.length === 4);
  }
  return { agents, id };
}

describe('auto', () => {
  it('plans a batch once its run time is known and long, while its tasks go out greedily', async () => {
    await using fog = await fixture();
    const { coordinator, clock } = fog;
    const { agents, id } = await longBatch(coordinator);
    assert.deepEqual(await coordinator.fronts(OWNER, { job: id }), []);
    const planned = eventOf(coordinator, 'planned');
    clock.advance(500);
    assert.match((await planned).cause ?? '', /by nsga2: 52 tasks .* a plan pays/);
    assert.equal(await work(agents, coordinator, id), 'settled');
    await assertEachOnce(coordinator, id);
  });

  it('gives way when work of another kind waits for the same nodes', async () => {
    await using fog = await fixture();
    const { coordinator, clock } = fog;
    const { agents, id } = await longBatch(coordinator);
    const planned = eventOf(coordinator, 'planned');
    clock.advance(500);
    await planned;
    assert.equal(coordinator.scheduler()?.plannedTasks, 52);
    // What no node could take holds nobody up.
    await coordinator.submit(OWNER, spec({ args: ['mars'], region: 'mars' }));
    clock.advance(1_500);
    assert.equal(coordinator.scheduler()?.plannedTasks, 52);
    const other = await coordinator.submit(OWNER, spec({ array: { count: 40 }, priority: 4 }));
    const released = eventOf(coordinator, 'unplanned');
    clock.advance(1_500);
    assert.match((await released).cause ?? '', /^other work waits for the same nodes/);
    assert.equal(coordinator.scheduler()?.plannedTasks, 0);
    assert.equal(await work(agents, coordinator, id), 'settled');
    assert.equal(await work(agents, coordinator, other.id), 'settled');
    await assertEachOnce(coordinator, id);
    assert.equal((await coordinator.fronts(OWNER, { job: id })).length, 1);
  });

  it('lets what is due pass the tasks it planned', async () => {
    await using fog = await fixture();
    const { coordinator, clock } = fog;
    const { agents } = await longBatch(coordinator);
    const planned = eventOf(coordinator, 'planned');
    clock.advance(500);
    await planned;
    const due = await coordinator.submit(OWNER, spec({ deadlineAt: clock.now() + 60_000 }));
    const [a] = agents as [HandAgent];
    a.result(a.unanswered()[0]?.token ?? 0, ok({ usage }));
    await a.until(() => a.leases.length === 5);
    assert.equal(a.leases[4]?.job, due.id);
  });

  it('leaves short work, small batches and single nodes alone', async () => {
    await using fog = await fixture();
    const { coordinator, clock } = fog;
    const agent = new HandAgent('a').connect(coordinator);
    const orders = [
      { array: { count: 500 }, args: ['short'], module: 'a'.repeat(64), wallMs: 2 },
      { array: { count: 20 }, args: ['small'], module: 'a'.repeat(64), wallMs: 3_000 },
    ];
    for (const { wallMs, ...order } of orders) {
      const { id } = await coordinator.submit(OWNER, spec(order));
      await agent.until(() => agent.unanswered().length > 0);
      const [first] = agent.unanswered();
      agent.result(first?.token ?? 0, ok({ usage: { ...usage, wallMs } }));
      clock.advance(2_000);
      assert.equal(await work([agent], coordinator, id), 'settled');
      assert.deepEqual(await coordinator.fronts(OWNER, { job: id }), []);
    }
    assert.equal(coordinator.scheduler()?.thread, 'idle');
  });
});

describe('strategies are compared', () => {
  it('for a batch that never runs, on the fleet as it is', async () => {
    await using fog = await fixture();
    const { coordinator } = fog;
    for (const id of ['a', 'b']) new HandAgent(id).connect(coordinator);
    const answer = await coordinator.compare(OWNER, { spec: spec({ array: { count: 30 } }) });
    assert.deepEqual(
      answer.forecasts.map(({ strategy }) => strategy),
      PLACEMENT_STRATEGIES,
    );
    assert.deepEqual([answer.tasks, answer.nodes, answer.expected], [30, 2, 'assumed']);
    for (const { unplaced, objectives, makespanMs } of answer.forecasts) {
      assert.equal(unplaced, 0);
      assert.ok(objectives !== undefined && makespanMs > 0);
    }
    const nsga2 = answer.forecasts.find(({ strategy }) => strategy === 'nsga2');
    assert.deepEqual(nsga2?.dominatedBy, []);
    assert.equal(coordinator.counts().jobs.open, 0);
  });

  it('also within a millisecond, without nodes, and with demands nobody meets', async () => {
    await using fog = await fixture();
    const { coordinator } = fog;
    const batch = spec({ array: { count: 30 } });
    const none = await coordinator.compare(OWNER, { spec: batch });
    assert.ok(none.forecasts.every(({ unplaced }) => unplaced === 30));
    new HandAgent('a').connect(coordinator);
    const quick = await coordinator.compare(OWNER, { spec: batch, budgetMs: 1, expectedMs: 50 });
    assert.ok(quick.forecasts.every(({ unplaced }) => unplaced === 0));
    assert.deepEqual([quick.expectedMs, quick.expected], [50, 'asked']);
    const nowhere = { ...batch, region: 'mars', minTrust: 1, labels: { disk: 'ssd' } };
    const impossible = await coordinator.compare(OWNER, { spec: nowhere });
    assert.ok(impossible.forecasts.every(({ objectives }) => objectives === undefined));
    assert.deepEqual(Object.values(impossible.excluded), [['a']]);
  });

  it('for a job of the account only', async () => {
    await using fog = await fixture();
    const { coordinator } = fog;
    new HandAgent('a').connect(coordinator);
    const { id } = await coordinator.submit(OWNER, spec({ array: { count: 8 } }));
    assert.equal((await coordinator.compare(OWNER, { job: id })).tasks, 8);
    await assert.rejects(coordinator.compare('ann', { job: id }), /no job/i);
  });
});
