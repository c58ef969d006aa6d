/**
 * `fog mix bench`: loops of the fog's own client at a constant rate, sent whatever comes back (an open loop),
 * so that a slow mixnet shows as lost or late loops and not as fewer of them.
 */
import os from 'node:os';
import { type Clock, isFogError } from '@fog/kernel';
import type { LoopReport, MeasuringClient } from '@fog/mixnet';
import type { MixBench, MixBenchCall } from '@fog/wire';
import { fail } from '../errors.ts';
import { BENCH_TICK_MS } from './limits.ts';

export interface BenchDeps {
  readonly clock: Clock;
  readonly client: Pick<MeasuringClient, 'loop'>;
  /** Mean delay of each class, by the consensus. */
  readonly delayMeansMs: readonly number[];
}

interface Tally {
  sent: number;
  unsent: number;
  late: number;
  /** How much later than due the client came to send, at most. */
  behindMs: number;
  readonly rttMs: number[];
  lastHomeMs: number;
}

export interface BenchRunner {
  /** Throws FOG_MIX_BENCH while another one runs, and what makes loops impossible. */
  run(call: MixBenchCall, deps: BenchDeps, signal: AbortSignal): Promise<MixBench>;
}

/** One at a time: two would measure each other. */
export function createBenchRunner(): BenchRunner {
  let isBusy = false;
  return {
    run: async (call, deps, signal) => {
      if (isBusy) throw fail('FOG_MIX_BENCH');
      isBusy = true;
      try {
        return await runBench(call, deps, signal);
      } finally {
        isBusy = false;
      }
    },
  };
}

async function runBench(
  call: MixBenchCall,
  deps: BenchDeps,
  signal: AbortSignal,
): Promise<MixBench> {
  const { clock } = deps;
  const tally: Tally = { sent: 0, unsent: 0, late: 0, behindMs: 0, rttMs: [], lastHomeMs: 0 };
  const fromMs = clock.monotonicMs();
  await Promise.all(await sendAll(call, deps, { tally, signal }));
  const tookSeconds = Math.max((tally.lastHomeMs - fromMs) / 1_000, call.seconds);
  return resultOf(call, deps, { tally, tookSeconds });
}

interface Run {
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

/** Resolves when the last loop was sent; rejects with the first failure that is not a full queue. */
function sendAll(
  { seconds, rate, hops, delayClass }: MixBenchCall,
  deps: BenchDeps,
  { tally, signal }: Run,
): Promise<Promise<void>[]> {
  const { clock, client } = deps;
  const { promise, resolve, reject } = Promise.withResolvers<Promise<void>[]>();
  const loops: Promise<void>[] = [];
  const wanted = seconds * rate;
  const fromMs = clock.monotonicMs();
  const request = { purpose: 'bench', hops, classAt: () => delayClass };
  const sendDue = (): void => {
    const sinceMs = clock.monotonicMs() - fromMs;
    const due = Math.min(wanted, Math.ceil((sinceMs / 1_000) * rate));
    if (loops.length < due) {
      tally.behindMs = Math.max(tally.behindMs, sinceMs - (loops.length / rate) * 1_000);
    }
    while (loops.length < due) {
      const loop = client.loop(request, signal).then(
        (report) => note(tally, report, clock.monotonicMs()),
        (error: unknown) => {
          if (!isFogError(error, 'MIXNET_BUSY')) throw error;
          tally.unsent += 1;
        },
      );
      loop.catch(reject);
      loops.push(loop);
    }
    if (loops.length === wanted) resolve(loops);
  };
  const stop = clock.every(BENCH_TICK_MS, sendDue);
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return promise.finally(() => {
    stop();
    signal.removeEventListener('abort', abort);
  });
}

function note(tally: Tally, report: LoopReport | undefined, nowMs: number): void {
  if (report === undefined) {
    tally.unsent += 1;
    return;
  }
  tally.sent += 1;
  if (report.rttMs === undefined) return;
  tally.rttMs.push(report.rttMs);
  tally.lastHomeMs = nowMs;
  if (report.outcome === 'late') tally.late += 1;
}

function resultOf(
  call: MixBenchCall,
  { delayMeansMs }: BenchDeps,
  { tally, tookSeconds }: { readonly tally: Tally; readonly tookSeconds: number },
): MixBench {
  const { sent, unsent, late, behindMs, rttMs } = tally;
  const delivered = rttMs.length;
  const sorted = rttMs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(delivered - 1, Math.floor(share * delivered))] ?? 0;
  const meanMs = rttMs.reduce((sum, each) => sum + each, 0) / Math.max(1, delivered);
  return {
    ...call,
    sent,
    unsent,
    behindMs,
    delivered,
    late,
    lost: sent - delivered,
    ...(delivered === 0 ? {} : { rtt: { p50Ms: at(0.5), p99Ms: at(0.99), meanMs } }),
    loopsPerSecond: delivered / tookSeconds,
    packetsPerSecond: (delivered * call.hops) / tookSeconds,
    owedMeanMs: call.hops * (delayMeansMs[call.delayClass] ?? 0),
    machine: {
      cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
      cores: os.availableParallelism(),
      loadAverage: os.loadavg()[0] ?? 0,
      node: process.versions.node,
    },
  };
}
