/** Tasks with copies, placed by a plan: whom the copies exclude the plan leaves out too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, HandAgent, OWNER, spec } from '../fixture.ts';

test('a task whose first run is lost is planned away from its copy, once', async () => {
  await using fog = await fixture({ closeGraceMs: 1_000 });
  const { coordinator, clock } = fog;
  const join = (id: string, cpuHour: number, slots: number): HandAgent => {
    const prices = { cpuHour, gbHour: 0, gpuHour: 0, spotDiscount: 0 };
    const profile = { type: 'compute', labels: {}, prices } as const;
    return new HandAgent(id).connect(coordinator, { owner: `owner ${id}`, slots, profile });
  };
  const agents = [join('a', 1, 3), join('b', 2, 3)];
  const order = { class: 'A', determinism: 'strict', strategy: 'cost_optimize' };
  const { id } = await coordinator.submit(OWNER, spec(order));
  await Promise.all(agents.map((agent) => agent.until(() => agent.leases.length === 1)));
  const [first] = (await coordinator.task(OWNER, id, 0)).attempts;
  const lost = agents.find((agent) => agent.id === first?.node);
  // The only other one is full, and dearer than the node that has the copy.
  const third = join('c', 1_000_000, 1);
  const other = await coordinator.submit(OWNER, spec({ class: 'S', determinism: 'strict' }));
  await third.until(() => third.leases.length === 1);
  assert.equal(third.leases[0]?.job, other.id);
  lost?.session?.closed();
  const planned = new Promise<void>((resolve) => {
    coordinator.subscribe({ jobEvent: ({ type }) => type === 'planned' && resolve() });
  });
  clock.advance(2_000);
  await planned;
  for (let turn = 0; turn < 20; turn += 1) await fog.store.write(async () => {});
  assert.equal((await coordinator.fronts(OWNER, { job: id })).length, 2);
  third.result(third.leases[0]?.token ?? 0);
  await third.until(() => third.leases.length === 2);
  assert.equal(third.leases[1]?.job, id);
});
