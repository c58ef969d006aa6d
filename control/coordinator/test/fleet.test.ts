/** What people and measurements say of nodes: modes, round trips, breakers, routes, topology. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError } from '@fog/kernel';
import { DeploymentSpec, failedOutcome, RouteRequest } from '@fog/wire';
import { fixture, HandAgent, OWNER, spec, MEMBER } from './fixture.ts';

const operator = { account: OWNER, role: 'operator' };

test('a draining node ends what it has; one in maintenance gives it back', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const a = new HandAgent('a').connect(coordinator, { slots: 1 });
  await coordinator.submit(OWNER, spec({ array: { count: 2 } }));
  await a.until(() => a.leases.length === 1);
  assert.equal((await coordinator.setNodeMode(operator, 'a', 'draining')).status, 'draining');
  a.result(a.leases[0]?.token ?? 0);
  await a.until(() => a.acks().tokens.length === 1);
  assert.equal(a.leases.length, 1);
  await coordinator.setNodeMode(operator, 'a', 'accepting');
  await a.until(() => a.leases.length === 2);
  const b = new HandAgent('b').connect(coordinator, { slots: 1 });
  await coordinator.setNodeMode(operator, 'a', 'maintenance');
  await b.until(() => b.leases.length === 1);
  assert.ok(a.sent.some((message) => message.type === 'cancel'));
  await fog.restart();
  const modes = new Map((await fog.coordinator.nodes()).map((node) => [node.id, node.mode]));
  assert.deepEqual([modes.get('a'), modes.get('b')], ['maintenance', 'accepting']);
});

test('a node that joins is stored within a second, and with its first lease at the latest', async () => {
  await using fog = await fixture();
  const { coordinator, clock, store } = fog;
  const stored = async (): Promise<string[]> => {
    // Behind all that has been noted so far.
    await store.write(async () => {});
    const rows = await store.db.selectFrom('node').select('id').orderBy('id').execute();
    return rows.map(({ id }) => id);
  };
  new HandAgent('a').connect(coordinator, { slots: 1 });
  clock.advance(1_000);
  assert.deepEqual(await stored(), ['a']);
  const b = new HandAgent('b').connect(coordinator);
  await coordinator.submit(OWNER, spec({ array: { count: 20 } }));
  await b.until(() => b.leases.length > 0);
  assert.deepEqual(await stored(), ['a', 'b']);
});

test('only its owner and operators decide about a node', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  new HandAgent('a').connect(coordinator, { owner: 'ann' });
  const bob = { account: 'bob', role: 'user' };
  await assert.rejects(coordinator.setNodeMode(bob, 'a', 'draining'), (error) =>
    isFogError(error, 'COORDINATOR_NO_NODE'),
  );
  const ann = { account: 'ann', role: 'user' };
  assert.equal((await coordinator.setNodeMode(ann, 'a', 'draining')).mode, 'draining');
});

test('the round trip is measured by the coordinator, and a lie about waiting is not believed', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const a = new HandAgent('a').connect(coordinator);
  const lastPing = (): number => {
    const ack = a.sent.findLast((message) => message.type === 'heartbeat-ack');
    return ack?.ping ?? 0;
  };
  const beat = (heldMs: number): void =>
    a.session?.message({ type: 'heartbeat', held: [], pong: { ping: lastPing(), heldMs } });
  clock.advance(130);
  beat(100);
  assert.equal((await coordinator.nodes())[0]?.rttMs, 30);
  beat(1_000_000);
  assert.equal((await coordinator.nodes())[0]?.rttMs, 30);
  a.session?.message({
    type: 'heartbeat',
    held: [],
    load: { cpu: 0.5, freeMemoryBytes: 1 },
    pong: { ping: 1, heldMs: 0 },
  });
  const [node] = await coordinator.nodes();
  assert.equal(node?.rttMs, 30);
  assert.equal(node?.load?.cpu, 0.5);
  clock.advance(15_000);
  await fog.restart();
  assert.equal((await fog.coordinator.nodes())[0]?.rttMs, 30);
});

test('a node that fails again and again cools down, then gets one chance', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  const a = new HandAgent('a').connect(coordinator, { slots: 4 });
  const job = await coordinator.submit(OWNER, spec({ retries: 20 }));
  for (let turn = 0; turn < 5; turn += 1) {
    await a.until(() => a.leases.length === turn + 1);
    a.result(a.leases[turn]?.token ?? 0, failedOutcome('SANDBOX_LOST'));
    clock.advance(10_000);
  }
  assert.equal((await coordinator.nodes())[0]?.breaker.state, 'open');
  const why = await coordinator.why(MEMBER, job.id);
  assert.match(why.nodes[0]?.refusal ?? '', /cools down after failures/);
  await fog.restart();
  assert.equal((await fog.coordinator.nodes())[0]?.breaker.state, 'open');
  const b = new HandAgent('a').connect(fog.coordinator, { slots: 4 });
  await fog.coordinator.submit(OWNER, spec({ array: { count: 3 } }));
  clock.advance(75_000);
  await b.until(() => b.leases.length === 1);
  b.result(b.leases[0]?.token ?? 0);
  await b.until(() => b.leases.length === 4);
  assert.equal((await fog.coordinator.nodes())[0]?.breaker.state, 'closed');
});

test('routes are explained, and jobs take the strategy they name', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const ask = RouteRequest.parse({ strategy: 'round_robin' });
  assert.equal((await coordinator.route(MEMBER, ask)).node, undefined);
  const agents = ['a', 'b', 'c'].map((id) =>
    new HandAgent(id).connect(coordinator, { slots: 4, sandboxLevel: 'process' }),
  );
  const answer = await coordinator.route(MEMBER, ask);
  assert.equal(answer.node, 'a');
  assert.equal(answer.candidates.length, 3);
  const foreign = await coordinator.route(
    { account: 'bob', role: 'user' },
    { ...ask, runtime: 'python' },
  );
  assert.equal(foreign.node, undefined);
  assert.match(foreign.candidates[0]?.refusal ?? '', /has no bubblewrap/);
  for (let turn = 0; turn < 3; turn += 1) {
    await coordinator.submit(OWNER, spec({ strategy: 'round_robin' }));
  }
  for (const agent of agents) await agent.until(() => agent.leases.length === 1);
});

test('the machines of others go by the beginning of their ids, but for operators', async () => {
  await using fog = await fixture({ strategy: 'round_robin' });
  const { coordinator } = fog;
  const [own, foreign] = ['own-machine', 'foreign-machine'];
  const spare = { memoryBytes: 2 ** 29, slots: 1 };
  new HandAgent(own).connect(coordinator, spare);
  new HandAgent(foreign).connect(coordinator, { ...spare, owner: 'ann' });
  const large = spec({ resources: { memoryBytes: 2 ** 30 } });
  const gold = spec({ tier: 'platinum' });
  for (const wanted of [large, gold]) {
    await assert.rejects(coordinator.submit(OWNER, wanted), (error) => {
      assert.match(String(error), /own-machine .*foreign- /);
      return !String(error).includes(foreign);
    });
    const asOperator = coordinator.submit(OWNER, wanted, undefined, 'operator');
    await assert.rejects(asOperator, /own-machine .*foreign-machine /);
  }
  const deployment = DeploymentSpec.parse({ name: 'large', replicas: 1, job: large });
  const refused = coordinator.deploy(OWNER, deployment, undefined, 'operator');
  await assert.rejects(refused, /own-machine .*foreign-machine /);
  const { id } = await coordinator.submit(OWNER, spec({ region: 'mars' }));
  const told = async (role: string): Promise<string> => {
    const caller = { account: OWNER, role };
    const ask = RouteRequest.parse({ strategy: 'round_robin' });
    const { candidates } = await coordinator.route(caller, ask);
    const { summary, nodes, history } = await coordinator.why(caller, id);
    const names = [...candidates, ...nodes].map(({ name }) => name);
    return JSON.stringify({ names, summary, history });
  };
  assert.match(await told('user'), /foreign-"/);
  assert.ok(!(await told('user')).includes(foreign));
  assert.match(await told('user'), /own-machine is in no known region/);
  assert.match(await told('operator'), /foreign-machine is in no known region/);
  assert.ok(!((await coordinator.job(OWNER, id)).cause ?? '').includes(foreign));
});

test('the topology counts the fleet and remembers its past', async () => {
  await using fog = await fixture();
  const { coordinator, clock, store } = fog;
  new HandAgent('a').connect(coordinator, { slots: 4 });
  new HandAgent('b').connect(coordinator).session?.closed();
  clock.advance(61_000);
  await store.write(async () => {});
  const { now, history, links } = await coordinator.topology();
  assert.equal(now.nodes, 2);
  assert.deepEqual(now.byStatus, { suspect: 1, offline: 1 });
  assert.equal(history.length, 1);
  assert.equal(links.length, 1);
});

test('machines that claim to be endless leave the topology readable', async () => {
  await using fog = await fixture();
  const { coordinator, clock, store } = fog;
  const endless = { memoryBytes: Number.MAX_SAFE_INTEGER };
  clock.advance(40_000);
  for (const id of ['a', 'b']) new HandAgent(id).connect(coordinator, endless);
  clock.advance(21_000);
  await store.write(async () => {});
  const { history } = await coordinator.topology();
  assert.equal(history.length, 1);
  assert.equal(history[0]?.capacity.memoryBytes, Number.MAX_SAFE_INTEGER);
});
