import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCanonical, decodeCanonical, type CanonicalValue, signBytes } from '@fog/crypto';
import { type Clock, isFogError } from '@fog/kernel';
import { authorityKeys } from '../../src/directory/authority-keys.ts';
import {
  consensusPurpose,
  encodeConsensus,
  encodeSignedConsensus,
} from '../../src/directory/consensus.ts';
import { createConsensusView } from '../../src/directory/consensus-view.ts';
import type { Consensus } from '../../src/directory/documents.ts';
import { openConsensus, type OpenedConsensus } from '../../src/directory/open-consensus.ts';
import { within } from '@fog/testkit';
import { VirtualWorld } from './virtual-world.ts';
import { seedOf } from './world.ts';

const EPOCH_MS = 20 * 60_000;
const start = (): AbortSignal => AbortSignal.timeout(20_000);

async function begun(): Promise<VirtualWorld> {
  const world = new VirtualWorld();
  for (const index of [0, 1, 2]) await world.open(index);
  world.publish();
  await world.advance(3_000);
  return world;
}

function served(world: VirtualWorld): {
  readonly bytes: Uint8Array;
  readonly opened: OpenedConsensus;
} {
  const reply = world.cores[0]?.requests.handle({ method: 'GET', path: '/v1/consensus/current' });
  const bytes = reply?.body ?? new Uint8Array();
  const verdict = openConsensus(bytes, world.network);
  assert.ok(verdict.ok);
  return { bytes, opened: verdict.opened };
}

function signedBy(consensus: Consensus, signers: readonly number[]): Uint8Array {
  const document = encodeConsensus(consensus);
  const signatures = signers
    .map((index) => authorityKeys(seedOf(index)).identity)
    .map((identity) => ({
      authority: identity.id,
      signature: signBytes(identity, consensusPurpose('test'), document),
    }))
    .sort((a, b) => (a.authority < b.authority ? -1 : 1));
  return encodeSignedConsensus({ document, signatures });
}

test('a member takes what a threshold signed, and nothing else', async () => {
  await using world = await begun();
  const { opened, bytes } = served(world);
  const now = world.clock.now();
  const { consensus } = opened;
  const refusal = (input: Uint8Array): string => {
    const verdict = createConsensusView(world.network).take(input, now);
    return verdict.ok ? 'good' : verdict.refusal;
  };
  assert.equal(refusal(bytes), 'good');
  assert.equal(refusal(signedBy(consensus, [0, 1])), 'good');
  assert.equal(refusal(signedBy(consensus, [0])), 'too-few-signatures');
  assert.equal(refusal(signedBy(consensus, [0, 5, 6])), 'too-few-signatures');
  assert.equal(refusal(signedBy({ ...consensus, network: 'other' }, [0, 1])), 'wrong-network');
  const geometry = new Uint8Array(32);
  assert.equal(refusal(signedBy({ ...consensus, geometry }, [0, 1])), 'wrong-geometry');
  assert.equal(refusal(signedBy({ ...consensus, validUntil: 1 }, [0, 1])), 'malformed');
  const old = { ...consensus, epoch: consensus.epoch - 9 };
  const times = { validAfter: old.epoch * EPOCH_MS, validUntil: (old.epoch + 2) * EPOCH_MS };
  assert.equal(refusal(signedBy({ ...old, ...times }, [0, 1])), 'stale');
  const far = { ...consensus, epoch: consensus.epoch + 9 };
  const later = { validAfter: far.epoch * EPOCH_MS, validUntil: (far.epoch + 2) * EPOCH_MS };
  assert.equal(refusal(signedBy({ ...far, ...later }, [0, 1])), 'early');
  const forged = Uint8Array.from(bytes);
  forged[forged.length >> 1] = (forged[forged.length >> 1] ?? 0) ^ 1;
  assert.notEqual(refusal(forged), 'good');
  assert.equal(refusal(bytes.subarray(1)), 'malformed');
});

test('one signer counted twice is one signer', async () => {
  await using world = await begun();
  const { opened } = served(world);
  const value = decodeCanonical(signedBy(opened.consensus, [0])) as {
    readonly document: Uint8Array;
    readonly signatures: readonly CanonicalValue[];
  };
  const [signature] = value.signatures;
  const twice = encodeCanonical({
    ...value,
    signatures: [signature, signature] as CanonicalValue[],
  });
  const verdict = createConsensusView(world.network).take(twice, world.clock.now());
  assert.ok(!verdict.ok && verdict.refusal === 'malformed');
});

