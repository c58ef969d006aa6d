/** A proven lower bound for a small batch by mixed integer programming, to hold the search against. */
import { createRequire } from 'node:module';
import type { Instance } from '@fog/scheduler/batch/instance';
import type * as Highs from 'highs';

// Its types describe the CommonJS build alone.
const loadHighs = createRequire(import.meta.url)('highs') as typeof Highs.default.default;

/** Highest utilisation against cost in units of the mean cost of a task. */
export const PEAK_WEIGHT = 5;
/** Slots, cores, memory, disk, GPUs, as the tables of the instance have them. */
const RESOURCES = 5;
/** To prove the last half per cent takes ten times as long. */
const PROVEN_WITHIN = 0.005;
const LIMIT_SECONDS = 20;

/** Mean over the tasks of their cost where it may be. */
export function costUnit(instance: Instance): number {
  const { cost, kindOf, nodes } = instance;
  let total = 0;
  for (const [turn, kind] of kindOf.entries()) {
    const able = instance.eligibleOf(turn);
    let sum = 0;
    for (const node of able) sum += cost[kind * nodes.length + node] as number;
    total += sum / able.length;
  }
  return total / kindOf.length;
}

export interface Optimum {
  readonly isFeasible: boolean;
  /** No plan is below it. */
  readonly bound: number;
}

/** Undefined when the solver cannot prove its answer in time. */
export async function optimumOf(instance: Instance): Promise<Optimum | undefined> {
  const highs = await loadHighs();
  const solution = highs.solve(programOf(instance), {
    time_limit: LIMIT_SECONDS,
    output_flag: false,
    mip_rel_gap: PROVEN_WITHIN,
  });
  if (solution.Status === 'Infeasible') return { isFeasible: false, bound: Infinity };
  if (solution.Status !== 'Optimal') return undefined;
  return { isFeasible: true, bound: solution.ObjectiveValue * (1 - PROVEN_WITHIN) };
}

/** In the LP format: each task on one node, no resource overdrawn, `peak` above the utilisation of every node. */
function programOf(instance: Instance): string {
  const unit = costUnit(instance);
  const nodes = [...instance.nodes.keys()];
  const turns = [...instance.kindOf.keys()];
  const at = (table: Float64Array, turn: number, node: number): number =>
    table[(instance.kindOf[turn] as number) * nodes.length + node] as number;
  const on = (node: number, factor: (turn: number) => number): string =>
    turns
      .filter((turn) => instance.eligibleOf(turn).includes(node) && factor(turn) > 0)
      .map((turn) => `+ ${factor(turn).toFixed(9)} x${turn}_${node}`)
      .join(' ');
  const costs = nodes.map((node) => on(node, (turn) => at(instance.cost, turn, node) / unit));
  const once = turns.map((turn) => {
    const able = [...instance.eligibleOf(turn)];
    return `${able.map((node) => `+ x${turn}_${node}`).join(' ')} = 1`;
  });
  const room = nodes.flatMap((node) =>
    instance.wanted.map((resource) => {
      const capacity = instance.capacity[node * RESOURCES + resource] as number;
      const share = (turn: number): number =>
        (instance.demand[(instance.kindOf[turn] as number) * RESOURCES + resource] as number) /
        capacity;
      return `${on(node, share)} <= 1`;
    }),
  );
  const peaks = nodes.map(
    (node) => `${on(node, (turn) => at(instance.load, turn, node))} - peak <= 0`,
  );
  const names = turns.flatMap((turn) =>
    [...instance.eligibleOf(turn)].map((node) => `x${turn}_${node}`),
  );
  return [
    'Minimize',
    ` obj: ${costs.join(' ')} + ${PEAK_WEIGHT} peak`,
    'Subject To',
    ...[...once, ...room, ...peaks].map((row, index) => ` r${index}: ${row}`),
    'Binary',
    names.map((name) => ` ${name}`).join('\n'),
    'End',
  ].join('\n');
}
