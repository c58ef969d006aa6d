import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Agreement } from '../../net/sphinx/test/agree.ts';

const PACKETS = 10_000;
const SEEDS = [7, 8];

async function agreeInThread(seed: number): Promise<Agreement> {
  const worker = new Worker(new URL('./sphinx-agreement.ts', import.meta.url), {
    workerData: { count: PACKETS / SEEDS.length, seed },
  });
  const [agreement] = (await once(worker, 'message')) as [Agreement];
  return agreement;
}

it(`two implementations of the packet agree on ${PACKETS} random packets, hop by hop`, async (t) => {
  const all = await Promise.all(SEEDS.map(agreeInThread));
  t.diagnostic(`seeds ${SEEDS.join()}: ${JSON.stringify(all)}`);
  assert.equal(
    all.reduce((sum, { packets }) => sum + packets, 0),
    PACKETS,
  );
  for (const verdict of ['ok', 'bad-mac', 'bad-payload', 'no-key']) {
    assert.ok(
      all.some(({ verdicts }) => (verdicts[verdict] ?? 0) > 0),
      `${verdict} never happened`,
    );
  }
});