test('what does not follow from the one held is refused', async () => {
  await using world = await begun();
  const { opened, bytes } = served(world);
  const { consensus } = opened;
  const now = world.clock.now();
  const view = createConsensusView(world.network);
  assert.ok(view.take(bytes, now).ok);
  const refusal = (next: Partial<Consensus>): string => {
    const verdict = view.take(signedBy({ ...consensus, ...next }, [0, 1]), now);
    return verdict.ok ? 'good' : verdict.refusal;
  };
  const revision = consensus.revision + 1;
  const other = new Uint8Array(32).fill(9);
  assert.equal(refusal({ revision, previous: other }), 'wrong-predecessor');
  assert.equal(
    refusal({ revision, previous: opened.hash, sharedRandom: other }),
    'wrong-predecessor',
  );
  const epoch = consensus.epoch + 1;
  const times = { validAfter: epoch * EPOCH_MS, validUntil: (epoch + 2) * EPOCH_MS };
  const next = { epoch, revision: 1, ...times };
  assert.equal(
    refusal({ ...next, sharedRandom: other, previousSharedRandom: other }),
    'wrong-predecessor',
  );
  assert.equal(refusal({ revision, previous: opened.hash }), 'good');
  assert.equal(
    refusal({ ...next, sharedRandom: other, previousSharedRandom: consensus.sharedRandom }),
    'good',
  );
});

test('two documents under one name are both refused, and both kept, also over a restart', async () => {
  await using world = await begun();
  const { opened, bytes } = served(world);
  const now = world.clock.now();
  const view = createConsensusView(world.network);
  const other = signedBy({ ...opened.consensus, maxActive: 7 }, [1, 2]);
  assert.ok(view.take(bytes, now).ok);
  const verdict = view.take(other, now);
  assert.ok(!verdict.ok && verdict.refusal === 'forked');
  assert.equal(view.inForce(now), undefined);
  assert.ok(!view.take(bytes, now).ok);
  assert.deepEqual(view.forks(), [{ first: bytes, second: other }]);
  const again = createConsensusView(world.network);
  again.restore(view.cached(), now);
  assert.ok(!again.take(bytes, now).ok);
  assert.equal(again.forks().length, 1);
});

test('a client that sees a fork among the authorities says so and believes neither side', async () => {
  await using world = await begun();
  const { opened } = served(world);
  const other = signedBy({ ...opened.consensus, maxActive: 7 }, [1, 2]);
  const core = world.cores[2];
  assert.ok(core);
  world.cores[2] = {
    ...core,
    requests: {
      ...core.requests,
      handle: (request) =>
        request.path === '/v1/consensus/current'
          ? { status: 200, body: other, type: 'application/cbor' }
          : core.requests.handle(request),
    },
  };
  const client = world.client('one');
  await client.start(start());
  await world.advance(2_000);
  assert.equal(client.current(), undefined);
  assert.equal(client.forks.length, 1);
  const health = await client.health(start());
  assert.equal(health.state, 'unhealthy');
  assert.match(health.detail ?? '', /neither is believed/);
});

test('a client gets the first consensus, tells of new ones, and knows the one before', async () => {
  await using world = await begun();
  const client = world.client('one');
  const seen: string[] = [];
  client.onConsensus(({ consensus }) => seen.push(`${consensus.epoch}.${consensus.revision}`));
  await client.start(start());
  await world.advance(1_000);
  const first = await client.ready(start());
  const { epoch } = first.consensus;
  assert.equal(client.previous(), undefined);
  await world.advance(EPOCH_MS - 30_000, 1_000);
  assert.equal(client.next()?.consensus.epoch, epoch + 1);
  assert.deepEqual(seen, [`${epoch}.2`]);
  await world.advance(30_000, 1_000);
  assert.deepEqual(seen, [`${epoch}.2`, `${epoch + 1}.1`]);
  assert.equal(client.previous()?.consensus.epoch, epoch);
  const later = world.client('one');
  world.cut = () => true;
  await later.start(start());
  assert.equal(later.current()?.consensus.epoch, epoch + 1);
});

function ahead(clock: Clock, offsetMs: number): Clock {
  return {
    now: () => clock.now() + offsetMs,
    monotonicMs: () => clock.monotonicMs(),
    after: clock.after.bind(clock),
    every: clock.every.bind(clock),
  };
}

for (const seconds of [-30, 30]) {
  test(`a clock ${seconds} s off works`, async () => {
    await using world = await begun();
    const client = world.client('one', ahead(world.clock, seconds * 1_000));
    await client.start(start());
    await world.advance(1_000);
    assert.equal((await client.ready(start())).relays.size, 9);
  });
}

for (const [offsetMs, text] of [
  [-600_000, /10 min behind/],
  [600_000, /10 min ahead/],
] as const) {
  test(`a clock ${offsetMs / 60_000} min off is refused, and the sentence tells by how much`, async () => {
    await using world = await begun();
    const client = world.client('one', ahead(world.clock, offsetMs));
    await client.start(start());
    const ready = assert.rejects(
      client.ready(start()),
      (error) => isFogError(error, 'MIXNET_CLOCK') && text.test(error.message),
    );
    await world.advance(1_000);
    await within('the refusal', ready, 10_000);
    assert.equal(client.current(), undefined);
    const health = await client.health(start());
    assert.equal(health.state, 'unhealthy');
    assert.match(health.detail ?? '', text);
  });
}

test('with no authority in reach the error says why', async () => {
  await using world = await begun();
  world.cut = () => true;
  const client = world.client('one');
  await client.start(start());
  await world.advance(1_000);
  const ended = new AbortController();
  const ready = client.ready(ended.signal);
  ended.abort();
  await assert.rejects(
    ready,
    (error) => isFogError(error, 'MIXNET_NO_CONSENSUS') && /out of reach/.test(error.message),
  );
});
