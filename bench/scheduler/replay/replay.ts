/**
 * Replays traces through each strategy on the same fleets: how long jobs wait, how many miss their deadline,
 * how fair it is. The fleet is made so large that the trace keeps half of its mean capacity busy: at day, when
 * offices keep their machines, that is more than there is.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Benchmark, BenchmarkContext, FigureInfo } from '../../benchmark.ts';
import { fifo, leastLoaded, random } from './baselines.ts';
import { createFleet } from './fleet.ts';
import { greedy } from './greedy.ts';
import { mean, type Measures, measuresOf } from './measures.ts';
import { Simulation, type Strategy } from './simulation.ts';
import { nsga2 } from './nsga2.ts';
import { readSwf } from './swf.ts';
import { syntheticTrace } from './synthetic.ts';
import { spanMs, type Trace, workMs } from './trace.ts';

const STRATEGIES: Readonly<Record<string, (seed: number) => Strategy>> = {
  fifo,
  random,
  leastLoaded,
  greedy,
  nsga2,
};

/** Part of the fleet's mean capacity that the trace asks for. */
const LOAD = 0.5;
/** Times the span of the trace for which machines come and go. */
const CHURN_SPANS = 4;
const JOBS = 800;
const SEEDS = { quick: 3, full: 11 };

/** The first jobs of a log, and how its times and widths become those of a fog. */
const LOG = { jobs: 3_000, faster: 10, fold: 2 };

const KINDS: Readonly<Record<string, FigureInfo>> = {
  slowdown: { unit: '× (mean)' },
  deadlineMiss: { unit: '% of due' },
  jain: { unit: '0 to 1' },
  decisionMs: { unit: 'ms (p99)' },
};

/** A strategy's figures are means over the traces. */
export const replay: Benchmark = {
  figures: Object.fromEntries(
    Object.entries(KINDS).flatMap(([kind, info]) =>
      Object.keys(STRATEGIES).map((strategy) => [`${kind}_${strategy}`, info]),
    ),
  ),
  run: async (context) => {
    const traces = await tracesOf(context);
    const figures: Record<string, number> = {};
    for (const [name, create] of Object.entries(STRATEGIES)) {
      const all = traces.map((trace, at) => measure(trace, at + 1, create));
      const over = (of: (measures: Measures) => number): number => mean(all.map(of));
      figures[`slowdown_${name}`] = over(({ slowdown }) => slowdown);
      figures[`deadlineMiss_${name}`] = over(({ deadlineMiss }) => deadlineMiss);
      figures[`jain_${name}`] = over(({ jain }) => jain);
      figures[`decisionMs_${name}`] = over(({ decisionMs }) => decisionMs);
      const p95 = over(({ slowdownP95 }) => slowdownP95).toFixed(1);
      const lost = over(({ lost: share }) => share).toFixed(1);
      const left = all.reduce((sum, { unfinished }) => sum + unfinished, 0);
      context.say(
        `replay, ${name}: 95 % of the jobs below ${p95} ×, ${lost} % of the runs lost with their node, ${left} jobs left over`,
      );
    }
    return figures;
  },
};

function measure(trace: Trace, seed: number, create: (seed: number) => Strategy): Measures {
  const span = spanMs(trace);
  const capacity = workMs(trace) / span / LOAD;
  const fleet = createFleet({ seed, capacity, untilMs: CHURN_SPANS * span });
  return measuresOf(new Simulation(trace, fleet, create(seed)).run());
}

/** A log that is named is replayed in place of the synthetic traces, each time on another fleet. */
async function tracesOf({ quick, trace, say }: BenchmarkContext): Promise<Trace[]> {
  const seeds = Array.from({ length: quick ? SEEDS.quick : SEEDS.full }, (_, at) => at + 1);
  if (trace === undefined) return seeds.map((seed) => syntheticTrace({ seed, jobs: JOBS }));
  const text = await readFile(trace, 'utf8');
  const name = path.basename(trace);
  say(`replay of ${name}: ${headerOf(text)}`);
  const traces = seeds.map((seed) => readSwf(text, { ...LOG, name, seed }));
  if (traces.some((each) => spanMs(each) === 0)) {
    throw new Error(`${name} has no jobs that ran: is it in the Standard Workload Format?`);
  }
  return traces;
}

/** Who gave the log, for whoever publishes figures of it. */
function headerOf(text: string): string {
  const wanted = /^; *(Computer|Installation|Acknowledge|Conversion): *(.*)$/gm;
  return [...text.matchAll(wanted)].map(([, key, value]) => `${key}: ${value}`).join('; ');
}
