import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeTrust } from '@fog/wire';
import { fixture, HandAgent, spec } from '../fixture.ts';
import { ALICE, crowd, type Crowd, SHORT, text } from './crowd.ts';

const STRICT = { determinism: 'strict' };
const OPERATOR = { account: 'operator', role: 'operator' };
const WINDOW_MS = 21_600_000;

async function trustOf(world: Crowd, agent: HandAgent | undefined): Promise<NodeTrust> {
  return world.fog.coordinator.nodeTrust(OPERATOR, agent?.id ?? '');
}

async function evidence(world: Crowd) {
  const rows = await world.fog.store.db
    .selectFrom('evidence')
    .select(['node', 'kind', 'good', 'owner', 'rater'])
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row }));
}

/** Lets commits pass until `ready`. */
async function settle(world: Crowd, ready: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    if (await ready()) return;
    await world.fog.store.write(async () => {});
  }
  throw new Error('it did not come to that');
}

/** A job of class A that two owners run. */
async function pair(world: Crowd, answer: (agent: HandAgent) => string): Promise<void> {
  const job = await world.fog.coordinator.submit(ALICE, spec({ ...STRICT, class: 'A' }));
  await world.leased(2);
  world.answer((agent) => text(answer(agent)));
  await world.fog.coordinator.job(ALICE, job.id, SHORT);
}

test('owners that agree speak for each other; scores outlive a restart and come out of the log', async () => {
  await using world = await crowd({ owners: ['o1', 'o2'] });
  for (let turn = 0; turn < 3; turn += 1) await pair(world, () => 'x');
  await settle(world, async () => (await evidence(world)).length === 6);
  const pairs = (await evidence(world)).map(({ owner, rater }) => `${owner} by ${rater}`);
  assert.deepEqual([...new Set(pairs)].toSorted(), ['o1 by o2', 'o2 by o1']);
  const [first] = world.agents;
  const before = await trustOf(world, first);
  assert.ok(before.score > 0.5 && before.lower > 0.2 && before.newcomer);
  assert.equal(before.recounted, true);
  assert.equal(before.evidence.length, 3);
  assert.deepEqual(
    before.gates.map(({ passes }) => passes),
    [false, false, false],
  );
  const shown = (await world.fog.coordinator.nodes()).find(({ id }) => id === first?.id);
  assert.equal(shown?.trust, before.lower);
  await world.fog.restart();
  assert.deepEqual(await trustOf(world, first), before);
});

test('a store from before scores were kept counts its evidence at the start', async () => {
  await using world = await crowd({ owners: ['o1', 'o2'] });
  await pair(world, () => 'x');
  await settle(world, async () => (await evidence(world)).length === 2);
  const before = await trustOf(world, world.agents[0]);
  await world.fog.store.write(async (trx) => {
    await trx.deleteFrom('reputation').execute();
  });
  await world.fog.restart();
  assert.deepEqual(await trustOf(world, world.agents[0]), before);
  await world.fog.restart();
  assert.deepEqual(await trustOf(world, world.agents[0]), before);
});

test('what was stored by somebody else than the log shows', async () => {
  await using world = await crowd({ owners: ['o1', 'o2'] });
  await pair(world, () => 'x');
  await settle(world, async () => (await evidence(world)).length === 2);
  await world.fog.store.write(async (trx) => {
    await trx.updateTable('reputation').set({ good: 90 }).execute();
  });
  await world.fog.restart();
  assert.equal((await trustOf(world, world.agents[0])).recounted, false);
});

test('of strangers who agree the fog runs the work itself, and then speaks for them', async () => {
  await using world = await crowd({
    owners: ['o1', 'o2'],
    truth: () => text('x'),
    random: () => 0,
  });
  await pair(world, () => 'x');
  await settle(world, async () => (await evidence(world)).length === 2);
  assert.deepEqual([...new Set((await evidence(world)).map(({ rater }) => rater))], ['fog']);
  assert.equal(world.reruns, 1);
  assert.equal(world.fog.coordinator.verification()?.audits, 1);
});

