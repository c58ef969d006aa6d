import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { randomFill } from '@fog/crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import {
  createPeelSpace,
  createMixKey,
  createBuildSpace,
  createPacket,
  PACKET_BYTES,
  peel,
} from '@fog/sphinx';
import { waitFor } from '@fog/testkit';
import { MAX_BATCH, MAX_LANES } from '../../src/relay/limits.ts';
import { createPeelPool, type PeelPool } from '../../src/relay/peel-pool.ts';
import type { PeelLane } from '../../src/relay/peel-lane.ts';
import { never, noMetrics, testPayload } from './relay-world.ts';

const EPOCH = 500;
const deps = { clock: systemClock, logger: silentLogger, metrics: noMetrics };

async function usePool(
  workers: number,
  maxSlots: number,
  use: (pool: PeelPool) => Promise<void>,
): Promise<void> {
  const pool = createPeelPool({ workers, maxSlots }, deps);
  await pool.start(never);
  try {
    await use(pool);
  } finally {
    await pool.stop();
  }
}

function packetFor(key: { publicKey: Uint8Array; epoch: number }): Uint8Array {
  const next = createMixKey(EPOCH, randomFill);
  const hop = { id: new Uint8Array(16).fill(3), ...key, delayClass: 1 };
  const end = { ...hop, id: new Uint8Array(16).fill(8), publicKey: next.publicKey };
  const packet = Buffer.alloc(PACKET_BYTES);
  const route = { hops: [hop, end], end: { command: 'drop' } } as const;
  createPacket(packet, route, testPayload('x'), createBuildSpace(randomFill));
  return packet;
}

