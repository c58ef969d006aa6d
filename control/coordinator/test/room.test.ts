/** What leases hold of a node is not given out again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, HandAgent, OWNER, spec } from './fixture.ts';

const GIB = 2 ** 30;

test('tasks that fit a node alone run there one after the other, if they do not fit together', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 4, memoryBytes: 8 * GIB });
  const of = (gib: number, count: number): object => ({
    resources: { memoryBytes: gib * GIB },
    array: { count },
  });
  const large = await coordinator.submit(OWNER, spec(of(3, 3)));
  await agent.until(() => agent.leases.length === 2);
  const { nodes } = await coordinator.why({ account: OWNER, role: 'member' }, large.id);
  assert.equal(nodes[0]?.refusal, 'has not enough memory free for it');
  await coordinator.submit(OWNER, spec(of(2, 1)));
  await agent.until(() => agent.leases.length === 3);
  const small = await coordinator.submit(OWNER, spec(of(0.25, 1)));
  assert.equal((await coordinator.job(OWNER, small.id)).tasks.running, 0);
  await coordinator.cancel(OWNER, small.id);
  agent.result(agent.leases[0]?.token ?? 0);
  await agent.until(() => agent.leases.length === 4);
  assert.deepEqual([agent.leases[3]?.job, agent.leases[3]?.index], [large.id, 2]);
});
