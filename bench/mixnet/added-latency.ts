import type { BenchmarkContext } from '../benchmark.ts';
import { median } from '../statistics.ts';
import type { TestBed } from './test-bed.ts';

export interface AddedLatency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the time, in percent, in which the relay was ready and had no core: what it added then is the machine's. */
  readonly coreWaitPct: number;
}

/** What the relay adds to the way over the links alone, at the same rate. */
export async function addedLatency(
  bed: TestBed,
  { quick, say }: BenchmarkContext,
  rate: number,
): Promise<AddedLatency> {
  const runs: AddedLatency[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    const plan = { rate, seconds: quick ? 2 : 5, latencies: true };
    const direct = await bed.run({ ...plan, direct: true });
    const over = await bed.run(plan);
    say(
      `at ${Math.round(rate)} packets/s: p50 ${over.p50Ms.toFixed(2)} ms over the relay, ${direct.p50Ms.toFixed(2)} ms without; p99 ${over.p99Ms.toFixed(2)} and ${direct.p99Ms.toFixed(2)} ms; ${over.coreWaitPct.toFixed(1)} % of the time without a core`,
    );
    runs.push({
      p50Ms: over.p50Ms - direct.p50Ms,
      p99Ms: over.p99Ms - direct.p99Ms,
      coreWaitPct: over.coreWaitPct,
    });
  }
  return {
    p50Ms: median(runs.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(runs.map(({ p99Ms }) => p99Ms)),
    coreWaitPct: median(runs.map(({ coreWaitPct }) => coreWaitPct)),
  };
}
