import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError } from '@fog/kernel';
import { failedOutcome } from '@fog/wire';
import { fixture, HandAgent, MODULE, ok, OWNER, spec } from './fixture.ts';

const SHORT = { waitMs: 5_000 };

test('a single job goes from submitted to settled, each step an event', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  const { token } = agent.leases[0] ?? { token: 0 };
  for (const phase of ['staging', 'running', 'uploading'] as const) {
    agent.session?.message({ type: 'progress', tasks: [{ token, phase }] });
  }
  agent.result(token, ok({ stdout: { sizeBytes: 2, data: 'aGk=' } }));
  const done = await fog.coordinator.job(OWNER, job.id, SHORT);
  assert.equal(done.state, 'settled');
  assert.equal(done.exitCode, 0);
  const events = await fog.coordinator.events(OWNER, job.id, { after: 0, limit: 100 });
  assert.deepEqual(
    events.map((event) => event.type),
    ['submitted', 'queued', 'placing', 'staging', 'running', 'uploading', 'verifying', 'settled'],
  );
  const page = await fog.coordinator.results(OWNER, job.id, { from: 0, limit: 10, waitMs: 0 });
  assert.equal(page.results[0]?.outcome.stdout.data, 'aGk=');
  assert.equal(page.next, 1);
  assert.deepEqual(agent.acks(), { tokens: [token], late: [] });
});

test('a wait for results ends only when they can be read', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.leases.length === 1);
  agent.result(agent.leases[0]?.token ?? 0);
  const page = await fog.coordinator.results(OWNER, job.id, { from: 0, limit: 1, ...SHORT });
  assert.equal(page.results.length, 1);
});

test('a wait for one result of an array does not wait for the tasks before it', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec({ array: { count: 2 } }));
  await agent.until(() => agent.leases.length === 2);
  const second = agent.leases.find((lease) => lease.index === 1);
  const query = { from: 1, limit: 1, ...SHORT };
  const waiting = fog.coordinator.results(OWNER, job.id, query);
  agent.result(second?.token ?? 0);
  assert.equal((await waiting).results[0]?.index, 1);
  const again = await fog.coordinator.results(OWNER, job.id, query);
  assert.equal(again.results[0]?.index, 1);
});

test('an array ends with the code of its lowest failing index', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec({ array: { count: 40 } }));
  const answered = new Set<number>();
  while (answered.size < 40) {
    await agent.until(() => agent.leases.some((lease) => !answered.has(lease.token)));
    for (const lease of agent.leases.filter((one) => !answered.has(one.token))) {
      answered.add(lease.token);
      const code = { 7: 3, 30: 9 }[lease.index];
      const failure = { class: 'user', code: 'EXIT_CODE', message: `exit ${code}` } as const;
      agent.result(lease.token, code === undefined ? ok() : ok({ exitCode: code, failure }));
    }
  }
  const done = await fog.coordinator.job(OWNER, job.id, SHORT);
  assert.equal(done.state, 'failed');
  assert.equal(done.exitCode, 3);
  assert.match(done.cause ?? '', /task 7/);
  const page = await fog.coordinator.results(OWNER, job.id, { from: 0, limit: 100, waitMs: 0 });
  assert.equal(page.results.length, 40);
  assert.deepEqual(
    page.results.map((one) => one.index),
    [...Array(40).keys()],
  );
});

test('a lost node: its task runs elsewhere, and its late result is kept but not counted', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await a.until(() => a.leases.length === 1);
  a.session?.closed();
  const b = new HandAgent('b').connect(fog.coordinator);
  fog.clock.advance(5_001);
  await b.until(() => b.leases.length === 1);
  const first = a.leases[0]?.token ?? 0;
  const second = b.leases[0]?.token ?? 0;
  assert(second > first);
  a.connect(fog.coordinator, { held: [first] });
  assert.deepEqual(a.sent.findLast((one) => one.type === 'heartbeat-ack')?.revoked, [first]);
  a.result(first, ok({ stdout: { sizeBytes: 4, data: 'bGF0ZQ==' } }));
  b.result(second);
  await fog.coordinator.job(OWNER, job.id, SHORT);
  const task = await fog.coordinator.task(OWNER, job.id, 0);
  assert.deepEqual(
    task.attempts.map((one) => one.state),
    ['late', 'accepted'],
  );
  assert.equal(task.outcome?.stdout.data, '');
  await a.until(() => a.acks().late.includes(first));
});

