/** Copies by tier: how many, where, and what the fog refuses to promise. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError } from '@fog/kernel';
import { DeploymentSpec, type NodeProfile } from '@fog/wire';
import { ALICE, crowd, SHORT, text } from '../verify/crowd.ts';
import { fixture, HandAgent, MODULE, ok, OWNER, spec } from '../fixture.ts';

const STRICT = { determinism: 'strict' };

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(isFogError(error, 'COORDINATOR_TIER'), String(error));
  return error.message;
}

function profile(region?: string): NodeProfile {
  return { type: 'compute', labels: {}, ...(region === undefined ? {} : { region }) };
}

test('silver runs two copies on two machines; the first success counts, the other stops', async () => {
  await using world = await crowd({ owners: ['ann', 'ann', 'bob'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec({ tier: 'silver' }));
  await world.leased(2);
  const [slow, quick] = world.agents.filter((each) => each.unanswered().length === 1);
  quick?.result(quick.leases[0]?.token ?? 0, text('quick'));
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
  const { node, attempts } = await coordinator.task(ALICE, job.id, 0);
  assert.equal(node, quick?.id);
  assert.deepEqual(attempts.map(({ state }) => state).toSorted(), ['accepted', 'cancelled']);
  assert.ok(attempts.some(({ kind }) => kind === 'copy'));
  assert.ok(slow?.sent.some(({ type }) => type === 'cancel'));
  const { breaches } = await coordinator.sla({ account: ALICE, role: 'member' });
  assert.deepEqual(breaches, []);
});

test('of a strict program the canary goes on as a check, and is compared', async () => {
  await using world = await crowd({ owners: ['ann', 'bob'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec({ tier: 'silver', ...STRICT }));
  await world.leased(2);
  const [primary, canary] = world.agents;
  primary?.result(primary.leases[0]?.token ?? 0, text('same'));
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
  assert.equal(
    canary?.sent.some(({ type }) => type === 'cancel'),
    false,
  );
  canary?.result(canary.leases[0]?.token ?? 0, text('same'));
  await canary?.until(() => canary.acks().tokens.length === 1);
  const { attempts } = await coordinator.task(ALICE, job.id, 0);
  assert.deepEqual(attempts.map(({ state }) => state).toSorted(), ['accepted', 'agreed']);
});

test('gold keeps its copies with three owners', async () => {
  await using world = await crowd({ owners: ['ann', 'ann', 'bob', 'cid'] });
  await world.fog.coordinator.submit(ALICE, spec({ tier: 'gold' }));
  await world.leased(3);
  const owners = world.agents
    .filter((each) => each.unanswered().length > 0)
    .map(({ id }) => id.slice(0, 3));
  assert.deepEqual(owners.toSorted(), ['ann', 'bob', 'cid']);
});

test('a lost copy costs no retry while another runs', async () => {
  await using world = await crowd({ owners: ['ann', 'bob'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec({ tier: 'silver', retries: 0 }));
  await world.leased(2);
  const [a, b] = world.agents;
  a?.session?.message({ type: 'goodbye' });
  assert.equal((await coordinator.job(ALICE, job.id)).failure, undefined);
  b?.result(b.leases[0]?.token ?? 0, text('done'));
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
});

test('copies survive a restart, and missing ones are asked for again', async () => {
  await using fog = await fixture();
  const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(fog.coordinator, { slots: 1 }));
  await fog.coordinator.submit(OWNER, spec({ tier: 'silver' }));
  await Promise.all(agents.map((each) => each.until(() => each.leases.length === 1)));
  const held = agents.map(({ leases }) => leases.map(({ token }) => token));
  await fog.restart();
  const again = agents.map((agent, at) =>
    new HandAgent(agent.id, agent).connect(fog.coordinator, { slots: 1, held: held[at] ?? [] }),
  );
  assert.equal(again.flatMap(({ leases }) => leases).length, 0);
  again[0]?.session?.message({ type: 'goodbye' });
  const c = new HandAgent('c').connect(fog.coordinator, { slots: 1 });
  await c.until(() => c.leases.length === 1);
});

test('what a tier needs and the fog lacks is told with the remedy', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const submit = (over: object): Promise<unknown> => coordinator.submit(OWNER, spec(over));
  assert.match(await refusal(submit({ tier: 'silver' })), /has 0 .*: none is connected/);
  new HandAgent('attic').connect(coordinator);
  assert.match(
    await refusal(submit({ tier: 'silver' })),
    /^Tier silver runs 2 copies on different machines, and this fog has 1 that can take the job now\. Let more machines join, or take tier bronze\.$/,
  );
  const barn = new HandAgent('barn').connect(coordinator, { memoryBytes: 2 ** 30 });
  await submit({ tier: 'silver' });
  const large = { tier: 'silver', resources: { memoryBytes: 2 ** 32 } };
  assert.match(await refusal(submit(large)), /\(barn has 1 GiB of memory, and the job asks for 4/);
  const gold = await refusal(submit({ tier: 'gold' }));
  assert.match(gold, /3 copies on machines of different owners, and this fog has 1/);
  assert.match(gold, /--allow-same-owner, or take tier silver\.$/);
  barn.session?.closed();
  assert.match(await refusal(submit({ tier: 'silver' })), /has 1 that can/);
  // A service has its own replicas.
  const web = { name: 'web', replicas: 1, job: spec({ tier: 'gold' }) };
  await coordinator.deploy(OWNER, DeploymentSpec.parse(web));
});

test('a coordinator that has just begun to lead expects the machines of before', async () => {
  await using fog = await fixture();
  const agents = ['a', 'b'].map((id) => new HandAgent(id).connect(fog.coordinator));
  await fog.coordinator.submit(OWNER, spec({ args: ['stores the machines'] }));
  await fog.restart();
  await fog.coordinator.submit(OWNER, spec({ tier: 'silver' }));
  fog.clock.advance(60_000);
  await fog.coordinator.addReference(OWNER, 'b'.repeat(64), 8);
  const submit = (): Promise<unknown> => fog.coordinator.submit(OWNER, spec({ tier: 'silver' }));
  assert.match(await refusal(submit()), /has 0 that can take the job now: none is connected/);
  for (const agent of agents) new HandAgent(agent.id, agent).connect(fog.coordinator);
  await submit();
});

test('platinum needs three owners in three regions', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const join = (id: string, owner: string, region?: string): HandAgent =>
    new HandAgent(id).connect(coordinator, { owner, profile: profile(region) });
  join('a', 'ann', 'eu');
  join('b', 'bob', 'eu');
  join('c', 'cid', 'us');
  join('d', 'dan');
  const submit = (): Promise<unknown> => coordinator.submit(OWNER, spec({ tier: 'platinum' }));
  assert.match(await refusal(submit()), /has 2 that can take the job now \(d names no region/);
  const agents = [join('e', 'ann', 'asia')];
  await submit();
  await agents[0]?.until(() => agents[0]?.leases.length === 1);
});

test('class S comes on top: its three copies are compared, and kept apart as the tier wants', async () => {
  await using world = await crowd({ owners: ['ann', 'bob', 'cid'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec({ tier: 'silver', class: 'S', ...STRICT }));
  await world.leased(3);
  world.answer(() => text('same'));
  await coordinator.job(ALICE, job.id, SHORT);
  assert.equal((await coordinator.task(ALICE, job.id, 0)).verification?.agreed, 2);
});

test('class A work that cannot be done by its deadline with what was taken before is refused', async () => {
  await using world = await crowd({ owners: ['ann', 'bob'] });
  const { coordinator, clock } = world.fog;
  await coordinator.addReference(ALICE, MODULE, 8);
  const usage = { wallMs: 60_000, cpuMs: 1, peakMemoryBytes: 1 };
  const first = await coordinator.submit(ALICE, spec());
  await world.leased(1);
  world.answer(() => ok({ usage }));
  await coordinator.job(ALICE, first.id, SHORT);
  const due = (minutes: number, count: number): object => ({
    class: 'A',
    ...STRICT,
    deadlineAt: clock.now() + minutes * 60_000,
    array: { count },
  });
  // Four slots, two copies each: two tasks a minute.
  await coordinator.submit(ALICE, spec(due(10, 16)));
  await assert.rejects(
    coordinator.submit(ALICE, spec(due(5, 11))),
    /COORDINATOR_SCHEDULE|would be due/,
  );
  await assert.rejects(
    coordinator.submit(ALICE, spec(due(9, 6))),
    /44 min of class A work would be due with this job, and the 4 slots .* can do 40 min/,
  );
  await coordinator.submit(ALICE, spec(due(9, 4)));
});

test('the jobs of one batch count together, and so do those that come at once', async () => {
  await using world = await crowd({ owners: ['ann', 'bob'] });
  const { coordinator, clock } = world.fog;
  await coordinator.addReference(ALICE, MODULE, 8);
  // Four slots, two copies each of a second: two tasks a second.
  const order = { class: 'A', ...STRICT, deadlineAt: clock.now() + 10_000, array: { count: 12 } };
  const jobs = ['one', 'two'].map((key) => ({ key, spec: spec(order) }));
  await assert.rejects(coordinator.submitBatch(ALICE, { jobs }), /would be due/);
  assert.equal(coordinator.counts().jobs.open, 0);
  const both = await Promise.allSettled(jobs.map((job) => coordinator.submit(ALICE, job.spec)));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
});
