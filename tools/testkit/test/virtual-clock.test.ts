import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '../src/index.ts';

describe('VirtualClock', () => {
  it('runs timers in the order of their due times', () => {
    const clock = new VirtualClock(0);
    const ran: string[] = [];
    clock.after(20, () => ran.push(`b@${clock.now()}`));
    clock.after(10, () => ran.push(`a@${clock.now()}`));
    clock.after(20, () => ran.push(`c@${clock.now()}`));
    clock.advance(25);
    assert.deepEqual(ran, ['a@10', 'b@20', 'c@20']);
    assert.equal(clock.monotonicMs(), 25);
    assert.equal(clock.pending, 0);
  });

  it('runs what a timer sets within the same step', () => {
    const clock = new VirtualClock(0);
    const ran: number[] = [];
    clock.after(10, () => clock.after(5, () => ran.push(clock.now())));
    clock.advance(15);
    assert.deepEqual(ran, [15]);
  });

  it('repeats until stopped, and forgets cancelled timers', () => {
    const clock = new VirtualClock(0);
    let ticks = 0;
    const stop = clock.every(10, () => {
      ticks += 1;
      if (ticks === 3) stop();
    });
    clock.after(5, () => assert.fail('cancelled'))();
    clock.advance(1000);
    assert.equal(ticks, 3);
    assert.equal(clock.pending, 0);
  });

  it('lets promises settle between timers', async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    const sleep = (delayMs: number) =>
      new Promise<void>((resolve) => clock.after(delayMs, resolve));
    const work = (async () => {
      for (let round = 0; round < 3; round += 1) {
        await sleep(10);
        seen.push(clock.now());
      }
    })();
    await clock.advanceAsync(30);
    await work;
    assert.deepEqual(seen, [10, 20, 30]);
  });

  it('jumps the wall clock without moving monotonic time', () => {
    const clock = new VirtualClock(1000);
    clock.after(10, () => assert.fail('must not run'));
    clock.jump(60_000);
    assert.equal(clock.now(), 61_000);
    assert.equal(clock.monotonicMs(), 0);
  });
});
