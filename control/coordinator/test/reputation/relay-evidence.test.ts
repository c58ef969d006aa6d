import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayEvidence } from '../../src/index.ts';
import { MAX_RATED_RELAYS } from '../../src/limits.ts';
import { type Fixture, fixture, OWNER, spec } from '../fixture.ts';

const GOOD = 'a'.repeat(26);
const BAD = 'b'.repeat(26);

function of(relay: string, epoch: number, over: Partial<RelayEvidence> = {}): RelayEvidence {
  return {
    relay,
    kind: 'relay_loss',
    network: 'net',
    epoch,
    consensus: epoch.toString(16).padStart(64, '0'),
    good: relay === GOOD,
    weight: 1,
    counts: { lossPpm: 0 },
    ...over,
  };
}

/** What is stored of it. */
async function log({ store }: Fixture): Promise<string[]> {
  // The commit of what was noted before.
  await store.write(async () => {});
  const rows = await store.db.selectFrom('evidence').selectAll().orderBy('id').execute();
  return rows.map(({ node, kind, good, source }) => {
    const { epoch } = JSON.parse(source) as { readonly epoch: number };
    return `${node[0]} ${kind} ${epoch} ${good}`;
  });
}

function lower({ coordinator }: Fixture): { good: number; bad: number; newcomer: number } {
  const reputation = coordinator.relayReputation([GOOD, BAD]);
  assert.ok(reputation);
  const [good = Number.NaN, bad = Number.NaN] = reputation.lower;
  return { good, bad, newcomer: reputation.newcomer };
}

test('relays get a reputation by what is measured of them, newcomers between good and bad', async () => {
  await using fog = await fixture();
  const first = lower(fog);
  assert.deepEqual([first.good, first.bad], [first.newcomer, first.newcomer]);
  for (let epoch = 1; epoch <= 10; epoch += 1) {
    fog.coordinator.noteRelays([of(GOOD, epoch), of(BAD, epoch)]);
  }
  const { good, bad, newcomer } = lower(fog);
  assert.ok(good > 0.6 && bad < newcomer && newcomer < 0.1, `${good} ${newcomer} ${bad}`);
});

test('one of a relay, kind and epoch counts, whatever its document says', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const counted = coordinator.noteRelays([of(GOOD, 5), of(GOOD, 5), of(BAD, 5)]);
  assert.deepEqual(counted, [of(GOOD, 5), of(BAD, 5)]);
  coordinator.noteRelays([of(GOOD, 5, { consensus: 'f'.repeat(64), good: false })]);
  coordinator.noteRelays([of(GOOD, 4), of(GOOD, -1), of(GOOD, Number.NaN), of(GOOD, 2 ** 70)]);
  coordinator.noteRelays([of(GOOD, 5, { kind: 'delay_audit' })]);
  const expected = ['a relay_loss 5 1', 'b relay_loss 5 0', 'a delay_audit 5 1'];
  assert.deepEqual(await log(fog), expected);
  const before = lower(fog);
  await fog.restart();
  assert.deepEqual(lower(fog), before);
  fog.coordinator.noteRelays([of(GOOD, 5), of(BAD, 5), of(BAD, 6)]);
  assert.deepEqual(await log(fog), [...expected, 'b relay_loss 6 0']);
});

test('evidence of no sane weight is dropped', async () => {
  await using fog = await fixture();
  const before = lower(fog);
  for (const [epoch, weight] of [Number.NaN, -1, 0, 1e9, Number.POSITIVE_INFINITY].entries()) {
    fog.coordinator.noteRelays([of(GOOD, epoch, { weight })]);
  }
  assert.deepEqual(lower(fog), before);
  assert.deepEqual(await log(fog), []);
});

test('a network of ever new relays does not fill the memory', async () => {
  await using fog = await fixture();
  const names = Array.from({ length: MAX_RATED_RELAYS + 50 }, (_none, index) => `relay ${index}`);
  fog.coordinator.noteRelays(names.map((relay) => of(relay, 1)));
  assert.equal((await log(fog)).length, MAX_RATED_RELAYS);
  fog.coordinator.noteRelays([of('relay 0', 2)]);
  assert.equal((await log(fog)).length, MAX_RATED_RELAYS + 1);
});

test('a coordinator that does not lead keeps none', async () => {
  await using fog = await fixture();
  await fog.coordinator.stop();
  assert.deepEqual(fog.coordinator.noteRelays([of(GOOD, 1)]), []);
  assert.equal(fog.coordinator.relayReputation([GOOD]), undefined);
});

test('the evidence about a relay can be looked up, and is the same when it is counted again', async () => {
  await using fog = await fixture();
  const caller = { account: 'somebody', role: 'user' };
  await assert.rejects(fog.coordinator.nodeTrust(caller, BAD), { code: 'COORDINATOR_NO_NODE' });
  fog.coordinator.noteRelays([of(BAD, 5), of(BAD, 6, { kind: 'delay_audit' })]);
  const trust = await fog.coordinator.nodeTrust(caller, BAD);
  const { use, gates, checked, recounted, lower: atLeast, evidence } = trust;
  assert.deepEqual([use, gates, checked, recounted], ['relay', [], undefined, true]);
  assert.equal(atLeast, lower(fog).bad);
  assert.deepEqual(
    evidence.map(({ kind, good, source }) => [kind, good, source['epoch'], source['network']]),
    [
      ['delay_audit', false, 6, 'net'],
      ['relay_loss', false, 5, 'net'],
    ],
  );
  assert.equal(evidence[1]?.source['consensus'], of(BAD, 5).consensus);
});

test('evidence that comes while it is looked up is not counted against it', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const caller = { account: 'somebody', role: 'user' };
  // Told with the commit that the answer waits for: what is noted then is stored with the next one.
  coordinator.subscribe({ jobEvent: () => void coordinator.noteRelays([of(BAD, 6)]) });
  const submitted = coordinator.submit(OWNER, spec());
  coordinator.noteRelays([of(BAD, 5)]);
  const { recounted, kinds } = await coordinator.nodeTrust(caller, BAD);
  await submitted;
  assert.equal(kinds.length, 1);
  assert.equal(recounted, true);
});
