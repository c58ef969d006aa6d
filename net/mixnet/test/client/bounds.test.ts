import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '@fog/testkit';
import { createAwaitedStore } from '../../src/client/awaited.ts';
import { createHeldAnswers } from '../../src/client/held-answers.ts';
import {
  AVOID_RELAY_MS,
  MAX_HELD_ANSWER_BYTES,
  MAX_HELD_ANSWER_MS,
  MAX_HELD_ANSWERS,
  MAX_PENDING_SURBS,
  MAX_RELAY_FAILURES,
} from '../../src/client/limits.ts';
import { createRelayHealth } from '../../src/client/relay-health.ts';

function idOf(number: number): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, number);
  return id;
}

describe('answers and loops under way', () => {
  it('are bounded: the oldest is given up for a new one', () => {
    const store = createAwaitedStore();
    const gone: number[] = [];
    for (let number = 0; number < MAX_PENDING_SURBS + 3; number += 1) {
      store.add(idOf(number), {
        untilMs: 1_000,
        arrived: () => {},
        gone: () => void gone.push(number),
      });
    }
    assert.equal(store.size, MAX_PENDING_SURBS);
    assert.deepEqual(gone, [0, 1, 2]);
    assert.equal(store.arrive(idOf(0), new Uint8Array(0)), false);
    assert.equal(store.arrive(idOf(3), new Uint8Array(0)), true);
    assert.equal(store.arrive(idOf(3), new Uint8Array(0)), false, 'each id works once');
    store.expire(1_001);
    assert.deepEqual([store.size, gone.length], [0, MAX_PENDING_SURBS + 2]);
  });
});

describe('held answers', () => {
  it('are bounded in number, the one asked for longest ago goes first', () => {
    const held = createHeldAnswers(new VirtualClock());
    for (let number = 0; number < MAX_HELD_ANSWERS; number += 1) held.touch(idOf(number));
    held.touch(idOf(0));
    held.touch(idOf(MAX_HELD_ANSWERS));
    assert.ok(held.get(idOf(0)));
    assert.equal(held.get(idOf(1)), undefined);
    assert.ok(held.get(idOf(2)));
  });

  it('are bounded in bytes, and forgotten after a while', () => {
    const clock = new VirtualClock();
    const held = createHeldAnswers(clock);
    const quarter = [new Uint8Array(MAX_HELD_ANSWER_BYTES / 4)];
    for (let number = 0; number < 6; number += 1) held.fill(held.touch(idOf(number)), quarter);
    const kept = [0, 1, 2, 3, 4, 5].filter((number) => held.get(idOf(number)));
    assert.deepEqual(kept, [2, 3, 4, 5]);
    clock.advance(MAX_HELD_ANSWER_MS);
    held.touch(idOf(5));
    clock.advance(1);
    held.expire();
    assert.deepEqual(
      kept.filter((number) => held.get(idOf(number))),
      [5],
    );
  });
});

describe('relays that failed', () => {
  it('are avoided for a while, and forgotten with the consensus that named them', () => {
    const clock = new VirtualClock();
    const health = createRelayHealth(clock);
    for (let failure = 0; failure < MAX_RELAY_FAILURES; failure += 1) health.failed(['a', 'b']);
    assert.deepEqual([...health.avoided()], ['a', 'b']);
    health.keepOnly(new Map([['b', 1]]));
    assert.deepEqual([...health.avoided()], ['b']);
    clock.advance(AVOID_RELAY_MS);
    assert.equal(health.avoided().size, 0);
  });
});
