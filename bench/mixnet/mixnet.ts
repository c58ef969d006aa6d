/** The figures of a relay: a real one in its own process, TLS in and out, load and sink on the same cores. */
import type { Benchmark } from '../benchmark.ts';
import { addedLatency } from './added-latency.ts';
import { highestRate } from './highest-rate.ts';
import { rssGrowthPct } from './soak.ts';
import { TestBed } from './test-bed.ts';
import { threeHopP50Ms } from './three-hop.ts';

export const mixnet: Benchmark = {
  figures: {
    relayPacketsPerSecond: { unit: 'packets/s', target: '≥ 25,000 where X25519 ≤ 31 µs' },
    x25519Micros: { unit: 'µs', target: 'baseline' },
    relayOverX25519: { unit: '', target: '≥ 0.775' },
    lostPackets: { unit: 'packets', target: '0, in all long runs at or below that rate' },
    addedP50Ms: { unit: 'ms', target: '≤ 1' },
    addedP99Ms: { unit: 'ms' },
    addedCoreWaitPct: { unit: '%', target: 'baseline' },
    threeHopP50Ms: { unit: 'ms', target: '≤ 5' },
    rssGrowthPct: { unit: '%', target: '< 5, over more than 5 M packets' },
    loadAverage: { unit: '', target: 'baseline' },
  },
  run: async (context) => {
    await using bed = await TestBed.start(context);
    const threeHop = await threeHopP50Ms(bed, context);
    const best = await highestRate(bed, context);
    const added = await addedLatency(bed, context, best.rate / 2);
    return {
      relayPacketsPerSecond: best.rate,
      x25519Micros: best.x25519Micros,
      relayOverX25519: (best.rate * best.x25519Micros) / 1e6,
      lostPackets: best.lost,
      addedP50Ms: added.p50Ms,
      addedP99Ms: added.p99Ms,
      ...(Number.isNaN(added.coreWaitPct) ? {} : { addedCoreWaitPct: added.coreWaitPct }),
      threeHopP50Ms: threeHop,
      ...(context.soak ? { rssGrowthPct: await rssGrowthPct(bed, context) } : {}),
      loadAverage: best.loadAverage,
    };
  },
};
