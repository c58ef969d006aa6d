/** Who comes first, who is too late, who is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError } from '@fog/kernel';
import { fixture, HandAgent, MODULE, OWNER, spec, MEMBER } from './fixture.ts';

test('priority decides, waiting makes urgent, and equal ones take turns', async () => {
  await using fog = await fixture({ maxCommitMs: 10_000_000 });
  const { coordinator } = fog;
  const low = await coordinator.submit(OWNER, spec({ priority: 9, args: ['low'] }));
  const high = await coordinator.submit(OWNER, spec({ priority: 1 }));
  const mid = await coordinator.submit(OWNER, spec({ priority: 5 }));
  const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
  for (const [at, { id }] of [high, mid, low].entries()) {
    await agent.until(() => agent.leases.length > at);
    assert.equal(agent.leases[at]?.job, id);
    agent.result(agent.leases[at]?.token ?? 0);
  }
  const old = await coordinator.submit(OWNER, spec({ priority: 6 }));
  await agent.until(() => agent.leases.length === 4);
  const older = await coordinator.submit(OWNER, spec({ priority: 6, args: ['older'] }));
  fog.clock.advance(3 * 60_000);
  await coordinator.submit(OWNER, spec({ priority: 4 }));
  const again = new HandAgent('b').connect(coordinator, { slots: 1 });
  await again.until(() => again.leases.length > 0);
  assert.ok([old.id, older.id].includes(again.leases[0]?.job ?? ''));
});

test('of equal priority the earliest deadline comes first', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const late = await coordinator.submit(OWNER, spec({ deadlineAt: clock.now() + 900_000 }));
  const soon = await coordinator.submit(OWNER, spec({ deadlineAt: clock.now() + 600_000 }));
  const never = await coordinator.submit(OWNER, spec());
  const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
  for (const [at, { id }] of [soon, late, never].entries()) {
    await agent.until(() => agent.leases.length > at);
    assert.equal(agent.leases[at]?.job, id);
    agent.result(agent.leases[at]?.token ?? 0);
  }
});

test('a passed deadline is refused; one that passes expires the job and revokes its leases', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  await assert.rejects(coordinator.submit(OWNER, spec({ deadlineAt: clock.now() })), (error) =>
    isFogError(error, 'COORDINATOR_DEADLINE'),
  );
  const agent = new HandAgent('a').connect(coordinator);
  const job = await coordinator.submit(OWNER, spec({ deadlineAt: clock.now() + 10_000 }));
  await agent.until(() => agent.leases.length === 1);
  clock.advance(11_000);
  const ended = await coordinator.job(OWNER, job.id, { waitMs: 5_000 });
  assert.equal(ended.state, 'expired');
  assert.equal(ended.failure?.code, 'DEADLINE');
  assert.ok(agent.sent.some((message) => message.type === 'cancel'));
  assert.deepEqual((await coordinator.why(MEMBER, job.id)).nodes, []);
});

test('a job no node takes in its time expires; phases that take too long are tried elsewhere', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const queued = await coordinator.submit(OWNER, spec({ phaseTimeouts: { queuedMs: 5_000 } }));
  clock.advance(7_000);
  assert.equal((await coordinator.job(OWNER, queued.id, { waitMs: 5_000 })).state, 'expired');
  const agent = new HandAgent('a').connect(coordinator);
  const job = await coordinator.submit(OWNER, spec({ phaseTimeouts: { stagingMs: 5_000 } }));
  await agent.until(() => agent.leases.length === 1);
  const token = agent.leases[0]?.token ?? 0;
  agent.session?.message({ type: 'progress', tasks: [{ token, phase: 'staging' }] });
  clock.advance(7_000);
  await agent.until(() => agent.leases.length === 2);
  const { attempts } = await coordinator.task(OWNER, job.id, 0);
  assert.match(attempts[0]?.failure?.message ?? '', /fetching inputs took longer than 5 s/);
});

test('what no node could ever run is refused with what each lacks', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const huge = spec({ resources: { memoryBytes: 2 ** 31, cores: 64 } });
  const waiting = await coordinator.submit(OWNER, huge);
  assert.match((await coordinator.job(OWNER, waiting.id)).cause ?? '', /none is connected/);
  new HandAgent('a').connect(coordinator);
  await assert.rejects(coordinator.submit(OWNER, huge), (error) => {
    assert.ok(isFogError(error, 'COORDINATOR_IMPOSSIBLE'));
    assert.match(error.message, /a has 2 cores, and the job asks for 64/);
    return true;
  });
});

test('an account beyond its share is told to wait, others are not', async () => {
  await using fog = await fixture({ maxOpenTasksPerAccount: 3, maxOpenTasks: 5 });
  const { coordinator } = fog;
  await coordinator.addReference('bob', MODULE, 8);
  const job = await coordinator.submit(OWNER, spec({ array: { count: 3 } }));
  await assert.rejects(coordinator.submit(OWNER, spec()), (error) =>
    isFogError(error, 'COORDINATOR_QUOTA'),
  );
  await coordinator.submit('bob', spec({ array: { count: 2 } }));
  await assert.rejects(coordinator.submit('bob', spec()), (error) =>
    isFogError(error, 'COORDINATOR_OVERLOADED'),
  );
  await coordinator.cancel(OWNER, job.id);
  await coordinator.submit('bob', spec());
});

test('long work gets its slot from a stream of short tasks', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const agent = new HandAgent('a').connect(coordinator, { slots: 1 });
  await coordinator.submit(OWNER, spec({ array: { count: 200 } }));
  await agent.until(() => agent.leases.length === 1);
  agent.result(agent.leases[0]?.token ?? 0);
  await agent.until(() => agent.leases.length > 8);
  const other = 'c'.repeat(64);
  await coordinator.addReference(OWNER, other, 8);
  const long = await coordinator.submit(OWNER, spec({ module: other }));
  let answered = 1;
  while (!agent.leases.some((lease) => lease.job === long.id)) {
    agent.result(agent.leases[answered]?.token ?? 0);
    answered += 1;
    await agent.until(() => agent.acks().tokens.length === answered);
  }
  assert.ok(answered < 30, `after ${answered} short tasks`);
});