test('an expired lease still counts until a newer token is issued', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await a.until(() => a.leases.length === 1);
  const token = a.leases[0]?.token ?? 0;
  a.session?.message({ type: 'goodbye' });
  a.connect(fog.coordinator, { held: [token], slots: 1 });
  await a.until(() => a.leases.length === 2 || a.acks().tokens.length === 1);
  const newest = a.leases.at(-1)?.token ?? 0;
  a.result(newest);
  assert.equal((await fog.coordinator.job(OWNER, job.id, SHORT)).state, 'settled');
});

test('a result before any newer token is accepted though its lease was lost', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await a.until(() => a.leases.length === 1);
  const token = a.leases[0]?.token ?? 0;
  a.session?.closed();
  fog.clock.advance(5_001);
  a.connect(fog.coordinator, { held: [token], slots: 1 });
  a.result(token);
  assert.equal((await fog.coordinator.job(OWNER, job.id, SHORT)).state, 'settled');
  const task = await fog.coordinator.task(OWNER, job.id, 0);
  assert.deepEqual(
    task.attempts.map((one) => one.state),
    ['accepted'],
  );
});

test("the fog's own failures are tried elsewhere, then given up with the last cause", async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator);
  const b = new HandAgent('b').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec({ retries: 1 }));
  const both = [a, b];
  const holder = async (count: number): Promise<HandAgent> => {
    const all = (): number => a.leases.length + b.leases.length;
    await Promise.race(both.map((one) => one.until(() => all() === count)));
    return both.find((one) => one.leases.some((lease) => lease.attempt === count)) ?? a;
  };
  const first = await holder(1);
  first.result(first.leases[0]?.token ?? 0, failedOutcome('SANDBOX_LOST'));
  await first.until(() => first.acks().tokens.length === 1);
  fog.clock.advance(200);
  const second = await holder(2);
  assert.notEqual(second.id, first.id);
  second.result(second.leases.at(-1)?.token ?? 0, failedOutcome('SANDBOX_LOST'));
  const done = await fog.coordinator.job(OWNER, job.id, SHORT);
  assert.equal(done.state, 'failed');
  assert.equal(done.exitCode, 125);
  assert.match(done.failure?.message ?? '', /2 attempts.*sandbox/);
});

test('a restart keeps acknowledged jobs, running leases and results; nothing is accepted twice', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec({ array: { count: 5 } }));
  await a.until(() => a.leases.length === 2);
  const [one, two] = a.leases.map((lease) => lease.token);
  a.result(one ?? 0);
  await a.until(() => a.acks().tokens.includes(one ?? 0));
  await fog.restart();
  const again = new HandAgent('a', a).connect(fog.coordinator, { held: [one ?? 0, two ?? 0] });
  assert.deepEqual(again.sent.find((m) => m.type === 'heartbeat-ack')?.revoked, [one]);
  again.result(one ?? 0);
  again.result(two ?? 0);
  await again.until(() => again.acks().tokens.length === 2);
  const answered = new Set([one, two]);
  while (answered.size < 5) {
    await again.until(() => again.leases.some((lease) => !answered.has(lease.token)));
    for (const { token } of again.leases.filter((lease) => !answered.has(lease.token))) {
      answered.add(token);
      again.result(token);
    }
  }
  assert.equal((await fog.coordinator.job(OWNER, job.id, SHORT)).state, 'settled');
  const rows = await fog.store.db
    .selectFrom('attempt')
    .selectAll()
    .where('state', '=', 'accepted')
    .execute();
  assert.deepEqual(
    rows.map((row) => row.idx).toSorted((x, y) => x - y),
    [0, 1, 2, 3, 4],
  );
});

test('leases whose node does not come back after a restart run elsewhere', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec());
  await a.until(() => a.leases.length === 1);
  await fog.restart();
  const b = new HandAgent('b').connect(fog.coordinator);
  fog.clock.advance(32_000);
  await b.until(() => b.leases.length === 1);
  b.result(b.leases[0]?.token ?? 0);
  assert.equal((await fog.coordinator.job(OWNER, job.id, SHORT)).state, 'settled');
});

test('what a node has done survives a crash right after it', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator);
  await fog.coordinator.submit(OWNER, spec());
  await a.until(() => a.leases.length === 1);
  a.result(a.leases[0]?.token ?? 0);
  await a.until(() => a.acks().tokens.length === 1);
  await fog.restart();
  assert.equal((await fog.coordinator.nodes())[0]?.settled, 1);
});

