/** A hundred thousand queued jobs and nobody to run them: how fast they are taken, and taken up after a kill. */
import { rm } from 'node:fs/promises';
import { noopModule, tempDir, waitFor } from '@fog/testkit';
import type { JobSpecInput } from '@fog/wire';
import type { BenchmarkContext } from '../benchmark.ts';
import { startCoordinator } from './fleet.ts';
import { upload } from './measure.ts';

const JOBS = 100_000;
const JOBS_A_REQUEST = 1_000;
/** Requests at once: while one is stored the next is read. */
const IN_FLIGHT = 2;

export async function measureQueued({ say }: BenchmarkContext): Promise<Record<string, number>> {
  say(`${JOBS} queued jobs, ${JOBS_A_REQUEST} a request`);
  await using dir = await tempDir();
  const first = await startCoordinator(dir);
  const submitMs = await submitAll(first);
  await first.process.kill();
  // A killed one leaves it behind, and it names a port nobody listens on.
  await rm(dir.file('endpoint.json'));
  const from = performance.now();
  const second = await startCoordinator(dir);
  await using process = second.process;
  const queued = async (): Promise<boolean> =>
    (await second.client.status()).jobs.queuedTasks === JOBS;
  await waitFor('all jobs to be queued again', queued, { deadlineMs: 60_000 });
  const restartMs = performance.now() - from;
  await process.stop();
  return {
    queued100kSubmitPerSecond: (JOBS / submitMs) * 1000,
    queued100kRestartMs: restartMs,
  };
}

async function submitAll({
  client,
}: Awaited<ReturnType<typeof startCoordinator>>): Promise<number> {
  const module = await upload(client, noopModule());
  const spec: JobSpecInput = { runtime: 'wasm', module, moduleName: 'noop.wasm' };
  const jobs = Array.from({ length: JOBS_A_REQUEST }, (_, at) => ({ key: `j${at}`, spec }));
  let left = JOBS / JOBS_A_REQUEST;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await client.submitBatch({ jobs });
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return performance.now() - from;
}
