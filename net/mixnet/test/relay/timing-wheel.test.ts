import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { VirtualClock } from '@fog/testkit';
import { WHEEL_TICKS } from '../../src/relay/limits.ts';
import { createTimingWheel } from '../../src/relay/timing-wheel.ts';

function setUp(): {
  clock: VirtualClock;
  due: { slot: number; atMs: number }[];
  wheel: ReturnType<typeof createTimingWheel>;
} {
  const clock = new VirtualClock();
  const due: { slot: number; atMs: number }[] = [];
  const wheel = createTimingWheel(clock, (slot) => due.push({ slot, atMs: clock.monotonicMs() }));
  return { clock, due, wheel };
}

suite('timing wheel', () => {
  test('packets come out in the order of their times, none early, none a tick late', () => {
    const { clock, due, wheel } = setUp();
    const delays = [50.5, 3.2, 1000, 0.4, 50.1, 7];
    for (const [slot, delayMs] of delays.entries()) wheel.add(slot, delayMs);
    clock.advance(2000);
    assert.deepEqual(due.map(({ slot }) => slot).slice(0, 3), [3, 1, 5]);
    assert.equal(due.at(-1)?.slot, 2);
    for (const { slot, atMs } of due) {
      const late = atMs - (delays[slot] as number);
      assert.ok(late >= 0 && late <= 1, `slot ${slot} was ${late} ms late`);
    }
    assert.equal(wheel.count, 0);
    assert.equal(clock.pending, 0);
  });

  test('what is added while others fall due is not lost', () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    const wheel = createTimingWheel(clock, (slot) => {
      seen.push(slot);
      if (slot < 5) wheel.add(slot + 1, 2);
    });
    wheel.add(0, 1);
    clock.advance(20);
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5]);
  });

  test('a delay longer than the ring goes round again', () => {
    const { clock, due, wheel } = setUp();
    wheel.add(7, WHEEL_TICKS * 2 + 5);
    wheel.add(8, 5);
    clock.advance(WHEEL_TICKS * 2);
    assert.deepEqual(due, [{ slot: 8, atMs: 5 }]);
    clock.advance(10);
    assert.deepEqual(due.at(-1), { slot: 7, atMs: WHEEL_TICKS * 2 + 5 });
  });

  test('a turn that comes much too late gives everything that is due', () => {
    let nowMs = 0;
    let task = (): void => {};
    const due: number[] = [];
    const clock = {
      monotonicMs: () => nowMs,
      after: (_delayMs: number, run: () => void) => {
        task = run;
        return () => {};
      },
    };
    const wheel = createTimingWheel(clock, (slot) => due.push(slot));
    for (let slot = 0; slot < 100; slot += 1) wheel.add(slot, slot * 300);
    nowMs = WHEEL_TICKS * 3;
    task();
    assert.equal(due.length, 100);
  });

  test('clearing gives back every packet and leaves no timer', () => {
    const { clock, due, wheel } = setUp();
    for (let slot = 0; slot < 10; slot += 1) wheel.add(slot, slot * 2000);
    const cleared: number[] = [];
    wheel.clear((slot) => cleared.push(slot));
    assert.deepEqual(
      cleared.sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    clock.advance(100_000);
    assert.deepEqual(due, []);
    assert.equal(clock.pending, 0);
  });
});
