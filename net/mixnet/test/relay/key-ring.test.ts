import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { randomFill, vrfKeyFromSeed, vrfVerify } from '@fog/crypto';
import { VirtualClock } from '@fog/testkit';
import { vrfInput } from '../../src/directory/vrf-input.ts';
import { createLaneKeys, KEY_TABLE_BYTES, openKeysOf } from '../../src/relay/key-table.ts';
import { KeyRing, type SavedKey } from '../../src/relay/key-ring.ts';

const EPOCH_MS = 20 * 60_000;
const MINUTE = 60_000;
const START = 1_500_000 * EPOCH_MS;
const EPOCH = 1_500_000;
const FILTER = { firstTags: 64, maxTags: 1000, maxFalsePositives: 1e-5 };

interface Ring {
  readonly clock: VirtualClock;
  readonly ring: KeyRing;
  readonly table: SharedArrayBuffer;
  readonly changes: number[];
  /** Epochs whose packets are taken, relative to the first. */
  readonly open: () => number[];
  readonly held: () => number[];
}

function setUp(saved: readonly SavedKey[] = [], atMs = START): Ring {
  const clock = new VirtualClock(atMs);
  const table = new SharedArrayBuffer(KEY_TABLE_BYTES);
  const changes: number[] = [];
  const ring = new KeyRing(
    { epochMs: EPOCH_MS, filter: FILTER },
    {
      clock,
      random: randomFill,
      keys: createLaneKeys(table, 2, () => {}),
      vrf: vrfKeyFromSeed(new Uint8Array(32).fill(1)),
      sharedRandom: (epoch) => new Uint8Array(32).fill(epoch % 256),
      onChange: () => changes.push(ring.epoch - EPOCH),
    },
  );
  ring.start(saved);
  return {
    clock,
    ring,
    table,
    changes,
    open: () =>
      openKeysOf(table, 2)
        .map(({ epoch }) => epoch - EPOCH)
        .sort((a, b) => a - b),
    held: () => ring.held.map(({ epoch }) => epoch - EPOCH),
  };
}

suite('mix keys over time', () => {
  test('a key is open from 3 minutes before its epoch to 3 minutes after, then erased', () => {
    const { clock, open, held } = setUp();
    assert.deepEqual([held(), open()], [[0, 1, 2], [0]]);
    clock.advance(17 * MINUTE - 1);
    assert.deepEqual(open(), [0]);
    clock.advance(1);
    assert.deepEqual(open(), [0, 1]);
    clock.advance(3 * MINUTE);
    assert.deepEqual(
      [held(), open()],
      [
        [0, 1, 2, 3],
        [0, 1],
      ],
    );
    clock.advance(3 * MINUTE - 1);
    assert.deepEqual(open(), [0, 1]);
    clock.advance(1);
    assert.deepEqual([held(), open()], [[1, 2, 3], [1]]);
  });

  test('the epoch byte tells packets in time from those across epochs and foreign ones', () => {
    const { clock, ring } = setUp();
    const byte = (ahead: number): number => (EPOCH + ahead + 256) % 256;
    assert.equal(ring.admit(byte(0)), 'open');
    assert.equal(ring.admit(byte(1)), 'cross-epoch');
    assert.equal(ring.admit(byte(-1)), 'cross-epoch');
    assert.equal(ring.admit(byte(100)), 'no-key');
    assert.equal(ring.openKey(byte(1)), undefined);
    clock.advance(18 * MINUTE);
    assert.equal(ring.admit(byte(1)), 'open');
    clock.advance(6 * MINUTE);
    assert.equal(ring.admit(byte(0)), 'cross-epoch');
    assert.equal(ring.openKey(byte(0)), undefined);
  });

  test('an erased key is zeros for every thread', () => {
    const { clock, ring, table } = setUp();
    const [first] = ring.held;
    const secret = first?.key.secretKey;
    assert.ok(secret);
    assert.ok(secret.some((byte) => byte !== 0));
    assert.equal(secret.buffer, table);
    clock.advance(24 * MINUTE);
    assert.ok(ring.held.every(({ epoch }) => epoch > EPOCH));
    const places = new Uint8Array(table);
    assert.ok(!Buffer.from(places).includes(Buffer.from(first?.key.publicKey ?? [1])));
    ring.stop();
    assert.ok(places.every((byte, at) => at % 128 < 16 || byte === 0));
  });

  test('the seed of delays is one per epoch, and provable', () => {
    const { ring } = setUp();
    const [held] = ring.held;
    assert.ok(held);
    const seed = ring.seedOf(held);
    assert.equal(ring.seedOf(held), seed);
    const alpha = vrfInput(EPOCH, new Uint8Array(32).fill(EPOCH % 256));
    const { publicKey } = vrfKeyFromSeed(new Uint8Array(32).fill(1));
    assert.deepEqual(vrfVerify(publicKey, alpha, seed.proof), seed.output);
  });

  test('saved keys and filters go on; those whose time is over do not', () => {
    const first = setUp();
    const tag = new Uint8Array(16).fill(4);
    assert.equal(first.ring.held[0]?.filter.take(tag), 'fresh');
    const saved = first.ring.save();
    const keys = first.ring.held.map(({ key }) => key.publicKey);
    const second = setUp(saved, START + 21 * MINUTE);
    assert.deepEqual(second.held(), [0, 1, 2, 3]);
    assert.deepEqual(second.ring.held.map(({ key }) => key.publicKey).slice(0, 3), keys);
    assert.equal(second.ring.held[0]?.filter.take(tag), 'replay');
    assert.ok(saved.every(({ secretKey }) => secretKey.every((byte) => byte === 0)));
    const third = setUp(first.ring.save(), START + 70 * MINUTE);
    assert.deepEqual(third.held(), [3, 4, 5]);
  });

  test('a clock that is set makes the keys of the new time', () => {
    const { clock, held, open } = setUp();
    clock.jump(5 * EPOCH_MS);
    clock.advance(MINUTE);
    assert.deepEqual([held(), open()], [[5, 6, 7], [5]]);
    clock.jump(-3 * EPOCH_MS);
    clock.advance(MINUTE);
    assert.deepEqual(held(), [2, 3, 4]);
  });
});
