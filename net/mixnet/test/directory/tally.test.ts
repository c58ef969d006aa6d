import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vrfKeyFromSeed } from '@fog/crypto';
import { createDescriptorStore } from '../../src/directory/descriptor-store.ts';
import type {
  ConsensusRelay,
  RelayDescriptor,
  VerifiedConsensus,
} from '../../src/directory/documents.ts';
import { figuresOf, NO_STANDING } from '../../src/directory/figures.ts';
import { flagRelays, type RankedRelay, STABLE_UP_MS } from '../../src/directory/flags.ts';
import { createReveals } from '../../src/directory/reveals.ts';
import { median } from '../../src/directory/median.ts';
import { combineShares, vrfInput } from '../../src/directory/vrf-input.ts';
import { testRelay } from './relays.ts';
import { networkOf } from './world.ts';

const EPOCH_MS = 1_200_000;
const network = networkOf(['http://a', 'http://b', 'http://c'], EPOCH_MS);

test('the median is a figure somebody gave', () => {
  assert.equal(median([3]), 3);
  assert.equal(median([9, 1]), 1);
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2);
});

test('the shared value depends on each share, the epoch and the last value, not on the order', () => {
  const share = (authority: string, byte: number) => ({
    authority,
    output: new Uint8Array(64).fill(byte),
  });
  const last = new Uint8Array(32);
  const value = combineShares(5, last, [share('a', 1), share('b', 2)]);
  assert.deepEqual(combineShares(5, last, [share('b', 2), share('a', 1)]), value);
  assert.notDeepEqual(combineShares(6, last, [share('a', 1), share('b', 2)]), value);
  assert.notDeepEqual(combineShares(5, value, [share('a', 1), share('b', 2)]), value);
  assert.notDeepEqual(combineShares(5, last, [share('a', 1)]), value);
  assert.notDeepEqual(combineShares(5, last, [share('a', 2), share('b', 1)]), value);
});

function ranked(index: number, upMs: number, changes: Partial<RelayDescriptor> = {}): RankedRelay {
  return {
    descriptor: testRelay(index, changes).descriptor(1),
    running: true,
    upMs,
    rate: 100 + index,
    reputationPpm: 500_000,
  };
}

function withFlag(flags: ReturnType<typeof flagRelays>, flag: string): number {
  return [...flags.values()].filter((each) => (each as readonly string[]).includes(flag)).length;
}

test('in a young network flags go by rank, so that it can work at all', () => {
  const relays = Array.from({ length: 9 }, (_none, index) =>
    ranked(index, 1_000 * index, { roles: index < 4 ? ['mix', 'gateway'] : ['mix', 'hsdir'] }),
  );
  const flags = flagRelays(relays);
  assert.equal(withFlag(flags, 'Running'), 9);
  assert.equal(withFlag(flags, 'Stable'), 7);
  assert.equal(withFlag(flags, 'Fast'), 7);
  assert.equal(withFlag(flags, 'Guard'), 4);
  assert.equal(withFlag(flags, 'Gateway'), 4);
  assert.equal(withFlag(flags, 'HSDir'), 5);
  assert.equal(withFlag(flags, 'Exit'), 0);
  const oldest = flags.get(relays[8]?.descriptor.id ?? '');
  assert.ok(oldest?.includes('Stable'));
});

test('in a grown network flags are earned, and one that does not run has none', () => {
  const relays = Array.from({ length: 20 }, (_none, index) =>
    ranked(index, index < 12 ? STABLE_UP_MS : 1_000, {
      roles: ['mix', 'gateway', 'hsdir', 'exit'],
    }),
  );
  const flags = flagRelays([...relays, { ...ranked(20, STABLE_UP_MS), running: false }]);
  assert.equal(withFlag(flags, 'Stable'), 12);
  assert.equal(withFlag(flags, 'HSDir'), 12);
  assert.equal(withFlag(flags, 'Exit'), 20);
  assert.ok(withFlag(flags, 'Guard') >= 4 && withFlag(flags, 'Guard') <= 12);
  assert.deepEqual(flags.get(ranked(20, 0).descriptor.id), []);
});

