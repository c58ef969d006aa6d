/** Microseconds of one routing decision among a thousand nodes, and of the least a decision can be: one look at each. */
import { type PlacementNode, type PlacementTask, route } from '@fog/scheduler';
import { ROUTING_STRATEGIES } from '@fog/wire';
import { median } from '../statistics.ts';

const NODES = 1_000;
const WARM_UP = 300;
const ROUNDS = 5;
const DECISIONS = 200;
const GIB = 2 ** 30;

const TASK: PlacementTask = {
  owner: 'a',
  runtime: 'wasm',
  memoryBytes: GIB / 2,
  depth: 8,
  module: 'm7',
  from: { latitude: 48, longitude: 11 },
};

/** Fills fractions of [0, 1) evenly and the same in every run (Weyl sequence of the golden ratio). */
function weyl(): () => number {
  let at = 0;
  return () => (at = (at + 0.618_033_988_749_895) % 1);
}

export function measureRoutes(): Record<string, number> {
  const random = weyl();
  const nodes = Array.from({ length: NODES }, (_, at) => node(at, random));
  const figures: Record<string, number> = {};
  for (const strategy of ROUTING_STRATEGIES) {
    let last: string | undefined;
    figures[`routeMicros.${strategy}`] = micros(() => {
      last = route(strategy, TASK, nodes, { random, last });
      return last;
    });
  }
  return { ...figures, routeScanMicros: micros(() => leastHeld(nodes)) };
}

function node(at: number, random: () => number): PlacementNode {
  const slots = 1 + Math.floor(random() * 16);
  return {
    id: `node${at.toString().padStart(6, '0')}`,
    owner: at % 3 === 0 ? 'a' : 'b',
    runtimes: ['wasm', 'python'],
    sandboxLevel: at % 2 === 0 ? 'os' : 'process',
    memoryBytes: (1 + Math.floor(random() * 64)) * GIB,
    cores: slots,
    slots,
    credit: slots * 8,
    held: Math.floor(random() * slots),
    coordinates: { latitude: random() * 180 - 90, longitude: random() * 360 - 180 },
    rttMs: random() * 200,
    cpuLoad: random(),
    trust: random(),
    warm: new Set([`m${at % 20}`]),
  };
}

function leastHeld(nodes: readonly PlacementNode[]): string | undefined {
  let best = nodes[0];
  for (const each of nodes) if (each.held < (best?.held ?? 0)) best = each;
  return best?.id;
}

function micros(decide: () => string | undefined): number {
  const run = (count: number): number => {
    const from = performance.now();
    for (let i = 0; i < count; i += 1) {
      if (decide() === undefined) throw new Error('nothing was decided');
    }
    return ((performance.now() - from) * 1000) / count;
  };
  run(WARM_UP);
  return median(Array.from({ length: ROUNDS }, () => run(DECISIONS)));
}
