import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCanonical, encodeCanonical } from '@fog/crypto';
import { authorityKeys } from '../../src/directory/authority-keys.ts';
import { NO_HASH } from '../../src/directory/consensus.ts';
import { verifyLottery } from '../../src/directory/lottery.ts';
import { begin, consensusOf, hashes, statuses, toPhase, voteOf } from './rounds-world.ts';
import { VirtualWorld } from './virtual-world.ts';
import { networkOf, seedOf } from './world.ts';

const EPOCH_MS = 20 * 60_000;

test('an immediate round is over seconds after the relays came, and all hold the same bytes', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  assert.equal(hashes(world).size, 1);
  const consensus = consensusOf(world);
  assert.equal(consensus.revision, 2);
  assert.equal(consensus.relays.length, 9);
  assert.deepEqual(consensus.previous, NO_HASH);
  assert.ok(consensus.authorities.every(({ voted, absences }) => voted && absences === 0));
  assert.equal(consensus.pathPolicy.singleOperator, true);
  assert.ok(verifyLottery(consensus).ok);
  assert.equal(consensus.relays.filter(({ flags }) => flags.includes('Guard')).length, 4);
  assert.ok(consensus.relays.every(({ active }) => active));
});

test('the grid makes the next consensus by the sixth phase and it takes over with its epoch', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  const first = consensusOf(world);
  await toPhase(world, 3);
  assert.deepEqual([...hashes(world, 'next')], [undefined]);
  await toPhase(world, 5);
  assert.equal(hashes(world, 'next').size, 1);
  const next = consensusOf(world, 'next');
  assert.deepEqual([next.epoch, next.revision], [first.epoch + 1, 1]);
  assert.deepEqual(next.previousSharedRandom, first.sharedRandom);
  assert.notDeepEqual(next.sharedRandom, first.sharedRandom);
  await toPhase(world, 0);
  assert.equal(statuses(world)[1]?.current?.epoch, first.epoch + 1);
});

test('new keys of a third of the weight bring a revision at once, which keeps the random value', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  const first = consensusOf(world);
  const changed = world.relays.slice(0, 4);
  for (const relay of changed) relay.restarts += 1;
  world.publish(changed);
  await world.advance(3_000);
  const second = consensusOf(world);
  assert.deepEqual([second.epoch, second.revision], [first.epoch, first.revision + 1]);
  assert.deepEqual(second.sharedRandom, first.sharedRandom);
  const keyOf = (consensus: typeof first) =>
    consensus.relays.find(({ descriptor }) => descriptor.id === changed[0]?.identity.id)?.descriptor
      .mixKeys[0]?.key;
  assert.notDeepEqual(keyOf(second), keyOf(first));
  assert.equal(hashes(world).size, 1);
});

test('a single relay with new keys waits, but not for the next epoch', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  const changed = world.relays.slice(0, 1);
  for (const relay of changed) relay.restarts += 1;
  world.publish(changed);
  await world.advance(10_000);
  assert.equal(consensusOf(world).revision, 2);
  await world.advance(25_000);
  assert.equal(consensusOf(world).revision, 3);
});

test('two of three authorities go on; the third catches up when it is back', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  await world.cores[2]?.stop();
  world.cores[2] = undefined;
  await toPhase(world, 5);
  const next = consensusOf(world, 'next');
  const absent = authorityKeys(seedOf(2)).identity.id;
  const row = next.authorities.find(({ id }) => id === absent);
  assert.deepEqual([row?.voted, row?.absences], [false, 1]);
  assert.equal(statuses(world)[0]?.next?.signers.length, 2);
  await world.open(2);
  await world.advance(1_000);
  assert.equal(hashes(world, 'next').size, 1);
  assert.equal(statuses(world).length, 3);
  await toPhase(world, 1);
  await toPhase(world, 5);
  const after = consensusOf(world, 'next');
  assert.deepEqual(
    after.authorities.map(({ voted, absences }) => [voted, absences]),
    [0, 1, 2].map(() => [true, 0]),
  );
});

test('the state outlives a kill of all', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  const first = consensusOf(world);
  for (const index of [0, 1, 2]) await world.cores[index]?.stop();
  for (const index of [0, 1, 2]) await world.open(index);
  assert.deepEqual(consensusOf(world), first);
  for (const relay of world.relays) relay.restarts += 1;
  world.publish();
  await world.advance(3_000);
  const second = consensusOf(world);
  assert.ok(second.revision > first.revision);
  assert.deepEqual(second.sharedRandom, first.sharedRandom);
});

test('after a failed round the last consensus and value serve on until the epoch after the next', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  const first = consensusOf(world);
  world.cut = (_url, path, from) => from !== 'member' && !path.startsWith('/v1/consensus');
  await toPhase(world, 6);
  assert.deepEqual([...hashes(world, 'next')], [undefined]);
  await toPhase(world, 0);
  const status = statuses(world)[0];
  assert.equal(status?.epoch, first.epoch + 1);
  assert.equal(status?.current?.epoch, first.epoch);
  assert.deepEqual(consensusOf(world), first);
  world.cut = () => false;
  await toPhase(world, 6);
  const next = consensusOf(world, 'next');
  assert.deepEqual([next.epoch, next.revision], [first.epoch + 2, 1]);
  assert.deepEqual(next.previousSharedRandom, first.sharedRandom);
});

