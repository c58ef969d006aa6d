import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FogError } from '@fog/kernel';
import type { LoopReport } from '@fog/mixnet';
import { VirtualClock } from '@fog/testkit';
import { type BenchDeps, createBenchRunner } from '../../src/mix/run-bench.ts';
import { benchText } from '../../src/show/mix-text.ts';

const live = new AbortController().signal;
const call = { seconds: 2, rate: 50, hops: 3, delayClass: 1 };

/** Loops whose fate is told by their number. */
function depsOf(fate: (number: number) => number | undefined | Error): BenchDeps & {
  readonly clock: VirtualClock;
  readonly sentAt: number[];
} {
  const clock = new VirtualClock();
  const sentAt: number[] = [];
  const loop: BenchDeps['client']['loop'] = async (_request, signal) => {
    const what = fate(sentAt.length);
    sentAt.push(clock.monotonicMs());
    if (what instanceof Error) throw what;
    await new Promise<void>((resolve, reject) => {
      clock.after(what ?? 5_000, resolve);
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    const outcome = what === undefined ? 'lost' : what > 900 ? 'late' : 'home';
    return { outcome, rttMs: what, route: {}, delayTags: [] } as unknown as LoopReport;
  };
  return { clock, client: { loop }, delayMeansMs: [0, 5, 20, 100, 1_000], sentAt };
}

describe('a benchmark of the mixnet', () => {
  it('sends at its rate whatever comes back, and counts each loop once', async () => {
    const busy = new FogError('MIXNET_BUSY', { kind: 'unavailable', message: 'full' });
    const fates = [10, 20, undefined, busy, 1_000];
    const deps = depsOf((number) => fates[number % fates.length]);
    const running = createBenchRunner().run(call, deps, live);
    await deps.clock.advanceAsync(10_000);
    const bench = await running;
    assert.equal(deps.sentAt.length, 100);
    const firstSecond = deps.sentAt.filter((at) => at - (deps.sentAt[0] ?? 0) < 1_000);
    assert.ok(Math.abs(firstSecond.length - 50) <= 1, String(firstSecond.length));
    const { sent, unsent, delivered, late, lost } = bench;
    assert.deepEqual([sent, unsent, delivered, late, lost], [80, 20, 60, 20, 20]);
    assert.equal(bench.rtt?.p50Ms, 20);
    assert.equal(bench.rtt?.p99Ms, 1_000);
    assert.equal(bench.owedMeanMs, 15);
    assert.ok(bench.behindMs > 0 && bench.behindMs <= 5, String(bench.behindMs));
    assert.ok(bench.loopsPerSecond < 30 && bench.loopsPerSecond > 18);
    assert.match(benchText(bench), /20 not sent[^]*lost +20\n[^]*owed 15\.00 ms[^]*npm run bench/);
  });

  it('runs once at a time, and ends when it is given up', async () => {
    const deps = depsOf(() => 10);
    const runner = createBenchRunner();
    const leave = new AbortController();
    const running = runner.run(call, deps, leave.signal);
    await assert.rejects(runner.run(call, deps, live), { code: 'FOG_MIX_BENCH' });
    await deps.clock.advanceAsync(500);
    leave.abort(new Error('gone'));
    await assert.rejects(running, /gone/);
    const sent = deps.sentAt.length;
    await deps.clock.advanceAsync(5_000);
    assert.equal(deps.sentAt.length, sent);
    const again = runner.run({ ...call, seconds: 1 }, deps, live);
    await deps.clock.advanceAsync(5_000);
    assert.equal((await again).delivered, 50);
  });

  it('ends with what makes loops impossible, and says when none came home', async () => {
    const broken = depsOf(() => new Error('too few relays'));
    const failing = createBenchRunner().run(call, broken, live);
    const refused = assert.rejects(failing, /too few relays/);
    await broken.clock.advanceAsync(1_000);
    await refused;
    const deps = depsOf(() => undefined);
    const running = createBenchRunner().run(call, deps, live);
    await deps.clock.advanceAsync(10_000);
    const bench = await running;
    assert.deepEqual([bench.delivered, bench.lost, bench.rtt], [0, 100, undefined]);
    assert.match(benchText(bench), /delivered +0/);
  });
});
