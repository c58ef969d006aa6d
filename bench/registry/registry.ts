/** The figures of the registry: what ten thousand nodes cost, how soon a lost one is made up for, how fast a request is routed. */
import type { Benchmark } from '../benchmark.ts';
import { measureHeartbeats } from './heartbeats.ts';
import { measureMoves } from './moves.ts';
import { ROUTING_STRATEGIES } from '@fog/wire';
import { measureRoutes } from './routes.ts';

const ROUTE_FIGURES = Object.fromEntries(
  ROUTING_STRATEGIES.map((strategy) => [`routeMicros.${strategy}`, { unit: 'µs' }]),
);

export const registry: Benchmark = {
  figures: {
    heartbeats10kCpuPct: { unit: '% core', target: '< 25' },
    heartbeats10kPerSecond: { unit: 'beats/s' },
    heartbeats10kRssMb: { unit: 'MB' },
    join10kPerSecond: { unit: 'nodes/s' },
    detectDeadMs: { unit: 'ms' },
    redistributeMs: { unit: 'ms', target: '≤ 10,000' },
    ...ROUTE_FIGURES,
    routeScanMicros: { unit: 'µs', target: 'baseline' },
  },
  run: async (context) => {
    context.say('decisions of each strategy among 1,000 nodes');
    const routes = measureRoutes();
    return { ...routes, ...(await measureHeartbeats(context, () => measureMoves(context))) };
  },
};