test('two failed rounds end the consensus, and an immediate round makes a new one', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  const first = consensusOf(world);
  world.cut = (_url, path, from) => from !== 'member' && !path.startsWith('/v1/consensus');
  await toPhase(world, 6);
  await toPhase(world, 0);
  await toPhase(world, 6);
  await toPhase(world, 0);
  await world.advance(31_000, 1_000);
  assert.equal(statuses(world)[0]?.current, null);
  world.cut = () => false;
  await world.advance(10_000);
  const next = consensusOf(world);
  assert.equal(next.epoch, first.epoch + 2);
  assert.deepEqual(next.previousSharedRandom, first.sharedRandom);
});

test('clocks thirty seconds apart make a consensus all the same', async () => {
  await using world = new VirtualWorld();
  const shifted = (offsetMs: number) => ({
    now: () => world.clock.now() + offsetMs,
    monotonicMs: () => world.clock.monotonicMs(),
    after: world.clock.after.bind(world.clock),
    every: world.clock.every.bind(world.clock),
  });
  await world.open(0, shifted(-30_000));
  await world.open(1);
  await world.open(2, shifted(30_000));
  world.clock.advance(60_000);
  world.publish();
  await world.advance(3_000);
  assert.equal(hashes(world).size, 1);
  assert.equal(consensusOf(world).relays.length, 9);
  await toPhase(world, 6);
  assert.equal(hashes(world, 'next').size, 1);
  assert.equal(consensusOf(world, 'next').authorities.filter(({ voted }) => voted).length, 3);
});

test('a relay that stopped uploading is no longer said to run', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  const dead = world.relays.splice(8, 1)[0]?.identity.id;
  await toPhase(world, 6);
  await toPhase(world, 6);
  const next = consensusOf(world, 'next');
  const relay = next.relays.find(({ descriptor }) => descriptor.id === dead);
  assert.deepEqual(relay?.flags ?? [], []);
  assert.equal(next.relays.filter(({ flags }) => flags.includes('Running')).length, 8);
});

test('an equivocating authority is left out, kept as evidence, and its VRF output still counts', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  await world.cores[2]?.stop();
  world.cores[2] = undefined;
  await toPhase(world, 1);
  const [first, second] = [5, 6].map((maxActive) => voteOf(world, 2, maxActive));
  const post = (index: number, body: Uint8Array | undefined) =>
    world.cores[index]?.requests.handle({
      method: 'POST',
      path: '/v1/votes',
      body: body as Uint8Array,
    });
  assert.equal(post(0, first)?.status, 200);
  assert.equal(post(1, second)?.status, 200);
  await toPhase(world, 6);
  assert.equal(hashes(world, 'next').size, 1);
  const next = consensusOf(world, 'next');
  const liar = next.authorities.find(({ id }) => id === authorityKeys(seedOf(2)).identity.id);
  assert.deepEqual([liar?.voted, liar?.absences, liar?.equivocated], [false, 0, true]);
  for (const status of statuses(world)) {
    assert.deepEqual(
      status.evidence.map(({ kind, authority }) => [kind, authority]),
      [['votes', liar?.id]],
    );
  }
  const reply = world.cores[0]?.requests.handle({ method: 'GET', path: '/v1/evidence' });
  assert.equal((decodeCanonical(reply?.body ?? new Uint8Array()) as unknown[]).length, 1);
  assert.equal(post(0, voteOf(world, 2, 7))?.status, 409);
});

test('a lying authority moves no median', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  await world.cores[2]?.stop();
  world.cores[2] = undefined;
  await toPhase(world, 1);
  const body = voteOf(world, 2, 1);
  for (const index of [0, 1]) {
    world.cores[index]?.requests.handle({ method: 'POST', path: '/v1/votes', body });
  }
  await toPhase(world, 6);
  const next = consensusOf(world, 'next');
  assert.equal(next.authorities.filter(({ voted }) => voted).length, 3);
  assert.equal(next.maxActive, 200);
  assert.ok(next.relays.every(({ reputationPpm }) => reputationPpm === 500_000));
});

test('uploads are refused with the reason', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  const post = (path: string, body: Uint8Array) => {
    const reply = world.cores[0]?.requests.handle({ method: 'POST', path, body });
    return [reply?.status, JSON.parse(Buffer.from(reply?.body ?? []).toString()).verdict];
  };
  const relay = world.relays[0];
  assert.ok(relay);
  const epoch = world.epoch();
  assert.deepEqual(post('/v1/descriptors', relay.packed('test', epoch)), [200, 'known']);
  assert.deepEqual(post('/v1/descriptors', relay.packed('other', epoch)), [400, 'malformed']);
  assert.deepEqual(post('/v1/descriptors', relay.packed('test', epoch + 2)), [425, 'too-early']);
  assert.deepEqual(post('/v1/descriptors', relay.packed('test', epoch - 3)), [409, 'too-late']);
  relay.changes = { region: 'elsewhere' };
  assert.deepEqual(post('/v1/descriptors', relay.packed('test', epoch)), [409, 'conflict']);
  for (const path of ['/v1/descriptors', '/v1/votes', '/v1/certificates', '/v1/signatures']) {
    assert.deepEqual(post(path, Uint8Array.of(1, 2, 3)), [400, 'malformed'], path);
  }
  assert.deepEqual(post('/v1/nothing', new Uint8Array()), [404, 'not-found']);
  const stranger = networkOf(['http://x', 'http://y', 'http://z', 'http://w'], EPOCH_MS);
  assert.equal(stranger.authorities.length, 4);
  const note = { bytes: encodeCanonical({ authority: 'nobody' }), signature: new Uint8Array(64) };
  const packed = encodeCanonical(note);
  assert.deepEqual(post('/v1/signatures', packed), [403, 'unknown-authority']);
});
