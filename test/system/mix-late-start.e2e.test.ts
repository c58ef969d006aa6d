/** Authorities that start at any moment of an epoch, on a clock that only moves when told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration } from '@fog/kernel';
import { NO_HASH } from '../../net/mixnet/src/directory/consensus.ts';
import {
  openConsensus,
  type OpenedConsensus,
} from '../../net/mixnet/src/directory/open-consensus.ts';
import { epochStart } from '../../net/mixnet/src/network.ts';
import { VirtualWorld } from '../../net/mixnet/test/directory/virtual-world.ts';

const EPOCH_MS = 20 * 60_000;
const signal = AbortSignal.timeout(120_000);

/** Follows one network over its epochs and remembers each consensus that was in force. */
class Walk {
  readonly inForce: OpenedConsensus[] = [];
  readonly #seen = new Map<string, OpenedConsensus>();
  readonly #world: VirtualWorld;
  #epoch: number;

  constructor(world: VirtualWorld) {
    this.#world = world;
    this.#epoch = world.epoch();
  }

  /** To that time, looking each second near the turns of epochs and each ten seconds elsewhere. */
  async to(untilMs: number, look: () => void | Promise<void>): Promise<void> {
    const { clock } = this.#world;
    while (clock.now() < untilMs) {
      const offset = clock.now() % EPOCH_MS;
      const isNear = offset < 15_000 || offset >= EPOCH_MS - 15_000;
      await this.#world.advance(isNear ? 1_000 : 10_000, isNear ? 250 : 2_500);
      if (this.#world.epoch() > this.#epoch) {
        this.#epoch = this.#world.epoch();
        this.#world.publish();
      }
      await look();
    }
  }

  /** A consensus of this epoch, signed by enough, at each authority, with keys of this epoch and the next. */
  look(): void {
    const { clock, cores, network, relays } = this.#world;
    const epoch = this.#world.epoch();
    const at = `${formatDuration(clock.now() % EPOCH_MS)} into epoch ${epoch}`;
    for (const [index, core] of cores.entries()) {
      if (core === undefined) continue;
      assert.deepEqual(core.health(), { state: 'healthy' }, at);
      const { consensus, signers, relays: listed } = this.#current(index);
      assert.equal(consensus.epoch, epoch, at);
      assert.ok(signers.length >= network.threshold, at);
      assert.equal(listed.size, relays.length, at);
      for (const { descriptor, flags } of listed.values()) {
        const keys = descriptor.mixKeys.map((key) => key.epoch);
        assert.ok(keys.includes(epoch) && keys.includes(epoch + 1), at);
        assert.ok(flags.includes('Running'), at);
      }
    }
  }

  #current(index: number): OpenedConsensus {
    const request = { method: 'GET', path: '/v1/consensus/current' } as const;
    const { body, etag = '' } = this.#world.cores[index]?.requests.handle(request) ?? {};
    const known = this.#seen.get(etag);
    if (known !== undefined) return known;
    const verdict = openConsensus(body ?? new Uint8Array(), this.#world.network);
    assert.ok(verdict.ok, verdict.ok ? '' : verdict.reason);
    this.#seen.set(etag, verdict.opened);
    this.inForce.push(verdict.opened);
    return verdict.opened;
  }
}

for (const [name, offsetMs] of [
  ['with an epoch', 0],
  ['just before the votes', 149_000],
  ['just after the votes', 151_000],
  ['in the middle of an epoch', 600_000],
  ['after the last phase began', 1_060_000],
  ['ten seconds before the turn', 1_190_000],
] as const) {
  test(`a network that starts ${name} is healthy through three turns`, async () => {
    await using world = new VirtualWorld(offsetMs);
    const member = world.client('member');
    await member.start(signal);
    const first = world.epoch();
    await Promise.all(world.cores.map((_core, index) => world.open(index)));
    world.publish();
    await world.advance(9_500);
    const walk = new Walk(world);
    walk.look();
    await walk.to(epochStart(EPOCH_MS, first + 3) + 60_000, async () => {
      walk.look();
      assert.deepEqual(await member.health(signal), { state: 'healthy' });
    });
    const { inForce } = walk;
    assert.deepEqual(inForce[0]?.consensus.previous, NO_HASH);
    for (const [index, { consensus }] of inForce.slice(1).entries()) {
      const before = inForce[index] as OpenedConsensus;
      assert.equal(consensus.epoch, before.consensus.epoch + 1);
      assert.deepEqual(consensus.previous, before.hash);
      assert.deepEqual(consensus.previousSharedRandom, before.consensus.sharedRandom);
    }
    const epochs = inForce.map(({ consensus }) => consensus.epoch - first);
    assert.deepEqual(epochs, [0, 1, 2, 3]);
    const values = inForce.map(({ consensus }) =>
      Buffer.from(consensus.sharedRandom).toString('hex'),
    );
    assert.equal(new Set(values.slice(1)).size, 3);
  });
}

test('authorities that start one after the other are healthy once enough of them run', async () => {
  await using world = new VirtualWorld(120_000);
  await world.open(0);
  world.publish();
  await world.advance(60_000, 250);
  assert.equal(world.cores[0]?.health().state, 'degraded');
  await world.open(1);
  world.publish();
  await world.advance(9_500);
  const walk = new Walk(world);
  walk.look();
  await walk.to(world.clock.now() + 400_000, () => walk.look());
  await world.open(2);
  world.publish();
  await world.advance(9_500);
  const first = world.epoch();
  await walk.to(epochStart(EPOCH_MS, first + 3) + 60_000, () => walk.look());
  const epochs = new Set(walk.inForce.map(({ consensus }) => consensus.epoch - first));
  assert.deepEqual([...epochs], [0, 1, 2, 3]);
});

test('where the grid fails again and again, immediate rounds follow, and a value serves two epochs at most', async () => {
  await using world = new VirtualWorld();
  await Promise.all(world.cores.map((_core, index) => world.open(index)));
  world.publish();
  await world.advance(9_500);
  const isGridTime = (): boolean => world.clock.now() % EPOCH_MS < 0.7 * EPOCH_MS;
  world.cut = (_url, path, from) =>
    from !== 'member' && isGridTime() && !path.startsWith('/v1/consensus');
  const walk = new Walk(world);
  const first = world.epoch();
  await walk.to(epochStart(EPOCH_MS, first + 4) + 60_000, () => walk.look());
  assert.deepEqual(
    walk.inForce.map(({ consensus }) => [consensus.epoch - first, consensus.revision]),
    [
      [0, 2],
      [1, 2],
      [2, 2],
      [3, 2],
      [4, 2],
    ],
  );
  const random = walk.inForce.map(({ consensus }) => consensus.sharedRandom);
  assert.deepEqual(random[1], random[0]);
  assert.notDeepEqual(random[2], random[1]);
  assert.deepEqual(random[3], random[2]);
  assert.notDeepEqual(random[4], random[3]);
});
