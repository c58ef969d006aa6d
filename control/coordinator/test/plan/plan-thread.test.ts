import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFogError, silentLogger } from '@fog/kernel';
import { VirtualClock } from '@fog/testkit';
import type { PlanRequest } from '../../src/plan/plan-messages.ts';
import { PlanThread } from '../../src/plan/plan-thread.ts';

const GIB = 2 ** 30;
const node = (id: string): PlanRequest['nodes'][0] => ({
  id,
  owner: 'ann',
  runtimes: ['wasm'],
  sandboxLevel: 'os',
  memoryBytes: 8 * GIB,
  slots: 2,
  credit: 16,
  held: 0,
});
const task = { owner: 'ann', runtime: 'wasm', memoryBytes: GIB, depth: 1 } as const;
const request = (over: Partial<PlanRequest> = {}): PlanRequest => ({
  tasks: Array.from({ length: 6 }, () => task),
  nodes: [node('a'), node('b')],
  strategy: 'nsga2',
  seed: 1,
  budgetMs: 50,
  ...over,
});
const refused = (pattern: RegExp) => (error: unknown) =>
  isFogError(error, 'COORDINATOR_PLAN') && pattern.test(error.message);

async function withThread(
  planEntry: URL | undefined,
  test: (thread: PlanThread, clock: VirtualClock) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const thread = new PlanThread({ clock, logger: silentLogger, planEntry });
  try {
    await test(thread, clock);
  } finally {
    await thread.close();
  }
}

describe('the planning thread', () => {
  it('starts with the first batch, and takes one after the other', () =>
    withThread(undefined, async (thread) => {
      assert.equal(thread.state, 'idle');
      const answers = [thread.place(request()), thread.place(request({ strategy: 'greedy' }))];
      assert.deepEqual([thread.state, thread.waiting], ['busy', 1]);
      const [first, second] = await Promise.all(answers);
      assert.equal(first?.placement.assignments.length, 6);
      assert.equal(second?.placement.strategy, 'greedy');
      assert.deepEqual([thread.state, thread.restarts], ['ready', 0]);
    }));

  it('answers within a budget of one millisecond, and for no nodes at all', () =>
    withThread(undefined, async (thread) => {
      const short = await thread.place(request({ budgetMs: 1 }));
      assert.equal(short.placement.assignments.length, 6);
      const none = await thread.place(request({ nodes: [] }));
      assert.equal(none.placement.unplaced.length, 6);
    }));

  it('says what makes no sense, and goes on', () =>
    withThread(undefined, async (thread) => {
      const wrong = request({ tasks: [{ ...task, memoryBytes: Number.NaN }] });
      await assert.rejects(thread.place(wrong), refused(/not planned: .*NaN/));
      assert.equal((await thread.place(request())).placement.assignments.length, 6);
    }));

  it('that ends takes its batches with it; the next one gets another thread, a moment later', () =>
    withThread(new URL('ending-thread.ts', import.meta.url), async (thread, clock) => {
      const lost = [thread.place(request()), thread.place(request())];
      for (const one of lost) await assert.rejects(one, refused(/thread ended: out of luck/));
      assert.deepEqual([thread.state, thread.restarts], ['down', 1]);
      await assert.rejects(thread.place(request()), refused(/not up again yet/));
      clock.advance(1_000);
      assert.equal(thread.state, 'idle');
      await assert.rejects(thread.place(request()), refused(/out of luck/));
      assert.equal(thread.restarts, 2);
    }));

  it('that cannot even be started keeps no batch waiting', () =>
    withThread(new URL('https://fog.example/plan.ts'), async (thread, clock) => {
      await assert.rejects(thread.place(request()), refused(/thread ended: /));
      assert.deepEqual([thread.state, thread.restarts], ['down', 1]);
      clock.advance(1_000);
      const two = [thread.place(request()), thread.place(request())];
      for (const one of two) await assert.rejects(one, refused(/thread ended|not up again yet/));
    }));

  it('that does not answer in time is given up', () =>
    withThread(undefined, async (thread, clock) => {
      const late = thread.place(request());
      clock.advance(60_000);
      await assert.rejects(late, refused(/did not answer in time/));
    }));

  it('takes no more batches than it could get through soon', () =>
    withThread(undefined, async (thread) => {
      const waiting = Array.from({ length: 17 }, () => thread.place(request()));
      await assert.rejects(thread.place(request()), refused(/16 others wait/));
      const closed = thread.close();
      for (const one of waiting) await assert.rejects(one, refused(/coordinator stops/));
      await closed;
      await assert.rejects(thread.place(request()), (error) =>
        isFogError(error, 'COORDINATOR_STOPPED'),
      );
    }));
});