suite('peel pool', () => {
  test('gives byte for byte what peel gives, for the keys of each lane', async () => {
    await usePool(2, 2048, async (pool) => {
      const lanes = [0, 1].map(() => {
        const slots: number[] = [];
        const lane: PeelLane = pool.openLane({
          queueLimit: 1000,
          onPeeled: (slot) => slots.push(slot),
        });
        const key = lane.keys.create(EPOCH, randomFill);
        lane.keys.setOpen(EPOCH, true);
        return { lane, key, slots };
      });
      for (const { lane, key, slots } of lanes) {
        const packets = Array.from({ length: 300 }, () => packetFor(key));
        const expected = packets.map((packet) => {
          const space = createPeelSpace();
          const copy = Uint8Array.from(packet);
          assert.equal(peel(copy, [key], space), 'ok');
          return `${Buffer.from(copy).toString('hex')} ${Buffer.from(space.hop.replayTag).toString('hex')}`;
        });
        for (const packet of packets)
          assert.equal(lane.submit(Buffer.from(packet), 0, 7), undefined);
        lane.flush();
        await waitFor('all to be peeled', () => slots.length === packets.length);
        const got = slots.map((slot) => {
          assert.equal(lane.verdict(slot), 'ok');
          assert.equal(lane.command(slot), 'forward');
          assert.equal(lane.delayClass(slot), 1);
          assert.equal(lane.mark(slot), 7);
          assert.deepEqual(lane.nextId(slot), new Uint8Array(16).fill(8));
          const tag = Buffer.from(lane.replayTag(slot)).toString('hex');
          return `${lane.packet(slot).toString('hex')} ${tag}`;
        });
        assert.deepEqual(got.sort(), expected.sort());
        for (const slot of slots) lane.release(slot);
      }
      assert.equal(pool.memory().used, 0);
    });
  });

  test('a closed or erased key peels nothing', async () => {
    await usePool(1, 1024, async (pool) => {
      const verdicts: string[] = [];
      const lane: PeelLane = pool.openLane({
        queueLimit: 10,
        onPeeled: (slot) => {
          verdicts.push(lane.verdict(slot));
          lane.release(slot);
        },
      });
      const key = lane.keys.create(EPOCH, randomFill);
      const packet = Buffer.from(packetFor({ publicKey: key.publicKey, epoch: EPOCH }));
      const once = async (): Promise<void> => {
        const before = verdicts.length;
        lane.submit(packet, 0, 0);
        lane.flush();
        await waitFor('a verdict', () => verdicts.length > before);
      };
      await once();
      lane.keys.setOpen(EPOCH, true);
      await once();
      lane.keys.erase(EPOCH);
      await once();
      assert.deepEqual(verdicts, ['no-key', 'ok', 'no-key']);
    });
  });

  test('a full queue and full memory refuse, and serve again when there is room', async () => {
    await usePool(1, 1024, async (pool) => {
      const taken: number[] = [];
      const lane = pool.openLane({ queueLimit: 5000, onPeeled: (slot) => taken.push(slot) });
      const junk = Buffer.alloc(PACKET_BYTES);
      for (let count = 0; count < 1024; count += 1)
        assert.equal(lane.submit(junk, 0, 0), undefined);
      assert.equal(lane.submit(junk, 0, 0), 'no-memory');
      const small = pool.openLane({ queueLimit: 0, onPeeled: () => {} });
      assert.equal(small.submit(junk, 0, 0), 'queue-full');
      lane.flush();
      await waitFor('all to be peeled', () => taken.length === 1024);
      for (const slot of taken) lane.release(slot);
      assert.equal(lane.submit(junk, 0, 0), undefined);
    });
  });

  test('serves so many relays, and the place of one that closed serves the next', async () => {
    await usePool(1, 1024, async (pool) => {
      const open = (): PeelLane => pool.openLane({ queueLimit: 1, onPeeled: () => {} });
      const lanes = Array.from({ length: MAX_LANES }, open);
      assert.throws(open, { code: 'MIXNET_LANES' });
      lanes[3]?.close();
      open();
    });
  });

  test('a thread that ends is replaced: its batch is lost by count, all else is peeled', async () => {
    const threads: Worker[] = [];
    const onWorker = (thread: Worker): void => void threads.push(thread);
    process.on('worker', onWorker);
    try {
      await usePool(2, 4096, async (pool) => {
        const counts = { peeled: 0, lost: 0 };
        const lane: PeelLane = pool.openLane({
          queueLimit: 4096,
          onPeeled: (slot) => {
            counts.peeled += 1;
            lane.release(slot);
          },
          onLost: () => {
            counts.lost += 1;
          },
        });
        const key = lane.keys.create(EPOCH, randomFill);
        lane.keys.setOpen(EPOCH, true);
        const packet = Buffer.from(packetFor(key));
        const settled = (): number => counts.peeled + counts.lost;
        const submit = (count: number): void => {
          for (let index = 0; index < count; index += 1) lane.submit(packet, 0, 0);
          lane.flush();
        };
        let expected = 0;
        for (const worker of [0, 1]) {
          expected += 2000;
          submit(2000);
          await waitFor('the threads to be at work', () => settled() > expected - 2000);
          await threads[worker]?.terminate();
          await waitFor('all to be peeled or lost', () => settled() === expected);
          assert.equal(lane.depth, 0);
          assert.equal(pool.memory().used, 0);
        }
        await waitFor('both threads to be back', () => pool.health().state === 'healthy');
        assert.equal(threads.length, 4);
        assert.match(pool.health().detail ?? '', /2 times so far; \d+ packets were dropped/);
        assert.match(pool.health().detail ?? '', new RegExp(`; ${counts.lost} packets`));
        await Promise.all(threads.slice(2).map((thread) => thread.terminate()));
        assert.equal(pool.health().state, 'degraded');
        expected += 500;
        submit(500);
        await waitFor('new threads to peel what waited', () => settled() === expected);
        assert.ok(counts.peeled >= expected - 2 * MAX_BATCH);
      });
    } finally {
      process.off('worker', onWorker);
    }
  });

  test('a start that is given up says so and leaves no thread', async () => {
    const pool = createPeelPool({ workers: 1, maxSlots: 1024 }, deps);
    await assert.rejects(pool.start(AbortSignal.abort()), { code: 'MIXNET_PEEL_THREAD' });
    assert.equal(pool.health().state, 'unhealthy');
  });
});
