import type { PlacementTask } from '../placement.ts';
import type { BatchStrategy, ObjectiveWeights } from './batch-placement.ts';

const BALANCED: ObjectiveWeights = {
  latencyMs: 0.2,
  imbalance: 0.2,
  distrust: 0.2,
  cost: 0.2,
  price: 0.2,
};

/** What each named strategy is after; the rest decides between equals. */
export const STRATEGY_WEIGHTS: Readonly<Record<Exclude<BatchStrategy, 'nsga2'>, ObjectiveWeights>> =
  {
    // As single tasks are placed: where each ends first, the slower the less a node is trusted.
    greedy: { latencyMs: 0.7, imbalance: 0, distrust: 0.3, cost: 0, price: 0 },
    latency_first: { latencyMs: 0.92, imbalance: 0.02, distrust: 0.02, cost: 0.02, price: 0.02 },
    load_balance: { latencyMs: 0.02, imbalance: 0.92, distrust: 0.02, cost: 0.02, price: 0.02 },
    trust_first: { latencyMs: 0.02, imbalance: 0.02, distrust: 0.92, cost: 0.02, price: 0.02 },
    cost_optimize: { latencyMs: 0.02, imbalance: 0.02, distrust: 0.02, cost: 0.62, price: 0.32 },
  };

/** What the choice on the front weighs: the higher the tier, the more its promise and the less its price. */
const TIER_WEIGHTS: Readonly<Record<NonNullable<PlacementTask['tier']>, ObjectiveWeights>> = {
  bronze: { latencyMs: 0.2, imbalance: 0.1, distrust: 0.1, cost: 0.35, price: 0.25 },
  silver: { latencyMs: 0.3, imbalance: 0.1, distrust: 0.25, cost: 0.2, price: 0.15 },
  gold: { latencyMs: 0.4, imbalance: 0.1, distrust: 0.35, cost: 0.1, price: 0.05 },
  platinum: { latencyMs: 0.45, imbalance: 0.05, distrust: 0.45, cost: 0.03, price: 0.02 },
};

export interface Purpose {
  readonly weights: ObjectiveWeights;
  /** Where they come from, in words. */
  readonly because: string;
}

/** What a batch is after: the weights given, those of the strategy, or the mean of its tasks' tiers. */
export function purposeOf(
  tasks: readonly PlacementTask[],
  strategy: BatchStrategy,
  weights: ObjectiveWeights | undefined,
): Purpose {
  if (weights !== undefined) return { weights, because: 'by the weights that were given' };
  if (strategy !== 'nsga2')
    return { weights: STRATEGY_WEIGHTS[strategy], because: `by the weights of ${strategy}` };
  const tiers = tasks.flatMap(({ tier }) => (tier === undefined ? [] : [tier]));
  if (tiers.length === 0)
    return { weights: BALANCED, because: 'with all objectives alike, as no tier is asked for' };
  const names = [...new Set(tiers)];
  return {
    weights: meanOf(tiers.map((tier) => TIER_WEIGHTS[tier])),
    because: `by the weights of the ${names.join(' and ')} ${names.length === 1 ? 'tier' : 'tiers'}`,
  };
}

/** In the order of all tables. */
export function weightsRow(weights: ObjectiveWeights): Float64Array {
  const { latencyMs, imbalance, distrust, cost, price } = weights;
  return Float64Array.of(latencyMs, imbalance, distrust, cost, price);
}

function meanOf(all: readonly ObjectiveWeights[]): ObjectiveWeights {
  const mean = (name: keyof ObjectiveWeights): number =>
    all.reduce((sum, each) => sum + each[name], 0) / all.length;
  return {
    latencyMs: mean('latencyMs'),
    imbalance: mean('imbalance'),
    distrust: mean('distrust'),
    cost: mean('cost'),
    price: mean('price'),
  };
}
