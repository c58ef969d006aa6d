/** Urgent work takes slots, and the tail of a job is run twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, HandAgent, ok, OWNER, spec } from './fixture.ts';

/** Long enough that nothing is queued ahead on a node. */
const usage = { wallMs: 1_000, cpuMs: 1, peakMemoryBytes: 1 };

test('a job of a higher tier takes the youngest slot of a lower one, which costs no retry', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 2 });
  const low = await coordinator.submit(OWNER, spec({ array: { count: 2 }, retries: 0 }));
  await agent.until(() => agent.leases.length === 2);
  const gold = await coordinator.submit(OWNER, spec({ tier: 'gold', args: ['gold'] }));
  await agent.until(() => agent.leases.length === 3);
  assert.equal(agent.leases[2]?.job, gold.id);
  const cancel = agent.sent.find((message) => message.type === 'cancel');
  assert.match(cancel?.reason ?? '', /higher tier/);
  const taken = agent.leases.find((lease) => cancel?.tokens.includes(lease.token));
  agent.result(agent.leases[2]?.token ?? 0);
  await agent.until(() => agent.leases.length === 4);
  assert.deepEqual([agent.leases[3]?.job, agent.leases[3]?.index], [low.id, taken?.index]);
  for (const lease of agent.leases) if (lease !== taken) agent.result(lease.token);
  assert.equal((await coordinator.job(OWNER, low.id, { waitMs: 5_000 })).state, 'settled');
  const events = await coordinator.events(OWNER, low.id, { after: 0, limit: 100 });
  assert.equal(events.filter((event) => event.type === 'preempted').length, 1);
});

test('equal work is not taken back, nor the same task for ever', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
  await coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const waiting = await coordinator.submit(OWNER, spec({ args: ['x'] }));
  assert.match((await coordinator.job(OWNER, waiting.id)).cause ?? '', /free slot/);
  await coordinator.cancel(OWNER, waiting.id);
  for (let turn = 0; turn < 3; turn += 1) {
    const before = agent.leases.length;
    await coordinator.submit(OWNER, spec({ tier: 'silver', args: [String(turn)] }));
    await agent.until(() => agent.leases.length === before + 1);
    agent.result(agent.leases[before]?.token ?? 0, ok({ usage }));
    await agent.until(() => agent.leases.length === before + 2);
  }
  const last = await coordinator.submit(OWNER, spec({ tier: 'silver', args: ['last'] }));
  assert.match((await coordinator.job(OWNER, last.id)).cause ?? '', /free slot/);
});

test('a straggler of the tail gets a copy elsewhere; the first result counts, the other is told to stop', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const a = new HandAgent('a').connect(coordinator, { slots: 4 });
  const job = await coordinator.submit(OWNER, spec({ array: { count: 4 } }));
  await a.until(() => a.leases.length === 4);
  const [slow, ...quick] = a.leases;
  for (const { token } of quick) a.result(token, ok({ usage }));
  a.session?.message({ type: 'progress', tasks: [{ token: slow?.token ?? 0, phase: 'running' }] });
  const b = new HandAgent('b').connect(coordinator, { slots: 1 });
  clock.advance(2_000);
  assert.equal(b.leases.length, 0);
  clock.advance(3_000);
  await b.until(() => b.leases.length === 1);
  assert.equal(b.leases[0]?.index, slow?.index);
  b.result(b.leases[0]?.token ?? 0, ok({ usage }));
  assert.equal((await coordinator.job(OWNER, job.id, { waitMs: 5_000 })).state, 'settled');
  assert.ok(
    a.sent.some((each) => each.type === 'cancel' && each.tokens.includes(slow?.token ?? 0)),
  );
  const { attempts, node } = await coordinator.task(OWNER, job.id, slow?.index ?? 0);
  assert.equal(node, 'b');
  assert.deepEqual(
    attempts.map(({ kind, state }) => [kind, state]),
    [
      ['first', 'cancelled'],
      ['speculative', 'accepted'],
    ],
  );
});
