/** Urgent work takes slots, and the tail of a job is run twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, HandAgent, ok, OWNER, spec } from './fixture.ts';

/** Long enough that nothing is queued ahead on a node. */
const usage = { wallMs: 1_000, cpuMs: 1, peakMemoryBytes: 1 };

test('a job of a higher tier takes the youngest slots of a lower one, which costs no retry', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const a = new HandAgent('a').connect(coordinator, { slots: 2 });
  const b = new HandAgent('b').connect(coordinator, { slots: 1 });
  const low = await coordinator.submit(OWNER, spec({ array: { count: 3 }, retries: 0 }));
  await Promise.all([a.until(() => a.leases.length === 2), b.until(() => b.leases.length === 1)]);
  const silver = await coordinator.submit(OWNER, spec({ tier: 'silver', args: ['silver'] }));
  await Promise.all([a.until(() => a.leases.length === 3), b.until(() => b.leases.length === 2)]);
  assert.deepEqual([a.leases[2]?.job, b.leases[1]?.job], [silver.id, silver.id]);
  const takenFrom = (agent: HandAgent): number[] =>
    agent.sent.flatMap((each) =>
      each.type === 'cancel' && /higher tier/.test(each.reason) ? each.tokens : [],
    );
  assert.deepEqual(takenFrom(b), [b.leases[0]?.token]);
  const kept = a.leases.find(({ token, job }) => job === low.id && !takenFrom(a).includes(token));
  a.result(a.leases[2]?.token ?? 0, ok({ usage }));
  await Promise.all([a.until(() => a.leases.length === 4), b.until(() => b.leases.length === 3)]);
  for (const lease of [a.leases[3], kept]) a.result(lease?.token ?? 0);
  b.result(b.leases[2]?.token ?? 0);
  assert.equal((await coordinator.job(OWNER, low.id, { waitMs: 5_000 })).state, 'settled');
  const events = await coordinator.events(OWNER, low.id, { after: 0, limit: 100 });
  assert.equal(events.filter((event) => event.type === 'preempted').length, 2);
});

test('equal work is not taken back, nor the same task for ever', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(coordinator, { slots: 1 }));
  const untilEach = (count: number): Promise<void[]> =>
    Promise.all(agents.map((each) => each.until(() => each.leases.length === count)));
  await coordinator.submit(OWNER, spec({ array: { count: 2 } }));
  await untilEach(1);
  const waiting = await coordinator.submit(OWNER, spec({ args: ['x'] }));
  assert.match((await coordinator.job(OWNER, waiting.id)).cause ?? '', /free slot/);
  await coordinator.cancel(OWNER, waiting.id);
  const [first] = agents;
  for (let turn = 0; turn < 3; turn += 1) {
    const before = first?.leases.length ?? 0;
    await coordinator.submit(OWNER, spec({ tier: 'silver', args: [String(turn)] }));
    await untilEach(before + 1);
    first?.result(first.leases[before]?.token ?? 0, ok({ usage }));
    await untilEach(before + 2);
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
