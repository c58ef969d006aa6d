/** An array of tasks that sleep, on a real fog: waiting for it, and the proof that nothing was lost or doubled. */
import assert from 'node:assert/strict';
import type { FogClient } from '@fog/server/client';
import { waitFor } from '@fog/testkit';
import type { TaskOutcome } from '@fog/wire';
import { SLEPT } from './sleep-module.ts';

export const TASKS = 1000;
export const TASK_MS = 50;
/** In the middle of it. */
export const HALF = TASKS / 2;
export const DEADLINE_MS = 120_000;

export async function settled(client: FogClient, id: string, count: number): Promise<void> {
  await waitFor(
    `${count} settled tasks`,
    async () => {
      const { tasks } = await client.job(id);
      return tasks.settled >= count;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

export async function ended(client: FogClient, id: string): Promise<string> {
  const terminal = ['settled', 'failed', 'cancelled', 'expired'];
  return waitFor(
    'the job to end',
    async () => {
      const { state } = await client.job(id, { waitMs: 5000 });
      return terminal.includes(state) && state;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

async function allResults(client: FogClient, id: string): Promise<TaskOutcome[]> {
  const all: TaskOutcome[] = [];
  for (let from = 0; ;) {
    const { results, next, total } = await client.results(id, { from, limit: 500 });
    all.push(...results);
    if (next >= total || results.length === 0) return all;
    from = next;
  }
}

/** Every task once, with its own output, and exactly one accepted attempt each. */
export async function assertEachOnce(client: FogClient, id: string): Promise<TaskOutcome[]> {
  const results = await allResults(client, id);
  assert.deepEqual(
    results.map(({ index }) => index),
    Array.from({ length: TASKS }, (_, index) => index),
  );
  for (const { outcome, state } of results) {
    assert.equal(state, 'settled');
    assert.equal(Buffer.from(outcome.stdout.data ?? '', 'base64').toString(), SLEPT);
  }
  for (const { index } of results) {
    const { attempts } = await client.task(id, index);
    const accepted = attempts.filter(({ state }) => state === 'accepted');
    assert.equal(accepted.length, 1, `task ${index} has ${accepted.length} accepted attempts`);
    assert.equal(new Set(attempts.map(({ token }) => token)).size, attempts.length);
  }
  return results;
}
