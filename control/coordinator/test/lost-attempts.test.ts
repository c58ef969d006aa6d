import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedOutcome } from '@fog/wire';
import { fixture, HandAgent, OWNER, spec } from './fixture.ts';

test('a job whose only node is lost is queued again and says what it waits for', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const { token } = agent.leases[0] ?? { token: 0 };
  agent.session?.message({ type: 'progress', tasks: [{ token, phase: 'running' }] });
  agent.session?.message({ type: 'goodbye' });
  const view = await fog.coordinator.job(OWNER, job.id);
  assert.equal(view.state, 'queued');
  assert.match(view.cause ?? '', /waits for a node/);
  const next = new HandAgent('b').connect(fog.coordinator);
  await next.until(() => next.leases.length === 1);
  assert.equal((await fog.coordinator.job(OWNER, job.id)).state, 'placing');
});

test('cancel leaves attempts that were lost before as they ended', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  agent.session?.message({ type: 'goodbye' });
  await fog.coordinator.cancel(OWNER, job.id);
  const { attempts } = await fog.coordinator.task(OWNER, job.id, 0);
  assert.equal(attempts[0]?.state, 'lost');
  assert.equal(attempts[0]?.failure?.code, 'NODE_LOST');
});

test('the grace of a lost connection starts anew with each loss', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const { token } = agent.leases[0] ?? { token: 0 };
  agent.session?.closed();
  fog.clock.advance(4_000);
  agent.connect(fog.coordinator, { held: [token] });
  agent.session?.closed();
  fog.clock.advance(2_000);
  assert.equal((await fog.coordinator.job(OWNER, job.id)).tasks.running, 1);
});

test('an agent may send a bounded number of contents under one lease', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const { token } = agent.leases[0] ?? { token: 0 };
  const sent: Promise<void>[] = [];
  while (fog.coordinator.mayUpload('a', token) && sent.length < 5_000) {
    const content = sent.length.toString(16).padStart(64, '0');
    sent.push(fog.coordinator.leaseUploaded('a', token, { content, sizeBytes: 1 }));
  }
  assert.equal(sent.length, 2_004);
  await Promise.all(sent);
  assert.equal(fog.coordinator.mayUpload('b', token), false);
});

test('copies of a task cost it no retry', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agents = ['a', 'b', 'c', 'd'].map((id) =>
    new HandAgent(id).connect(coordinator, { owner: `owner ${id}` }),
  );
  const strict = { class: 'S', determinism: 'strict', retries: 1 };
  const job = await coordinator.submit(OWNER, spec(strict));
  const held = (): HandAgent[] => agents.filter(({ leases }) => leases.length > 0);
  await Promise.all(agents.slice(0, 3).map((_, at) => untilAny(agents, () => held().length > at)));
  const first = agents.find(({ leases }) => leases[0]?.attempt === 1);
  first?.session?.message({ type: 'goodbye' });
  await untilAny(agents, () => held().length === 4);
  assert.equal((await coordinator.job(OWNER, job.id)).failure, undefined);
});

test('what was taken back for urgent work costs no retry after a restart either', async () => {
  await using fog = await fixture();
  const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(fog.coordinator, { slots: 1 }));
  const low = await fog.coordinator.submit(OWNER, spec({ retries: 1 }));
  const has = (each: HandAgent, times: number): boolean =>
    each.leases.filter(({ job }) => job === low.id).length >= times;
  await untilAny(agents, () => agents.some((each) => has(each, 1)));
  const holder = agents.find((each) => has(each, 1));
  // Its two copies take both machines.
  await fog.coordinator.submit(OWNER, spec({ tier: 'silver', args: ['silver'] }));
  await Promise.all(agents.map((each) => each.until(() => each.leases.at(-1)?.job !== low.id)));
  holder?.result(holder.leases.at(-1)?.token ?? 0);
  const attempts = (): number[] =>
    agents.flatMap(({ leases }) => leases.filter((one) => one.job === low.id)).map(attemptOf);
  await untilAny(agents, () => attempts().includes(2));
  await fog.restart();
  const back = agents.map((agent) =>
    new HandAgent(agent.id, agent).connect(fog.coordinator, { slots: 1 }),
  );
  await untilAny(back, () => back.some(({ leases }) => leases.length === 1));
  const last = back.find(({ leases }) => leases.length === 1);
  assert.equal(last?.leases[0]?.attempt, 3);
  last?.result(last.leases[0]?.token ?? 0);
  assert.equal((await fog.coordinator.job(OWNER, low.id, { waitMs: 5_000 })).state, 'settled');
});

test('a job that waits for others is not late in the queue', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
  const first = await coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const phaseTimeouts = { queuedMs: 5_000 };
  const needs = [{ job: first.id, outputs: [] }];
  const second = await coordinator.submit(OWNER, spec({ needs, phaseTimeouts }));
  clock.advance(7_000);
  assert.equal((await coordinator.job(OWNER, second.id)).state, 'submitted');
  agent.result(agent.leases[0]?.token ?? 0);
  await agent.until(() => agent.leases.length === 2);
});

function attemptOf({ attempt }: { readonly attempt: number }): number {
  return attempt;
}

