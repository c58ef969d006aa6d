import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { type Deployment, DeploymentSpec } from '@fog/wire';
import { failedOutcome } from '@fog/wire';
import { type Fixture, fixture, HandAgent, ok, OWNER, spec } from '../fixture.ts';

const service = (over: object = {}): DeploymentSpec =>
  DeploymentSpec.parse({ name: 'web', replicas: 3, job: spec(), ...over });

const PROVEN_MS = 5_000;

/** Three nodes whose programs run as soon as they are sent. */
function fleet(fog: Fixture, slots = 2): HandAgent[] {
  return ['a', 'b', 'c'].map((id) => new HandAgent(id).connect(fog.coordinator, { slots }));
}

const started = new WeakMap<HandAgent, Set<number>>();

/** Says that what an agent was given runs. */
function begin(agents: readonly HandAgent[]): void {
  for (const agent of agents) {
    const known = started.get(agent) ?? new Set();
    started.set(agent, known);
    for (const { token } of agent.unanswered()) {
      if (known.has(token)) continue;
      known.add(token);
      agent.session?.message({ type: 'progress', tasks: [{ token, phase: 'running' }] });
    }
  }
}

/** Moves the time by steps of the reconciler until the deployment is as wanted. */
async function until(
  fog: Fixture,
  agents: readonly HandAgent[],
  id: string,
  ready: (deployment: Deployment) => boolean,
): Promise<Deployment> {
  for (let step = 0; step < 200; step += 1) {
    begin(agents);
    const deployment = await fog.coordinator.deployment(OWNER, id);
    if (ready(deployment)) return deployment;
    for (const agent of agents) agent.session?.message({ type: 'heartbeat', held: held(agent) });
    await fog.clock.advanceAsync(250);
  }
  const last = await fog.coordinator.deployment(OWNER, id);
  throw new Error(`not reached: ${JSON.stringify(last)}`);
}

const cancelled = (agent: HandAgent): Set<number> =>
  new Set(agent.sent.flatMap((one) => (one.type === 'cancel' ? one.tokens : [])));
const held = (agent: HandAgent): number[] => {
  const gone = cancelled(agent);
  return agent
    .unanswered()
    .map(({ token }) => token)
    .filter((token) => !gone.has(token));
};
const isRunning = ({ state, replicas, wanted }: Deployment): boolean =>
  state === 'running' && replicas.length === wanted;
const nodesOf = ({ replicas }: Deployment): string[] =>
  replicas.map(({ node = '' }) => node).toSorted();
const openJobs = async (fog: Fixture): Promise<number> =>
  (await fog.coordinator.jobs(OWNER, { open: true, limit: 100 })).jobs.length;

function crash(agent: HandAgent): void {
  const [token = 0] = held(agent);
  agent.result(token, { ...ok(), ...failedOutcome('TRAP') });
}

