/** Tasks with copies, placed by a plan: what the copies exclude holds for the plan too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, HandAgent, OWNER, spec } from '../fixture.ts';

test('a task whose first run is lost is planned away from its copies', async () => {
  await using fog = await fixture({ closeGraceMs: 1_000 });
  const { coordinator, clock } = fog;
  const prices = { cpuHour: 0, gbHour: 0, gpuHour: 0, spotDiscount: 0 };
  const join = (id: string, cpuHour: number): HandAgent =>
    new HandAgent(id).connect(coordinator, {
      owner: `owner ${id}`,
      profile: { type: 'compute', labels: {}, prices: { ...prices, cpuHour } },
    });
  const agents = [join('a', 1), join('b', 1_000_000)];
  const order = { class: 'A', determinism: 'strict', strategy: 'cost_optimize' };
  const { id } = await coordinator.submit(OWNER, spec(order));
  await Promise.all(agents.map((agent) => agent.until(() => agent.leases.length === 1)));
  const [first] = (await coordinator.task(OWNER, id, 0)).attempts;
  const lost = agents.find((agent) => agent.id === first?.node);
  const copy = agents.find((agent) => agent.id !== first?.node);
  // Dearer than the node that has the copy.
  const third = join('c', 2_000_000);
  lost?.session?.closed();
  clock.advance(2_000);
  await third.until(() => third.leases.length === 1);
  assert.equal(copy?.leases.length, 1);
  const plans = await coordinator.fronts(OWNER, { job: id });
  console.log(JSON.stringify(plans,null,1));
  assert.equal(plans.length, 2);
});
