import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EPOCH_NS, LogicalWorld, TICK_NS } from '../../../src/guest/strict/logical-world.ts';

function randomOf(world: LogicalWorld, seed: string, sizeBytes: number): string {
  const bytes = new Uint8Array(sizeBytes);
  world.begin(seed);
  world.fillRandom(bytes);
  return Buffer.from(bytes).toString('hex');
}

describe('LogicalWorld', () => {
  it('starts every program at the same time and passes by being looked at', () => {
    const world = new LogicalWorld();
    for (const seed of ['job/0', 'job/1']) {
      world.begin(seed);
      assert.equal(world.realtimeNs(), EPOCH_NS + TICK_NS);
      assert.equal(world.monotonicNs(), 2n * TICK_NS);
      world.waitMs(1500);
      assert.equal(world.monotonicNs(), 1_500_000_000n + 3n * TICK_NS);
    }
  });

  it('gives random bytes by the seed alone, and other ones for each task', () => {
    const world = new LogicalWorld();
    const seen = new Set<string>();
    for (let index = 0; index < 1000; index += 1) {
      const bytes = randomOf(world, `job/${index}`, 9);
      assert.equal(randomOf(new LogicalWorld(), `job/${index}`, 9), bytes);
      seen.add(bytes);
    }
    assert.equal(seen.size, 1000);
    // Part of the runtime's version.
    assert.equal(randomOf(world, 'job/0', 16), '24a20d8780434233d9e1d9850172c807');
  });

  it('fills bytes evenly', () => {
    const world = new LogicalWorld();
    const counts = new Uint32Array(256);
    const bytes = new Uint8Array(256 * 1000);
    world.begin('even');
    world.fillRandom(bytes);
    for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
    for (const count of counts) assert.ok(count > 800 && count < 1200, `${count}`);
  });
});