test('the store keeps the newest of an epoch, and voids keys a restarted relay lost', () => {
  const now = 5 * EPOCH_MS + 60_000;
  const store = createDescriptorStore(network, () => true);
  const relay = testRelay(0);
  const early = relay.packed('test', 6);
  assert.ok(store.add(relay.packed('test', 5), now, true).ok);
  assert.ok(store.add(early, now, true).ok);
  assert.equal(store.choose(5)[0]?.opened.descriptor.epoch, 5);
  assert.equal(store.choose(6)[0]?.opened.descriptor.epoch, 6);
  relay.restarts = 1;
  assert.ok(store.add(relay.packed('test', 5), now, true).ok);
  assert.equal(store.choose(6)[0]?.opened.descriptor.epoch, 5);
  relay.restarts = 0;
  const old = store.add(relay.packed('test', 5), now, true);
  assert.ok(!old.ok && old.refusal === 'too-late');
  store.expire(now + 3 * EPOCH_MS);
  assert.equal(store.size, 0);
  const closed = createDescriptorStore(network, () => false).add(early, now, true);
  assert.ok(!closed.ok && closed.refusal === 'not-admitted');
});

test('a descriptor found in a vote does not make a relay look alive', () => {
  const now = 5 * EPOCH_MS + 60_000;
  const store = createDescriptorStore(network, () => true);
  const packed = testRelay(0).packed('test', 5);
  store.add(packed, now, true);
  store.add(packed, now + 9_000, false);
  assert.equal(store.choose(5)[0]?.receivedMs, now);
  store.add(packed, now + 9_000, true);
  assert.equal(store.choose(5)[0]?.receivedMs, now + 9_000);
});

test("a relay's figures come from its neighbours' loops, and two who got nothing back call it dead", () => {
  const now = 5 * EPOCH_MS + 60_000;
  const store = createDescriptorStore(network, () => true);
  const target = testRelay(0);
  const lossOf = (sent: number, lost: number) => [{ peer: target.identity.id, sent, lost }];
  const add = (index: number, sent: number, lost: number): void => {
    store.add(
      testRelay(index, { loss: lossOf(sent, lost), declaredRate: 10_000 }).packed('test', 5),
      now,
      true,
    );
  };
  target.changes = { declaredRate: 10_000, stakeAccount: 'a' };
  store.add(target.packed('test', 5), now, true);
  const context = { nowMs: now, epochMs: EPOCH_MS, silent: new Set<string>() };
  const standing = { ...NO_STANDING, stakeCredits: () => 77 };
  const figures = () => {
    const all = figuresOf(store.choose(5), { ...context, standing });
    return all[
      store.choose(5).findIndex(({ opened }) => opened.descriptor.id === target.identity.id)
    ];
  };
  assert.equal(figures()?.performancePpm, 500_000);
  assert.equal(figures()?.stakeCredits, 77);
  add(1, 100, 20);
  add(2, 5, 5);
  assert.deepEqual([figures()?.performancePpm, figures()?.running], [800_000, true]);
  add(3, 100, 100);
  add(4, 100, 100);
  assert.deepEqual([figures()?.performancePpm, figures()?.running], [0, false]);
});

test('who does not reveal is silent two epochs after the key is gone, but not when a third are', () => {
  const relays = Array.from({ length: 6 }, (_none, index) => testRelay(index));
  const sharedRandom = new Uint8Array(32).fill(8);
  const consensus = {
    consensus: {
      sharedRandom,
      relays: relays.map((relay) => ({ descriptor: relay.descriptor(10), flags: ['Running'] })),
    },
  } as unknown as VerifiedConsensus;
  const reveals = createReveals([]);
  reveals.begin(10, consensus);
  assert.equal(reveals.silent(14).size, 0);
  const proofOf = (index: number, epoch = 10) => {
    const seed = new Uint8Array(32).fill(index);
    const vrf = vrfKeyFromSeed(seed);
    return { key: vrf.publicKey, reveal: { epoch, ...vrf.prove(vrfInput(10, sharedRandom)) } };
  };
  const made = relays.map((relay, index) => ({
    ...relay.descriptor(10),
    vrfKey: proofOf(index).key,
    reveals: [proofOf(index).reveal],
  }));
  const again = createReveals([]);
  again.begin(10, {
    consensus: {
      sharedRandom,
      relays: made.map(
        (descriptor) => ({ descriptor, flags: ['Running'] }) as unknown as ConsensusRelay,
      ),
    },
  } as unknown as VerifiedConsensus);
  for (const descriptor of made.slice(1)) again.take(descriptor);
  const [first] = made;
  assert.ok(first);
  again.take({ ...first, reveals: [{ ...proofOf(3).reveal }] });
  assert.equal(again.silent(13).size, 0);
  assert.deepEqual([...again.silent(14)], [first.id]);
  again.take(first);
  assert.equal(again.silent(14).size, 0);
  assert.equal(createReveals(again.periods()).periods()[0]?.relays.length, 6);
});
