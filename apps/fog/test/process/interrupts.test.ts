import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '@fog/testkit';
import { listenForInterrupts } from '../../src/process/interrupts.ts';

function listen(): { press: (signal: string) => void; clock: VirtualClock } & ReturnType<
  typeof listenForInterrupts
> {
  const listeners = new Map<string, () => void>();
  const clock = new VirtualClock();
  const interrupts = listenForInterrupts(
    (signal, listener) => listeners.set(signal, listener),
    clock,
  );
  return Object.assign(interrupts, {
    press: (signal: string) => listeners.get(signal)?.(),
    clock,
  });
}

describe('listenForInterrupts', () => {
  it('asks first and forces then', async () => {
    const interrupts = listen();
    assert.equal(interrupts.exitCode, undefined);
    interrupts.press('SIGTERM');
    assert.equal(interrupts.exitCode, 143);
    assert.ok(interrupts.asked.aborted);
    interrupts.clock.advance(1000);
    interrupts.press('SIGINT');
    assert.ok(interrupts.forced.aborted);
    assert.equal(interrupts.exitCode, 143);
  });

  it('takes one press that arrives twice for one', async () => {
    const interrupts = listen();
    interrupts.press('SIGINT');
    interrupts.clock.advance(50);
    interrupts.press('SIGINT');
    assert.ok(interrupts.asked.aborted);
    assert.ok(!interrupts.forced.aborted);
    assert.equal(interrupts.exitCode, 130);
  });
});
