import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { idBytes } from '../../src/ids.ts';
import { Loops } from '../../src/relay/loops.ts';
import { createMemNetwork, type MemNetwork, type MemRelay } from '../client/mem-network.ts';

const EPOCH_MS = 1_200_000;

interface World {
  readonly network: MemNetwork;
  readonly home: MemRelay;
  readonly others: readonly MemRelay[];
  readonly loops: Loops;
  /** Sends so many and waits until all are home or late. */
  readonly measure: (count: number) => Promise<void>;
}

/** One relay that sends loops over four others, all of which really peel and delay. */
function createWorld(seed: number): World {
  const network = createMemNetwork({ seed, relays: 5, gateways: 1, epochMs: EPOCH_MS });
  const [home, ...others] = network.relays;
  assert.ok(home?.gateway);
  const loops = new Loops({
    clock: network.clock,
    random: network.random,
    send: (relay, packet) => {
      // The packet is the sender's buffer, which it uses again.
      network.relay(relay).receive(new Uint8Array(packet));
      return true;
    },
    consensus: () => network.consensus(),
    home: () => {
      const [key] = home.descriptor().mixKeys;
      const id = idBytes(home.id);
      return key && id && { id, publicKey: key.key, epoch: key.epoch };
    },
    loopsMilli: () => 0,
  });
  home.gateway.deliver = (id) => void loops.take(id);
  return {
    network,
    home,
    others,
    loops,
    measure: async (count) => {
      for (let loop = 0; loop < count; loop += 1) assert.ok(loops.send());
      await network.clock.advanceAsync(60_000);
    },
  };
}

/** Drops so many of ten and counts them. */
function dropping(relay: MemRelay | undefined, ofTen: number): () => number {
  let [seen, dropped] = [0, 0];
  assert.ok(relay);
  relay.drops = () => {
    const drops = seen % 10 < ofTen;
    seen += 1;
    if (drops) dropped += 1;
    return drops;
  };
  return () => dropped;
}

describe('loss as a relay measures it by its loops', () => {
  it('is none where nothing is lost, and unknown where nothing was sent', async () => {
    const { loops, others, measure } = createWorld(1);
    assert.deepEqual(loops.losses(), []);
    await measure(100);
    const losses = loops.losses();
    assert.deepEqual(
      losses.map(({ peer }) => peer),
      others.map(({ id }) => id).sort(),
    );
    assert.equal(
      losses.reduce((sum, { sent }) => sum + sent, 0),
      200,
    );
    assert.ok(losses.every(({ sent, lost }) => sent > 0 && lost === 0));
  });

  it('is the share a relay drops, and less for those beside it', async () => {
    const { loops, others, measure } = createWorld(2);
    const [bad, ...good] = others;
    const dropped = dropping(bad, 3);
    await measure(400);
    const of = (relay: MemRelay | undefined): { sent: number; lost: number } => {
      const found = loops.losses().find(({ peer }) => peer === relay?.id);
      assert.ok(found);
      return found;
    };
    assert.equal(of(bad).lost, dropped());
    assert.ok(Math.abs(of(bad).lost / of(bad).sent - 0.3) < 0.02);
    const shared = good.reduce((sum, relay) => sum + of(relay).lost, 0);
    assert.equal(shared, dropped(), 'each lost loop had one other relay on its way');
    for (const relay of good) assert.ok(of(relay).lost / of(relay).sent < 0.2);
  });

  it('is never more than was sent, whenever the epoch turns', async () => {
    const { loops, others, network } = createWorld(4);
    for (const relay of others) relay.drops = () => true;
    for (let loop = 0; loop < 20; loop += 1) assert.ok(loops.send());
    loops.turnEpoch();
    await network.clock.advanceAsync(60_000);
    assert.ok(loops.losses().every(({ sent, lost }) => sent > 0 && lost === sent));
    loops.turnEpoch();
    assert.deepEqual(loops.losses(), []);
  });

  it('is all where none comes back, and is forgotten with its epoch', async () => {
    const { loops, others, measure } = createWorld(3);
    dropping(others[0], 10);
    await measure(60);
    const dead = loops.losses().find(({ peer }) => peer === others[0]?.id);
    assert.ok(dead !== undefined && dead.sent > 0);
    assert.equal(dead.lost, dead.sent);
    loops.turnEpoch();
    assert.deepEqual(
      loops.losses().find(({ peer }) => peer === dead.peer),
      dead,
    );
    loops.turnEpoch();
    assert.deepEqual(loops.losses(), []);
  });
});
