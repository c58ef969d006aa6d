/** Batches are placed as a whole: by name, or when that pays; and what becomes of a plan that no longer fits. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobEvent } from '@fog/wire';
import type { CoordinatorApi } from '../../src/index.ts';
import { fixture, HandAgent, ok, OWNER, spec } from '../fixture.ts';

const usage = { wallMs: 400, cpuMs: 1, peakMemoryBytes: 1 };

async function eventsOf(coordinator: CoordinatorApi, id: string): Promise<JobEvent[]> {
  return coordinator.events(OWNER, id, { after: 0, limit: 1_000 });
}

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
    const why = await coordinator.why(OWNER, id);
    assert.deepEqual(why.plan?.objectives, plan.front[plan.chosen]?.objectives);
    const told = (await eventsOf(coordinator, id)).find(({ type }) => type === 'planned');
    assert.match(told?.cause ?? '', /plan p1 by nsga2: 12 tasks over 2 nodes/);
    assert.equal(coordinator.scheduler()?.decisions.nsga2, 1);
  });
});
