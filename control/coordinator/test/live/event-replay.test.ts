import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '@fog/testkit';
import type { JobEvent } from '@fog/wire';
import { EventReplay } from '../../src/live/event-replay.ts';
import { fixture, HandAgent, OWNER, spec } from '../fixture.ts';

function event(seq: number): JobEvent {
  return { seq, job: 'jabcdefghijkl', time: 0, type: 'queued' };
}

test('what is announced during the replay is told once, in its place', async () => {
  const stored = [1, 2, 3, 4].map(event);
  const told: number[] = [];
  const replay = new EventReplay({
    after: 1,
    tell: ({ seq }) => told.push(seq),
    drained: async () => {
      // Stored and announced while the reader took the first page.
      if (stored.length === 4) {
        stored.push(event(5));
        replay.offer(event(5));
      }
      return true;
    },
  });
  replay.offer(event(4));
  await replay.run(async ({ after }) => stored.filter(({ seq }) => seq > after).slice(0, 2));
  assert.deepEqual(told, [2, 3, 4, 5]);
  replay.offer(event(5));
  replay.offer(event(6));
  assert.deepEqual(told, [2, 3, 4, 5, 6]);
});

test('a replay ends when its reader is gone', async () => {
  let reads = 0;
  const replay = new EventReplay({ after: 0, tell: () => {}, drained: async () => false });
  await replay.run(async ({ after }) => {
    reads += 1;
    return [event(after + 1)];
  });
  assert.equal(reads, 1);
});

test('a job is followed from an event on, and an account reads the events of its jobs', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const job = await coordinator.submit(OWNER, spec());
  const [first] = await coordinator.events(OWNER, job.id, { after: 0, limit: 1 });
  const seen: JobEvent[] = [];
  const listener = { event: (each: JobEvent) => void seen.push(each), output: () => {} };
  const stop = await coordinator.follow(OWNER, job.id, listener, first?.seq ?? 0);
  const a = new HandAgent('a').connect(coordinator);
  await a.until(() => a.leases.length === 1);
  a.result(a.leases[0]?.token ?? 0);
  await waitFor('the end', () => seen.some(({ type }) => type === 'settled'));
  stop();
  const stored = await coordinator.events(OWNER, job.id, { after: first?.seq ?? 0, limit: 100 });
  assert.deepEqual(seen, stored);
  const all = await coordinator.accountEvents(OWNER, { after: 0, limit: 100 });
  assert.deepEqual(all, [first, ...stored]);
  assert.deepEqual(await coordinator.accountEvents('other', { after: 0, limit: 100 }), []);
});

test('the bandwidth of a node is that of its larger uploads', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const a = new HandAgent('a').connect(coordinator);
  await coordinator.submit(OWNER, spec());
  await a.until(() => a.leases.length === 1);
  const token = a.leases[0]?.token ?? 0;
  const bandwidth = async (): Promise<number | undefined> =>
    (await coordinator.nodes())[0]?.bandwidthMbps;
  const content = 'c'.repeat(64);
  await coordinator.leaseUploaded('a', token, { content, sizeBytes: 1000, tookMs: 1 });
  assert.equal(await bandwidth(), undefined);
  await coordinator.leaseUploaded('a', token, { content, sizeBytes: 1_000_000, tookMs: 100 });
  assert.equal(await bandwidth(), 80);
  await coordinator.leaseUploaded('a', token, { content, sizeBytes: 1_000_000, tookMs: 1_000 });
  assert.equal(await bandwidth(), 71);
  const { links } = await coordinator.topology();
  assert.equal(links[0]?.bandwidthMbps, 71);
});
