import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifestBatchBytes, manifestDigest } from '@fog/wire';
import { verifySignature } from '@fog/crypto';
import { FOG_ID, type HandAgent, HASHING, ok, spec } from '../fixture.ts';
import { ALICE, crowd, type Crowd, failed, SHORT, text } from './crowd.ts';

const STRICT = { determinism: 'strict' };

async function evidenceOf(world: Crowd) {
  const rows = await world.fog.store.db
    .selectFrom('evidence')
    .select(['node', 'kind', 'good', 'weight'])
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

test('a failure of a foreign node is final when a second owner repeats it', async () => {
  await using world = await crowd({ owners: ['o1', 'o2'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec());
  await world.leased(1);
  world.answer(() => failed());
  await world.leased(1);
  assert.equal((await coordinator.job(ALICE, job.id)).tasks.failed, 0);
  world.answer(() => failed());
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'failed');
  const { verification } = await coordinator.task(ALICE, job.id, 0);
  assert.deepEqual(verification, { agreed: 2, counted: 'owners' });
});

test('a failure that a second owner does not see is none', async () => {
  await using world = await crowd({ owners: ['o1', 'o2'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec());
  await world.leased(1);
  world.answer(() => failed());
  await world.leased(1);
  world.answer(() => text('fine'));
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
  assert.deepEqual(await evidenceOf(world), []);
});

test('without a second owner a foreign failure is marked unconfirmed; an own one is not doubted', async () => {
  await using world = await crowd({ owners: ['o1', 'o1'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec());
  await world.leased(1);
  world.answer(() => failed());
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'failed');
  const page = await coordinator.results(ALICE, job.id, { from: 0, limit: 1, waitMs: 0 });
  assert.equal(page.results[0]?.verification?.unconfirmed, true);
  await using own = await crowd({ owners: [ALICE, 'o2'] });
  const [agent] = own.agents as [HandAgent];
  const mine = await own.fog.coordinator.submit(ALICE, spec({ excludedNodes: [] }));
  await own.leased(1);
  if (agent.leases.length === 0) own.answer(() => failed());
  await own.leased(agent.leases.length === 0 ? 1 : 0);
  own.answer(() => failed());
  assert.equal((await own.fog.coordinator.job(ALICE, mine.id, SHORT)).state, 'failed');
});

test('the second owner leaves while a failure waits: it ends unconfirmed', async () => {
  await using world = await crowd({ owners: ['o1', 'o2'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec());
  await world.leased(1);
  world.answer(() => failed());
  await world.leased(1);
  const [second] = world.agents.filter((agent) => agent.unanswered().length > 0) as [HandAgent];
  second.session?.message({ type: 'goodbye' });
  world.fog.clock.advance(1_000);
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'failed');
  assert.equal((await coordinator.task(ALICE, job.id, 0)).verification?.unconfirmed, true);
});

test('class B: a check comes after the result; a liar is blamed after a third owner and the coordinator', async () => {
  await using world = await crowd({
    owners: ['liar', 'o2', 'o3', 'o4'],
    truth: () => text('right'),
    random: () => 0,
  });
  const { coordinator } = world.fog;
  const [liar] = world.agents as [HandAgent];
  const answer = (agent: HandAgent) => text(agent === liar ? 'lie' : 'right');
  for (let turn = 0; liar.leases.length === 0 && turn < 8; turn += 1) {
    const job = await coordinator.submit(ALICE, spec(STRICT));
    await world.leased(1);
    world.answer(answer);
    // The result does not wait for its check.
    assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
    await world.leased(1);
    world.answer(answer);
    await world.fog.store.write(async () => {});
  }
  assert.ok(liar.leases.length > 0, 'the liar got work');
  await settle(world, async () => {
    world.answer(answer);
    return (await evidenceOf(world)).some(({ good }) => good === 0);
  });
  const bad = (await evidenceOf(world)).filter(({ good }) => good === 0);
  assert.deepEqual(bad, [{ node: liar.id, kind: 'result', good: 0, weight: 5 }]);
  const node = (await coordinator.nodes()).find(({ id }) => id === liar.id);
  assert.equal(node?.breaker.state, 'open');
  assert.ok(world.reruns >= 1);
  const before = liar.leases.length;
  await coordinator.submit(ALICE, spec({ ...STRICT, array: { count: 6 } }));
  await world.leased(6);
  assert.equal(liar.leases.length, before, 'it gets no work while it cools down');
  await world.fog.restart();
  const after = (await world.fog.coordinator.nodes()).find(({ id }) => id === liar.id);
  assert.equal(after?.breaker.state, 'open');
});

test('a coordinator that agrees with nobody blames nobody', async () => {
  await using world = await crowd({
    owners: ['o1', 'o2', 'o3'],
    truth: () => text('something else'),
    random: () => 0,
  });
  const { coordinator } = world.fog;
  await coordinator.submit(ALICE, spec(STRICT));
  for (const round of [1, 2, 3]) {
    await world.leased(1);
    world.answer((agent) => text(`${agent.id} ${round}`));
  }
  await settle(world, async () => world.reruns === 1);
  await world.fog.store.write(async () => {});
  assert.deepEqual(await evidenceOf(world), []);
});

test('evidence lowers how often a node is checked, never to zero', async () => {
  let draw = 0;
  await using world = await crowd({ owners: ['o1', 'o2'], random: () => draw });
  const { coordinator } = world.fog;
  for (let turn = 0; turn < 12; turn += 1) {
    await coordinator.submit(ALICE, spec(STRICT));
    await world.leased(1);
    world.answer(() => text('x'));
    await world.leased(1);
    world.answer(() => text('x'));
  }
  await settle(world, async () => (await evidenceOf(world)).length === 24);
  const good = await evidenceOf(world);
  assert.ok(good.every((row) => row.good === 1 && row.weight === 1 && row.kind === 'result'));
  draw = 0.5;
  const job = await coordinator.submit(ALICE, spec(STRICT));
  await world.leased(1);
  world.answer(() => text('x'));
  await coordinator.job(ALICE, job.id, SHORT);
  await world.fog.store.write(async () => {});
  assert.equal(world.agents.flatMap((agent) => agent.unanswered()).length, 0);
  assert.equal((await coordinator.task(ALICE, job.id, 0)).attempts.length, 1);
});

test('a result without its signature, or with that of another, is refused and counted against the node', async () => {
  await using world = await crowd({ owners: ['o1'] });
  const { coordinator } = world.fog;
  const [agent] = world.agents as [HandAgent];
  const job = await coordinator.submit(ALICE, spec());
  const last = (): number => agent.leases.at(-1)?.token ?? 0;
  await world.leased(1);
  agent.session?.message({ type: 'results', results: [{ token: last(), outcome: ok() }] });
  const next = async (count: number): Promise<void> => {
    world.fog.clock.advance(10_000);
    await agent.until(() => agent.leases.length === count);
  };
  await next(2);
  const signed = agent.signedResult(last(), text('one'));
  agent.send([{ ...signed, outcome: text('two') }]);
  await next(3);
  const digest = 'f'.repeat(64);
  agent.send([agent.signedResult(last(), ok())], [digest]);
  await next(4);
  agent.result(last());
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
  const { attempts } = await coordinator.task(ALICE, job.id, 0);
  assert.deepEqual(
    attempts.map(({ state, failure }) => [state, failure?.code]),
    [
      ['failed', 'MANIFEST'],
      ['failed', 'MANIFEST'],
      ['failed', 'MANIFEST'],
      ['accepted', undefined],
    ],
  );
  const bad = await evidenceOf(world);
  assert.equal(bad.length, 3);
  assert.ok(bad.every(({ kind, good }) => kind === 'manifest' && good === 0));
});

test('results and heartbeats for leases of another node change nothing', async () => {
  await using world = await crowd({ owners: ['o1', 'o2'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec());
  await world.leased(1);
  const [holder] = world.agents.filter(({ leases }) => leases.length > 0) as [HandAgent];
  const [thief] = world.agents.filter((agent) => agent !== holder) as [HandAgent];
  const token = holder.leases[0]?.token ?? 0;
  thief.result(token, text('stolen'));
  thief.session?.message({ type: 'heartbeat', held: [token] });
  const ack = thief.sent.findLast(({ type }) => type === 'heartbeat-ack');
  assert.deepEqual(ack?.type === 'heartbeat-ack' && ack.revoked, [token]);
  assert.equal((await coordinator.job(ALICE, job.id)).tasks.settled, 0);
  holder.result(token, text('right'));
  assert.equal((await coordinator.job(ALICE, job.id, SHORT)).state, 'settled');
});

test('the proof of a result can be checked by anybody', async () => {
  await using world = await crowd({ owners: ['o1'] });
  const { coordinator } = world.fog;
  const job = await coordinator.submit(ALICE, spec({ array: { items: [{ value: 'one' }] } }));
  await world.leased(1);
  world.answer(() => text('right'));
  await coordinator.job(ALICE, job.id, SHORT);
  const { proof, attempts } = await coordinator.task(ALICE, job.id, 0);
  assert.ok(proof);
  const digest = manifestDigest(proof.manifest, HASHING);
  assert.equal(digest, attempts[0]?.digest);
  assert.ok(proof.digests.includes(digest));
  const signed = manifestBatchBytes(FOG_ID, proof.manifest.node, proof.digests);
  const key = Buffer.from(proof.nodeKey, 'base64');
  assert.ok(verifySignature(key, signed, Buffer.from(proof.signature, 'base64')));
});

test('known answers look like ordinary work, and a wrong one is a proven lie', async () => {
  let answerOf = (_agent: HandAgent): string => 'right';
  await using world = await crowd({
    owners: ['o1', 'o2', 'o3'],
    truth: () => text('right'),
    random: () => 0,
  });
  const { coordinator, clock } = world.fog;
  const job = await coordinator.submit(ALICE, spec({ ...STRICT, class: 'S' }));
  await world.leased(3);
  world.answer((agent) => text(answerOf(agent)));
  await coordinator.job(ALICE, job.id, SHORT);
  clock.advance(30_000);
  await world.leased(1);
  const [asked] = world.agents.filter((agent) => agent.unanswered().length > 0) as [HandAgent];
  const [lease] = asked.unanswered();
  assert.notEqual(lease?.job, job.id);
  assert.match(lease?.job ?? '', /^j[a-z2-7]{12}$/);
  assert.equal(lease?.attempt, 1);
  assert.equal((await coordinator.leasedSpec(asked.id, lease?.job ?? '')).class, 'S');
  answerOf = () => 'lie';
  world.answer((agent) => text(answerOf(agent)));
  await settle(world, async () => (await evidenceOf(world)).some(({ good }) => good === 0));
  const bad = (await evidenceOf(world)).filter(({ good }) => good === 0);
  assert.deepEqual(bad, [{ node: asked.id, kind: 'known_answer', good: 0, weight: 5 }]);
});