async function untilAny(agents: readonly HandAgent[], ready: () => boolean): Promise<void> {
  await Promise.race(agents.map((each) => each.until(ready)));
}

test('a job may wait for a node that is away, and takes its result when it is back', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const disconnect = { onLost: 'wait', waitMs: 60_000 };
  const a = new HandAgent('a').connect(coordinator, { slots: 1 });
  const job = await coordinator.submit(OWNER, spec({ disconnect }));
  await a.until(() => a.leases.length === 1);
  const token = a.leases[0]?.token ?? 0;
  const b = new HandAgent('b').connect(coordinator, { slots: 1 });
  a.session?.closed();
  clock.advance(6_000);
  assert.equal((await coordinator.job(OWNER, job.id)).state, 'queued');
  assert.equal(b.leases.length, 0);
  const back = new HandAgent('a', a).connect(coordinator, { slots: 1, held: [token] });
  back.result(token);
  assert.equal((await coordinator.job(OWNER, job.id, { waitMs: 5_000 })).state, 'settled');
});

test('a job that waited for its node in vain runs elsewhere', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const a = new HandAgent('a').connect(coordinator, { slots: 1 });
  await coordinator.submit(OWNER, spec({ disconnect: { onLost: 'wait', waitMs: 20_000 } }));
  await a.until(() => a.leases.length === 1);
  a.session?.closed();
  clock.advance(6_000);
  const b = new HandAgent('b').connect(coordinator, { slots: 1 });
  clock.advance(10_000);
  assert.equal(b.leases.length, 0);
  clock.advance(10_000);
  await b.until(() => b.leases.length === 1);
});

test('a job may end with the node that had it', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const a = new HandAgent('a').connect(coordinator, { slots: 1 });
  const job = await coordinator.submit(OWNER, spec({ disconnect: { onLost: 'fail' } }));
  await a.until(() => a.leases.length === 1);
  a.session?.closed();
  clock.advance(6_000);
  const ended = await coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  assert.equal(ended.state, 'failed');
  assert.equal(ended.failure?.code, 'NODE_LOST');
});

test('of a task that is given up no further copy runs', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agents = ['a', 'b'].map((id) =>
    new HandAgent(id).connect(coordinator, { owner: `owner ${id}` }),
  );
  const strict = { class: 'A', determinism: 'strict', retries: 0 };
  const job = await coordinator.submit(OWNER, spec(strict));
  await Promise.all(agents.map((each) => each.until(() => each.leases.length === 1)));
  const attempt = (number: number): HandAgent | undefined =>
    agents.find(({ leases }) => leases[0]?.attempt === number);
  attempt(2)?.session?.message({ type: 'goodbye' });
  attempt(1)?.session?.message({ type: 'goodbye' });
  const ended = await coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  assert.equal(ended.failure?.code, 'NODE_LOST');
  const c = new HandAgent('c').connect(coordinator, { owner: 'owner c' });
  const next = await coordinator.submit(OWNER, spec({ array: { count: 1 } }));
  await c.until(() => c.leases.some((lease) => lease.job === next.id));
  assert.equal(c.leases.length, 1);
});

test('a task that ends with its node takes its copies with it', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const agents = ['a', 'b'].map((id) =>
    new HandAgent(id).connect(coordinator, { owner: `owner ${id}` }),
  );
  const policy = { class: 'A', determinism: 'strict', disconnect: { onLost: 'fail' } };
  const job = await coordinator.submit(OWNER, spec({ ...policy, array: { count: 1 } }));
  await Promise.all(agents.map((each) => each.until(() => each.leases.length === 1)));
  const first = agents.find(({ leases }) => leases[0]?.attempt === 1);
  const other = agents.find((each) => each !== first);
  first?.session?.closed();
  clock.advance(6_000);
  const ended = await coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  assert.equal(ended.failure?.code, 'NODE_LOST');
  assert.ok(other?.sent.some(({ type }) => type === 'cancel'));
  const { attempts } = await coordinator.task(OWNER, job.id, 0);
  assert.deepEqual(attempts.map(({ state }) => state).sort(), ['cancelled', 'lost']);
});

test('a result is late after a newer attempt also when that one has failed and the fog was restarted', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator, { slots: 1 });
  const job = await fog.coordinator.submit(OWNER, spec());
  await a.until(() => a.leases.length === 1);
  const old = a.leases[0]?.token ?? 0;
  a.session?.message({ type: 'goodbye' });
  const b = new HandAgent('b').connect(fog.coordinator, { slots: 1 });
  await b.until(() => b.leases.length === 1);
  b.result(b.leases[0]?.token ?? 0, failedOutcome('NODE_LOST'));
  assert.equal((await fog.coordinator.job(OWNER, job.id)).state, 'queued');
  await fog.restart();
  const back = new HandAgent('a', a).connect(fog.coordinator, { slots: 1 });
  back.result(old);
  await back.until(() => back.sent.some(({ type }) => type === 'ack'));
  const { attempts } = await fog.coordinator.task(OWNER, job.id, 0);
  assert.deepEqual(
    attempts.slice(0, 2).map(({ state }) => state),
    ['late', 'failed'],
  );
});