test('cancel ends open tasks, tells the node, keeps what was done', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator);
  const job = await fog.coordinator.submit(OWNER, spec({ array: { count: 6 } }));
  await a.until(() => a.leases.length === 2);
  a.result(a.leases[0]?.token ?? 0);
  await a.until(() => a.acks().tokens.length === 1);
  const cancelled = await fog.coordinator.cancel(OWNER, job.id);
  assert.equal(cancelled.state, 'cancelled');
  assert.equal(cancelled.exitCode, 130);
  assert(a.sent.some((message) => message.type === 'cancel'));
  const page = await fog.coordinator.results(OWNER, job.id, { from: 0, limit: 100, waitMs: 0 });
  assert.equal(page.results.length, 6);
  assert.equal(page.results.filter((one) => one.state === 'settled').length, 1);
});

test('idempotency: same key and spec is the same job, also at once; another spec is refused', async () => {
  await using fog = await fixture();
  const [one, two] = await Promise.all([
    fog.coordinator.submit(OWNER, spec(), 'k'),
    fog.coordinator.submit(OWNER, spec(), 'k'),
  ]);
  assert.equal(one?.id, two?.id);
  await assert.rejects(fog.coordinator.submit(OWNER, spec({ args: ['x'] }), 'k'), (error) =>
    isFogError(error, 'COORDINATOR_IDEMPOTENCY'),
  );
});

test('refusals: unknown content, foreign job, unknown task, overload, foreign lease', async () => {
  await using fog = await fixture({ maxOpenTasks: 10 });
  const { coordinator } = fog;
  const refuses = (promise: Promise<unknown>, code: string): Promise<void> =>
    assert.rejects(promise, (error) => isFogError(error, code));
  await refuses(
    coordinator.submit(OWNER, spec({ module: 'b'.repeat(64) })),
    'COORDINATOR_UNKNOWN_CONTENT',
  );
  await refuses(coordinator.submit('other', spec()), 'COORDINATOR_UNKNOWN_CONTENT');
  const job = await coordinator.submit(OWNER, spec());
  await refuses(coordinator.job('other', job.id), 'COORDINATOR_NO_JOB');
  await refuses(coordinator.cancel('other', job.id), 'COORDINATOR_NO_JOB');
  await refuses(coordinator.task(OWNER, job.id, 1), 'COORDINATOR_NO_TASK');
  await refuses(
    coordinator.submit(OWNER, spec({ array: { count: 10 } })),
    'COORDINATOR_OVERLOADED',
  );
  const a = new HandAgent('a').connect(coordinator);
  await a.until(() => a.leases.length === 1);
  const token = a.leases[0]?.token ?? 0;
  await refuses(
    coordinator.leaseUploaded('b', token, { content: 'c'.repeat(64), sizeBytes: 1 }),
    'COORDINATOR_NO_LEASE',
  );
  await refuses(coordinator.leasedSpec('b', job.id), 'COORDINATOR_NO_LEASE');
  assert.equal(coordinator.nodeMayRead('a', MODULE), true);
  assert.equal(coordinator.nodeMayRead('b', MODULE), false);
  const thief = new HandAgent('b').connect(coordinator);
  thief.result(token);
  assert.equal((await coordinator.job(OWNER, job.id)).tasks.settled, 0);
  await coordinator.stop();
  await refuses(coordinator.submit(OWNER, spec()), 'COORDINATOR_STOPPED');
});

test('a result may only name content sent under its own lease; its owner may then read it', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const a = new HandAgent('a').connect(coordinator);
  const content = 'c'.repeat(64);
  const big = ok({ stdout: { sizeBytes: 9, content } });
  const cheat = await coordinator.submit(OWNER, spec({ retries: 0 }));
  await a.until(() => a.leases.length === 1);
  a.result(a.leases[0]?.token ?? 0, big);
  assert.equal((await coordinator.job(OWNER, cheat.id, SHORT)).failure?.code, 'UPLOAD');
  const honest = await coordinator.submit(OWNER, spec());
  await a.until(() => a.leases.length === 2);
  const token = a.leases[1]?.token ?? 0;
  await coordinator.leaseUploaded('a', token, { content, sizeBytes: 9 });
  a.result(token, big);
  assert.equal((await coordinator.job(OWNER, honest.id, SHORT)).state, 'settled');
  assert.equal(await coordinator.mayRead(OWNER, content), true);
  assert.equal(await coordinator.mayRead('other', content), false);
});