test('two that agree on a lie are found when the fog runs it itself, and a third owner confirms it', async () => {
  await using world = await crowd({
    owners: ['o1', 'o2', 'o3'],
    truth: () => text('right'),
    random: () => 0,
  });
  const liars = new Set<HandAgent>();
  const job = await world.fog.coordinator.submit(ALICE, spec({ ...STRICT, class: 'A' }));
  await world.leased(2);
  for (const agent of world.agents) if (agent.unanswered().length > 0) liars.add(agent);
  world.answer(() => text('lie'));
  assert.equal((await world.fog.coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
  await world.leased(1);
  world.answer(() => text('right'));
  await settle(world, async () => (await evidence(world)).length === 3);
  const bad = (await evidence(world)).filter(({ good }) => good === 0);
  assert.deepEqual(
    bad.map(({ node }) => node).toSorted(),
    [...liars].map(({ id }) => id).toSorted(),
  );
  assert.ok(bad.every(({ rater }) => rater === 'fog'));
  for (const liar of liars) assert.ok((await trustOf(world, liar)).lower < 0.1);
});

test('nodes of one owner earn nothing from each other', async () => {
  await using world = await crowd({ owners: [ALICE, ALICE] });
  const { coordinator } = world.fog;
  const own = { ...STRICT, class: 'A', allowSameOwner: true };
  const job = await coordinator.submit(ALICE, spec(own));
  await world.leased(2);
  world.answer(() => text('x'));
  await coordinator.job(ALICE, job.id, SHORT);
  await settle(world, async () => coordinator.ignoredEvidence()?.self === 2);
  const trust = await trustOf(world, world.agents[0]);
  assert.equal(trust.effective, 0);
  assert.equal(trust.recounted, true);
  assert.deepEqual(await evidence(world), []);
  assert.equal((await coordinator.nodes())[0]?.trust, undefined);
});

test('a node that falls silent has that held against it, once a window; being there is no merit', async () => {
  await using world = await crowd({ owners: ['o1', 'o2', 'o3'] });
  const { clock } = world.fog;
  const [silent, ...others] = world.agents;
  for (let minute = 0; minute < WINDOW_MS / 60_000; minute += 1) {
    clock.advance(60_000);
    for (const { session } of others) session?.message({ type: 'heartbeat', held: [] });
  }
  await settle(world, async () => (await evidence(world)).length > 0);
  const rows = await evidence(world);
  assert.ok(rows.every(({ kind, rater }) => kind === 'availability' && rater === 'fog'));
  assert.deepEqual(
    rows.map(({ node, good }) => [node, good]),
    [[silent?.id, 0], ...others.map(({ id }) => [id, 1])],
  );
  assert.equal((await trustOf(world, others[0])).score.toFixed(2), '0.30');
  const shown = await world.fog.coordinator.nodes();
  assert.ok(shown.every(({ trust }) => trust === undefined));
  assert.ok((await trustOf(world, silent)).score < 0.25);
});

test('presence is judged at the end of each window, however often the leader changes', async () => {
  await using fog = await fixture();
  const agents = ['o1', 'o2', 'o3'].map((owner) => ({ id: owner.repeat(13), owner }));
  for (let term = 0; term < 4; term += 1) {
    const connected = agents.map(({ id, owner }) =>
      new HandAgent(id).connect(fog.coordinator, { owner }),
    );
    for (let minute = 0; minute < 4 * 60; minute += 1) {
      fog.clock.advance(60_000);
      for (const { session } of connected) session?.message({ type: 'heartbeat', held: [] });
    }
    await fog.restart();
  }
  const rows = await fog.store.db.selectFrom('evidence').selectAll().orderBy('id').execute();
  assert.ok(rows.every(({ kind, good }) => kind === 'availability' && good === 1));
  assert.equal(rows.length, agents.length * 2);
});

test('another account cannot look at it', async () => {
  await using world = await crowd({ owners: ['o1'] });
  const id = world.agents[0]?.id ?? '';
  const { coordinator } = world.fog;
  await assert.rejects(coordinator.nodeTrust({ account: 'o2', role: 'member' }, id), {
    code: 'COORDINATOR_NO_NODE',
  });
  assert.equal((await coordinator.nodeTrust({ account: 'o1', role: 'member' }, id)).node, id);
});
