import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCanonical } from '@fog/crypto';
import type { Clock } from '@fog/kernel';
import { isFogError } from '@fog/kernel';
import { authorityKeys } from '../../src/directory/authority-keys.ts';
import { signNote } from '../../src/directory/certificate.ts';
import { packSigned } from '../../src/directory/signed-object.ts';
import type { MixNetwork } from '../../src/network.ts';
import { begin, consensusOf, hashes, statuses, toPhase, voteOf } from './rounds-world.ts';
import { VirtualWorld } from './virtual-world.ts';
import { networkOf, seedOf } from './world.ts';

const EPOCH_MS = 20 * 60_000;
const signal = AbortSignal.timeout(120_000);

function idOf(index: number): string {
  return authorityKeys(seedOf(index)).identity.id;
}

function post(world: VirtualWorld, index: number, path: string, body: Uint8Array): number {
  return world.cores[index]?.requests.handle({ method: 'POST', path, body }).status ?? 0;
}

function ahead(clock: Clock, offsetMs: number): Clock {
  return {
    now: () => clock.now() + offsetMs,
    monotonicMs: () => clock.monotonicMs(),
    after: clock.after.bind(clock),
    every: clock.every.bind(clock),
  };
}

test('an authority that signs two documents under one name leaves evidence, also over a restart', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  await world.cores[2]?.stop();
  world.cores[2] = undefined;
  const { identity } = authorityKeys(seedOf(2));
  const round = { network: 'test', epoch: world.epoch() + 1, revision: 1 };
  const [first, second] = [1, 2].map((byte) =>
    packSigned(
      signNote(identity, round, {
        hash: new Uint8Array(32).fill(byte),
        signature: new Uint8Array(64).fill(byte),
      }),
    ),
  ) as [Uint8Array, Uint8Array];
  assert.equal(post(world, 0, '/v1/signatures', first), 200);
  assert.equal(post(world, 0, '/v1/signatures', first), 200);
  assert.equal(post(world, 0, '/v1/signatures', second), 409);
  await world.cores[0]?.stop();
  const again = await world.open(0);
  const { evidence } = again.status();
  assert.deepEqual(evidence, [
    { kind: 'signatures', authority: identity.id, epoch: round.epoch, revision: 1 },
  ]);
  const { body } = again.requests.handle({ method: 'GET', path: '/v1/evidence' });
  const [proof] = decodeCanonical(body) as { first: Uint8Array; second: Uint8Array }[];
  assert.deepEqual([proof?.first, proof?.second], [first, second]);
});

test('an authority that hears and says nothing is counted absent, and takes the result of the others', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  world.cut = (_url, path, from) =>
    from === 'http://authority-2' && !path.startsWith('/v1/consensus');
  await toPhase(world, 6);
  assert.equal(hashes(world, 'next').size, 1);
  assert.equal(statuses(world).length, 3);
  const row = consensusOf(world, 'next').authorities.find(({ id }) => id === idOf(2));
  assert.deepEqual([row?.voted, row?.absences], [false, 1]);
  assert.deepEqual(
    statuses(world).flatMap(({ evidence }) => evidence),
    [],
  );
});

test('a vote whose VRF proof is not good counts, its output does not', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  await world.cores[2]?.stop();
  world.cores[2] = undefined;
  await toPhase(world, 1);
  const body = voteOf(world, 2, 200, { vrfProof: new Uint8Array(80).fill(7) });
  assert.deepEqual(
    [0, 1].map((index) => post(world, index, '/v1/votes', body)),
    [200, 200],
  );
  await toPhase(world, 6);
  const row = consensusOf(world, 'next').authorities.find(({ id }) => id === idOf(2));
  assert.deepEqual([row?.voted, row?.absences], [true, 1]);
});

test('an authority killed after its vote does not vote again when it is back', async () => {
  await using world = new VirtualWorld();
  await begin(world);
  await toPhase(world, 1);
  await world.cores[2]?.stop();
  world.cores[2] = undefined;
  await world.advance(10_000);
  await world.open(2);
  await toPhase(world, 6);
  assert.equal(hashes(world, 'next').size, 1);
  const next = consensusOf(world, 'next');
  assert.ok(next.authorities.every(({ voted, equivocated }) => voted && !equivocated));
  assert.deepEqual(
    statuses(world).flatMap(({ evidence }) => evidence),
    [],
  );
});

for (const minutes of [-10, 10]) {
  test(`an authority whose clock is ${minutes} min off says so, and the others go on`, async () => {
    await using world = new VirtualWorld(13 * 60_000);
    await Promise.all([0, 1].map((index) => world.open(index)));
    const wrong = await world.open(2, ahead(world.clock, minutes * 60_000));
    world.publish();
    await world.advance(9_000);
    const { state, detail = '' } = wrong.health();
    assert.equal(state, 'unhealthy');
    assert.match(detail, minutes > 0 ? /10 min ahead of/ : /10 min behind/);
    for (const index of [0, 1]) {
      assert.deepEqual(world.cores[index]?.health(), { state: 'healthy' });
    }
  });
}

test('two relays are a network, too, and none is none: both are said', async () => {
  await using world = new VirtualWorld();
  await Promise.all(world.cores.map((_core, index) => world.open(index)));
  await world.advance(9_000);
  const { state, detail = '' } = world.cores[0]?.health() ?? { state: 'healthy' };
  assert.equal(state, 'degraded');
  assert.match(detail, /no consensus .* needs relays/);
  world.publish(world.relays.slice(0, 2));
  await world.advance(9_000);
  assert.equal(consensusOf(world).relays.length, 2);
});

for (const [name, wrong, reason] of [
  [
    'keys of other authorities',
    ({ authorities }: MixNetwork) => {
      const others = networkOf(['', '', '', '', '', ''], EPOCH_MS).authorities.slice(3);
      return { authorities: authorities.map(({ url }, at) => ({ ...others[at], url })) };
    },
    /0 good signatures of configured authorities and needs 2/,
  ],
  ['another name', () => ({ name: 'other' }), /0 good signatures of configured authorities/],
  ['other epochs', () => ({ epochMs: EPOCH_MS * 2 }), /it is of another network/],
] as const) {
  test(`a member whose network file has ${name} believes nothing and says why`, async () => {
    await using world = new VirtualWorld();
    await begin(world);
    const network = { ...world.network, ...wrong(world.network) } as MixNetwork;
    const member = world.client('member', world.clock, network);
    await member.start(signal);
    await world.advance(3_000);
    assert.equal(member.current(), undefined);
    assert.match((await member.health(signal)).detail ?? '', reason);
    const ended = AbortSignal.abort();
    await assert.rejects(
      member.ready(ended),
      (error) => isFogError(error, 'MIXNET_NO_CONSENSUS') && reason.test(error.message),
    );
  });
}