test('a result that contradicts itself is the failure of its node', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator);
  const lies = [ok({ exitCode: 4 }), ok({ stdout: { sizeBytes: 100, data: 'aGk=' } })];
  for (const [count, lie] of lies.entries()) {
    const job = await fog.coordinator.submit(OWNER, spec({ retries: 0 }));
    await a.until(() => a.leases.length === count + 1);
    a.result(a.leases[count]?.token ?? 0, lie);
    assert.equal((await fog.coordinator.job(OWNER, job.id, SHORT)).failure?.code, 'UPLOAD');
  }
});

test('a node that renews a lease far beyond the timeout loses it', async () => {
  await using fog = await fixture();
  const a = new HandAgent('a').connect(fog.coordinator);
  await fog.coordinator.submit(OWNER, spec({ timeoutMs: 60_000 }));
  await a.until(() => a.leases.length === 1);
  const held = a.leases.map((lease) => lease.token);
  for (let renewed = 0; renewed < 200 && a.leases.length === 1; renewed += 1) {
    fog.clock.advance(10_000);
    a.session?.message({ type: 'heartbeat', held });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await a.until(() => a.leases.length === 2);
  assert.equal(a.leases[1]?.attempt, 2);
});

test('a queued job says what it waits for', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const job = await coordinator.submit(OWNER, spec({ runtime: 'python' }));
  assert.match((await coordinator.job(OWNER, job.id)).cause ?? '', /none is connected/);
  new HandAgent('weak').connect(coordinator, { owner: 'someone', sandboxLevel: 'process' });
  assert.match((await coordinator.job(OWNER, job.id)).cause ?? '', /weak.*bubblewrap/);
});

test('live output reaches followers, also what came before they followed', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const a = new HandAgent('a').connect(coordinator);
  const job = await coordinator.submit(OWNER, spec());
  await a.until(() => a.leases.length === 1);
  const token = a.leases[0]?.token ?? 0;
  const chunk = (offset: number, data: string) =>
    ({ type: 'output', token, stream: 'stdout', offset, data }) as const;
  a.session?.message(chunk(0, 'YQ=='));
  const seen: string[] = [];
  const stop = await coordinator.follow(OWNER, job.id, {
    event: () => {},
    output: (output) => seen.push(`${output.offset} ${output.data}`),
  });
  a.session?.message(chunk(1, 'Yg=='));
  stop();
  a.session?.message(chunk(2, 'Yw=='));
  assert.deepEqual(seen, ['0 YQ==', '1 Yg==']);
});

test('nodes: statuses follow heartbeats; a silent one is closed and its work requeued', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const a = new HandAgent('a').connect(coordinator);
  const status = async (): Promise<string | undefined> => (await coordinator.nodes())[0]?.status;
  assert.equal(await status(), 'idle');
  fog.clock.advance(46_000);
  assert.equal(await status(), 'suspect');
  a.session?.message({ type: 'heartbeat', held: [] });
  assert.equal(await status(), 'idle');
  fog.clock.advance(92_000);
  assert.equal(await status(), 'dead');
  assert.equal(a.closedBecause, 'no sign of life');
  assert.equal(coordinator.counts().nodes.online, 0);
  assert.equal((await coordinator.health(AbortSignal.timeout(1000))).state, 'healthy');
});

test('a newer connection of a node fences the older', async () => {
  await using fog = await fixture();
  const old = new HandAgent('a').connect(fog.coordinator);
  const oldSession = old.session;
  const fresh = new HandAgent('a').connect(fog.coordinator);
  assert.match(old.closedBecause ?? '', /newer connection/);
  await fog.coordinator.submit(OWNER, spec());
  await fresh.until(() => fresh.leases.length === 1);
  oldSession?.message({ type: 'goodbye' });
  oldSession?.closed();
  assert.equal((await fog.coordinator.nodes())[0]?.status, 'active');
});

test('jobs are listed newest first, by pages', async () => {
  await using fog = await fixture();
  const ids: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    ids.unshift((await fog.coordinator.submit(OWNER, spec())).id);
    fog.clock.advance(1);
  }
  const first = await fog.coordinator.jobs(OWNER, { open: false, limit: 3 });
  const rest = await fog.coordinator.jobs(OWNER, { open: true, limit: 3, after: first.next ?? '' });
  assert.deepEqual(
    [...first.jobs, ...rest.jobs].map((job) => job.id),
    ids,
  );
  assert.equal(rest.next, undefined);
});