describe('a deployment', () => {
  it('runs its replicas on nodes apart, and says so', async () => {
    await using fog = await fixture();
    const agents = fleet(fog);
    const { id } = await fog.coordinator.deploy(OWNER, service());
    const deployment = await until(fog, agents, id, isRunning);
    assert.deepEqual(nodesOf(deployment), ['a', 'b', 'c']);
    assert.equal(deployment.healthy, 3);
    assert.deepEqual(fog.coordinator.counts().deployments, {
      total: 1,
      degraded: 0,
      replicas: 3,
      healthy: 3,
    });
    assert.deepEqual(await fog.coordinator.deployments(OWNER), [deployment]);
    const [first] = deployment.replicas;
    const job = await fog.coordinator.job(OWNER, first?.job ?? '');
    assert.equal(job.deployment, id);
    assert.equal(job.spec.service, true);
  });

  it('says what a replica waits for, and keeps its slot from work that could not run there', async () => {
    await using fog = await fixture();
    const agent = new HandAgent('a').connect(fog.coordinator, { slots: 1 });
    const { id } = await fog.coordinator.deploy(OWNER, service({ replicas: 2 }));
    const now = await until(fog, [agent], id, ({ healthy }) => healthy === 1);
    const waiting = now.replicas.find(({ state }) => state === 'starting');
    assert.equal(waiting?.detail, 'waits for a free slot');
    const job = await fog.coordinator.submit(OWNER, spec({ array: { count: 8 } }));
    await fog.clock.advanceAsync(1_000);
    assert.equal(held(agent).length, 1);
    assert.equal((await fog.coordinator.job(OWNER, job.id)).tasks.queued, 8);
    await fog.coordinator.changeDeployment(OWNER, id, { replicas: 0 });
    await agent.until(() => agent.leases.some((lease) => lease.job === job.id));
  });

  it('gets its slot from a stream of short tasks', async () => {
    await using fog = await fixture();
    const agent = new HandAgent('a').connect(fog.coordinator, { slots: 2 });
    const { id: job } = await fog.coordinator.submit(OWNER, spec({ array: { count: 100 } }));
    const finish = async (): Promise<void> => {
      const next = agent.unanswered().find((lease) => lease.job === job);
      if (next !== undefined) agent.result(next.token);
      await fog.clock.advanceAsync(10);
    };
    while (agent.unanswered().length < 16) await finish();
    const { id } = await fog.coordinator.deploy(OWNER, service({ replicas: 1 }));
    let [replica] = (await fog.coordinator.deployment(OWNER, id)).replicas;
    while (replica?.node === undefined && agent.unanswered().length > 0) {
      await finish();
      [replica] = (await fog.coordinator.deployment(OWNER, id)).replicas;
    }
    assert.equal(replica?.node, 'a');
    assert.ok((await fog.coordinator.job(OWNER, job)).tasks.queued > 0, 'it did not wait for all');
  });

  it('starts a crashed replica again, after longer and longer, and says why', async () => {
    await using fog = await fixture();
    const agent = new HandAgent('a').connect(fog.coordinator);
    const { id } = await fog.coordinator.deploy(OWNER, service({ replicas: 1 }));
    const agents = [agent];
    const waits: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await until(fog, agents, id, () => held(agent).length === 1);
      crash(agent);
      const at = fog.clock.now();
      const down = await until(fog, [], id, ({ state }) => state === 'degraded');
      assert.match(down.cause ?? '', /replica 0 \(version 1\) failed .*TRAP/);
      assert.equal(down.replicas[0]?.state, 'unhealthy');
      await until(fog, [], id, () => held(agent).length === 1);
      waits.push(fog.clock.now() - at);
    }
    for (const [round, waitMs] of waits.entries()) {
      const leastMs = 1_000 * 2 ** round;
      assert.ok(waitMs >= leastMs && waitMs <= leastMs + 1_500, `waited ${waits.join(', ')} ms`);
    }
    const mended = await until(fog, agents, id, isRunning);
    assert.equal(mended.replicas[0]?.restarts, 3);
  });

  it('has no timeout, and is not for plain jobs', async () => {
    await using fog = await fixture();
    const agents = fleet(fog);
    const { id } = await fog.coordinator.deploy(
      OWNER,
      service({ replicas: 1, job: spec({ timeoutMs: 1_000 }) }),
    );
    const { replicas } = await until(fog, agents, id, isRunning);
    for (let day = 0; day < 20; day += 1) {
      for (const agent of agents) agent.session?.message({ type: 'heartbeat', held: held(agent) });
      fog.clock.jump(86_400_000);
      await fog.clock.advanceAsync(1_000);
    }
    const later = await fog.coordinator.deployment(OWNER, id);
    assert.equal(later.replicas[0]?.job, replicas[0]?.job);
    await assert.rejects(fog.coordinator.submit(OWNER, spec({ service: true })), (error) =>
      isFogError(error, 'COORDINATOR_DEPLOYMENT'),
    );
  });

  it('leaves a lost node without waiting, and a draining one without missing two', async () => {
    await using fog = await fixture();
    const agents = fleet(fog);
    const { id } = await fog.coordinator.deploy(OWNER, service());
    await until(fog, agents, id, isRunning);
    const [lost, ...rest] = agents as [HandAgent, HandAgent, HandAgent];
    lost.session?.closed();
    await fog.clock.advanceAsync(5_000);
    const moved = await until(fog, rest, id, isRunning);
    assert.ok(!nodesOf(moved).includes('a'));
    assert.equal(
      moved.replicas.reduce((sum, { restarts }) => sum + restarts, 0),
      0,
    );

    lost.connect(fog.coordinator);
    const operator = { account: OWNER, role: 'operator' };
    await fog.coordinator.setNodeMode(operator, 'b', 'draining');
    let fewest = 3;
    const left = await until(fog, agents, id, (now) => {
      fewest = Math.min(fewest, now.healthy);
      return isRunning(now) && !nodesOf(now).includes('b');
    });
    assert.equal(fewest, 2);
    assert.equal(left.healthy, 3);
    assert.equal(await openJobs(fog), 3);
  });

  it('updates one replica after the other, and scales', async () => {
    await using fog = await fixture();
    const agents = fleet(fog);
    const { id } = await fog.coordinator.deploy(OWNER, service());
    await until(fog, agents, id, isRunning);
    const job = spec({ args: ['2'] });
    const changed = await fog.coordinator.changeDeployment(OWNER, id, { job });
    assert.equal(changed.version, 2);
    let fewest = 3;
    const updated = await until(fog, agents, id, (now) => {
      fewest = Math.min(fewest, now.healthy);
      return isRunning(now);
    });
    assert.deepEqual(
      updated.replicas.map(({ version }) => version),
      [2, 2, 2],
    );
    assert.equal(fewest, 2);
    const same = await fog.coordinator.changeDeployment(OWNER, id, { job });
    assert.equal(same.version, 2);

    await fog.coordinator.changeDeployment(OWNER, id, { replicas: 1 });
    await until(fog, agents, id, (now) => isRunning(now) && now.replicas.length === 1);
    assert.equal(await openJobs(fog), 1);
    await fog.coordinator.changeDeployment(OWNER, id, { replicas: 0 });
    await until(fog, agents, id, ({ replicas }) => replicas.length === 0);
    assert.equal(await openJobs(fog), 0);
  });

  it('stops an update whose version crashes, also over a restart, and goes back', async () => {
    await using fog = await fixture();
    let agents = fleet(fog);
    const { id } = await fog.coordinator.deploy(OWNER, service());
    await until(fog, agents, id, isRunning);
    await fog.coordinator.changeDeployment(OWNER, id, { job: spec({ args: ['bad'] }) });
    const newest = (now: Deployment): Deployment['replicas'][number] | undefined =>
      now.replicas.find(({ version }) => version === 2);
    for (let round = 0; round < 3; round += 1) {
      const up = await until(fog, agents, id, (now) => {
        const node = agents.find((agent) => agent.id === newest(now)?.node);
        return node !== undefined && held(node).length > 0 && newest(now)?.state !== 'stopping';
      });
      const bad = newest(up);
      const agent = agents.find((one) => one.id === bad?.node);
      const lease = agent?.unanswered().find((one) => one.job === bad?.job);
      if (lease === undefined) continue;
      agent?.result(lease.token, { ...ok(), ...failedOutcome('TRAP') });
      await fog.clock.advanceAsync(0);
    }
    const stuck = await until(fog, [], id, ({ state }) => state === 'degraded');
    assert.match(stuck.cause ?? '', /version 2.*the update waits, and 2 of 3 replicas stay/);
    assert.equal(stuck.healthy, 2);

    const kept = agents.map(held);
    await fog.restart();
    agents = ['a', 'b', 'c'].map((name, at) =>
      new HandAgent(name).connect(fog.coordinator, { held: kept[at] ?? [] }),
    );
    await fog.clock.advanceAsync(500);
    const after = await fog.coordinator.deployment(OWNER, id);
    assert.deepEqual(after.replicas.map(({ version }) => `v${version}`).toSorted(), [
      'v1',
      'v1',
      'v2',
    ]);
    assert.equal(after.version, 2);
  });

  it('is doubled by no restart', async () => {
    await using fog = await fixture();
    const agents = fleet(fog);
    const { id } = await fog.coordinator.deploy(OWNER, service());
    const before = await until(fog, agents, id, isRunning);
    const kept = agents.map(held);
    await fog.restart();
    const back = agents.map((agent, at) =>
      agent.connect(fog.coordinator, { held: kept[at] ?? [] }),
    );
    await fog.clock.advanceAsync(3 * PROVEN_MS);
    const after = await until(fog, back, id, isRunning);
    const jobs = ({ replicas }: Deployment): string[] => replicas.map(({ job }) => job);
    assert.deepEqual(jobs(after), jobs(before));
    assert.equal(await openJobs(fog), 3);
    assert.equal(
      after.replicas.reduce((sum, { restarts }) => sum + restarts, 0),
      0,
    );
  });

  it('ends whole', async () => {
    await using fog = await fixture();
    const agents = fleet(fog);
    const { id } = await fog.coordinator.deploy(OWNER, service());
    await until(fog, agents, id, isRunning);
    const gone = await fog.coordinator.deleteDeployment(OWNER, id);
    assert.equal(gone.state, 'deleting');
    assert.equal(await openJobs(fog), 0);
    await assert.rejects(fog.coordinator.deployment(OWNER, id), (error) =>
      isFogError(error, 'COORDINATOR_NO_DEPLOYMENT'),
    );
    await fog.restart();
    await fog.clock.advanceAsync(5_000);
    assert.deepEqual(await fog.coordinator.deployments(OWNER), []);
    assert.equal(await openJobs(fog), 0);
  });
});

