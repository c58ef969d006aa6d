import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError } from '@fog/kernel';
import { HandAgent, MODULE, OWNER, spec } from '../fixture.ts';
import { ALICE, crowd, failed, SHORT, text } from './crowd.ts';

const S = { class: 'S', determinism: 'strict' };
const A = { class: 'A', determinism: 'strict' };

test('class S: three owners run it, and two equal results are the result', async () => {
  await using world = await crowd({ owners: ['o1', 'o1', 'o2', 'o3', 'o4'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec(S));
  await world.leased(3);
  const holders = world.agents.filter((agent) => agent.leases.length > 0);
  assert.equal(new Set(holders.map(({ id }) => id.slice(0, 2))).size, 3);
  const [one, two, three] = holders as [HandAgent, HandAgent, HandAgent];
  one.result(one.leases[0]?.token ?? 0, text('right'));
  await one.until(() => one.acks().tokens.length === 1);
  assert.equal((await coordinator.task(ALICE, job.id, 0)).attempts[0]?.state, 'held');
  two.result(two.leases[0]?.token ?? 0, text('wrong'));
  await two.until(() => two.acks().tokens.length === 1);
  assert.equal((await coordinator.job(ALICE, job.id)).state, 'placing');
  three.result(three.leases[0]?.token ?? 0, text('right'));
  const done = await coordinator.job(ALICE, job.id, SHORT);
  assert.equal(done.state, 'settled');
  const task = await coordinator.task(ALICE, job.id, 0);
  assert.equal(task.outcome?.stdout.data, Buffer.from('right').toString('base64'));
  assert.deepEqual(task.attempts.map(({ state }) => state).toSorted(), [
    'accepted',
    'agreed',
    'outvoted',
  ]);
  assert.deepEqual(task.verification, { agreed: 2, counted: 'owners' });
});

test('two nodes of one owner are one voice', async () => {
  await using world = await crowd({ owners: ['evil', 'evil', 'o2'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec({ ...A, array: { count: 2 } }));
  await world.leased(4);
  const evil = world.agents.filter(({ id }) => id.startsWith('evil'));
  for (const index of [0, 1]) {
    const holders = evil.filter((agent) => agent.leases.some((lease) => lease.index === index));
    assert.equal(holders.length, 1, `task ${index}`);
  }
  world.answer((agent) => text(agent.id.startsWith('evil') ? 'lie' : 'right'));
  assert.equal((await coordinator.job(ALICE, job.id)).tasks.settled, 0);
});

test('with --allow-same-owner the own nodes of the submitter count each, and the result says so', async () => {
  await using world = await crowd({ owners: [ALICE, ALICE] });
  const { coordinator } = world.fog;
  await assert.rejects(coordinator.submit(ALICE, spec(A)), (error) => {
    assert.ok(isFogError(error) && error.code === 'COORDINATOR_CLASS');
    assert.match(error.message, /needs 2 owners, this fog has 1 .*--allow-same-owner/);
    return true;
  });
  const job = await coordinator.submit(ALICE, spec({ ...A, allowSameOwner: true }));
  await world.leased(2);
  assert.ok(world.agents.every((agent) => agent.leases.length === 1));
  world.answer(() => text('same'));
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
  const task = await coordinator.task(ALICE, job.id, 0);
  assert.deepEqual(task.verification, { agreed: 2, counted: 'nodes' });
});

test('a class that cannot be given is refused with the reason', async () => {
  await using world = await crowd({ owners: ['o1'] });
  const { coordinator } = world.fog;
  const code = async (over: object): Promise<string> => {
    const refused = await coordinator.submit(ALICE, spec(over)).catch((error: unknown) => error);
    assert.ok(isFogError(refused) && refused.code === 'COORDINATOR_CLASS', String(refused));
    return refused.message;
  };
  assert.match(await code({ class: 'S' }), /needs determinism "strict"/);
  assert.match(await code(S), /Class S needs 3 owners, this fog has 1 /);
  assert.match(await code({ ...S, allowSameOwner: true }), /needs 3 nodes, this fog has 1 /);
});

test('votes survive a restart; running copies go on', async () => {
  await using world = await crowd({ owners: ['o1', 'o2', 'o3'] });
  const { fog } = world;
  const job = await fog.coordinator.submit(ALICE, spec(S));
  await world.leased(3);
  const [one, two] = world.agents as [HandAgent, HandAgent];
  const tokenOf = (agent: HandAgent): number => agent.leases[0]?.token ?? 0;
  one.result(tokenOf(one), text('right'));
  await one.until(() => one.acks().tokens.length === 1);
  await fog.restart();
  const { attempts } = await fog.coordinator.task(ALICE, job.id, 0);
  assert.ok(attempts.some(({ state, node }) => state === 'held' && node === one.id));
  const again = new HandAgent(two.id, two).connect(fog.coordinator, {
    owner: 'o2',
    held: [tokenOf(two)],
  });
  const other = new HandAgent(one.id, one).connect(fog.coordinator, {
    owner: 'o1',
    held: [tokenOf(one)],
  });
  other.result(tokenOf(one), text('changed'));
  again.result(tokenOf(two), text('right'));
  assert.equal((await fog.coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
  const task = await fog.coordinator.task(ALICE, job.id, 0);
  assert.equal(task.outcome?.stdout.data, Buffer.from('right').toString('base64'));
  await other.until(() => other.acks().tokens.includes(tokenOf(one)));
});

test('no quorum: further owners are asked, then the coordinator decides', async () => {
  await using world = await crowd({
    owners: ['o1', 'o2', 'o3', 'o4'],
    truth: () => text('o3'),
  });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec(A));
  await world.leased(2);
  world.answer((agent) => text(agent.id.slice(0, 2)));
  await world.leased(1);
  world.answer((agent) => text(agent.id.slice(0, 2)));
  await world.leased(1);
  world.answer((agent) => text(agent.id.slice(0, 2)));
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
  const task = await coordinator.task(ALICE, job.id, 0);
  assert.equal(task.outcome?.stdout.data, Buffer.from('o3').toString('base64'));
  assert.deepEqual(task.verification, { agreed: 1, counted: 'owners', reexecuted: true });
  assert.equal(world.reruns, 1);
});

test('copies that never agree, and a coordinator that cannot tell: DISAGREEMENT', async () => {
  await using world = await crowd({ owners: ['o1', 'o2'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec(A));
  await world.leased(2);
  world.answer((agent) => text(agent.id));
  const done = await coordinator.job(ALICE, job.id, SHORT);
  assert.equal(done.failure?.code, 'DISAGREEMENT');
  const events = await coordinator.events(ALICE, job.id, { after: 0, limit: 100 });
  assert.ok(events.some(({ type }) => type === 'disagreement'));
  const evidence = await world.fog.store.db.selectFrom('evidence').selectAll().execute();
  assert.deepEqual(evidence, []);
});

test('death by a limit is no vote; when every copy dies so, that is the outcome', async () => {
  await using world = await crowd({ owners: ['o1', 'o2', 'o3'] });
  const { coordinator, store } = world.fog;
  const mixed = await coordinator.submit(ALICE, spec(A));
  await world.leased(2);
  const [slow] = world.agents.filter(({ leases }) => leases.length > 0) as [HandAgent];
  world.answer((agent) => (agent === slow ? failed('TIMEOUT') : text('right')));
  await world.leased(1);
  world.answer(() => text('right'));
  assert.equal((await coordinator.job(ALICE, mixed.id, SHORT)).state, 'settled');
  const dead = await coordinator.submit(ALICE, spec(A));
  await world.leased(2);
  world.answer(() => failed('TIMEOUT'));
  const done = await coordinator.job(ALICE, dead.id, SHORT);
  assert.equal(done.failure?.code, 'TIMEOUT');
  const rows = await store.db.selectFrom('evidence').select(['node', 'good']).execute();
  assert.ok(rows.every(({ good, node }) => good === 1 && node !== slow.id));
});

test('a copy of a lost node is replaced; what it sends later is late', async () => {
  await using world = await crowd({ owners: ['o1', 'o2', 'o3'] });
  const { fog } = world;
  const job = await fog.coordinator.submit(ALICE, spec(A));
  await world.leased(2);
  const gone = world.agents.find(({ leases }) => leases[0]?.attempt === 2) as HandAgent;
  const token = gone.leases[0]?.token ?? 0;
  gone.session?.message({ type: 'goodbye' });
  const rest = world.agents.filter((agent) => agent !== gone);
  for (const agent of rest) await agent.until(() => agent.leases.length === 1);
  gone.connect(fog.coordinator, { owner: gone.id.slice(0, 2), held: [token] });
  gone.result(token, text('lie'));
  await gone.until(() => gone.acks().late.includes(token));
  for (const agent of rest) agent.result(agent.leases[0]?.token ?? 0, text('right'));
  assert.equal((await fog.coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
});

test('cancelling takes back every copy', async () => {
  await using world = await crowd({ owners: ['o1', 'o2', 'o3'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec(S));
  await world.leased(3);
  await coordinator.cancel(ALICE, job.id);
  for (const agent of world.agents) {
    await agent.until(() => agent.sent.some(({ type }) => type === 'cancel'));
  }
  const { attempts } = await coordinator.task(ALICE, job.id, 0);
  assert.deepEqual(
    attempts.map(({ state }) => state),
    ['cancelled', 'cancelled', 'cancelled'],
  );
});

test('one copy stays one copy: class B asks nobody else', async () => {
  await using world = await crowd({ owners: ['o1', 'o2'] });
  const { coordinator } = world.fog;
  await coordinator.addReference(OWNER, MODULE, 8);
  const job = await coordinator.submit(OWNER, spec({ array: { count: 8 } }));
  for (let done = 0; done < 8;) {
    await world.leased(1);
    world.answer(() => text('x'));
    done = (await coordinator.job(OWNER, job.id)).tasks.settled;
  }
  assert.equal(world.agents.flatMap(({ leases }) => leases).length, 8);
});