describe('the output probe', () => {
  it('starts a replica again that falls silent, but not for a lost connection', async () => {
    await using fog = await fixture();
    const agent = new HandAgent('a').connect(fog.coordinator);
    const probe = { kind: 'output', withinMs: 10_000 };
    const { id } = await fog.coordinator.deploy(OWNER, service({ replicas: 1, probe }));
    await until(fog, [agent], id, () => held(agent).length === 1);
    begin([agent]);
    await fog.clock.advanceAsync(1_000);
    assert.equal((await fog.coordinator.deployment(OWNER, id)).state, 'starting');
    const [token = 0] = held(agent);
    const data = Buffer.from('tick\n').toString('base64');
    agent.session?.message({ type: 'output', token, stream: 'stdout', offset: 0, data });
    const up = await until(fog, [agent], id, isRunning);
    const silent = await until(fog, [agent], id, ({ state }) => state === 'degraded');
    assert.match(silent.cause ?? '', /heard no output/);
    const again = await until(fog, [agent], id, () => held(agent).length === 1);
    assert.equal(again.wanted, 1);
    assert.ok(cancelled(agent).has(token));
    const now = await fog.coordinator.deployment(OWNER, id);
    assert.notEqual(now.replicas[0]?.job, up.replicas[0]?.job);
  });
});

describe('what is no deployment', () => {
  it('is refused with a reason', async () => {
    await using fog = await fixture();
    const deploy = (over: object, key?: string): Promise<Deployment> =>
      fog.coordinator.deploy(OWNER, service(over), key);
    const refused = (code: string) => (error: unknown) => isFogError(error, code);
    const wrong = [
      { array: { count: 2 } },
      { deadlineAt: 4e12 },
      { class: 'A' },
      { determinism: 'strict' },
      { outputs: ['/output'] },
    ];
    for (const over of wrong) {
      await assert.rejects(deploy({ job: spec(over) }), refused('COORDINATOR_DEPLOYMENT'));
    }
    await assert.rejects(
      deploy({ job: spec({ module: 'b'.repeat(64) }) }),
      refused('COORDINATOR_UNKNOWN_CONTENT'),
    );
    const first = await deploy({}, 'key');
    assert.equal((await deploy({}, 'key')).id, first.id);
    await assert.rejects(deploy({ name: 'other' }, 'key'), refused('COORDINATOR_IDEMPOTENCY'));
    await assert.rejects(deploy({}), refused('COORDINATOR_NAME_TAKEN'));
    const { coordinator } = fog;
    for (const call of [
      coordinator.deployment('other', first.id),
      coordinator.changeDeployment('other', first.id, { replicas: 1 }),
      coordinator.deleteDeployment('other', first.id),
    ]) {
      await assert.rejects(call, refused('COORDINATOR_NO_DEPLOYMENT'));
    }
    assert.deepEqual(await coordinator.deployments('other'), []);
  });
});
