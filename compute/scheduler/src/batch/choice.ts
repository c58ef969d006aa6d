import { hypervolume } from '../moo/hypervolume.ts';
import { thinOut } from '../moo/thin-out.ts';
import type { Objectives } from './batch-placement.ts';
import { rankCorrelation } from './correlation.ts';
import { OBJECTIVES } from './expected-ranges.ts';
import type { Purpose } from './weights.ts';

/** Beyond the worst of the front, as a share of its range, so that its ends count. */
const MARGIN = 0.1;

/** Plans told of: those found, the more of them the better the choice, would be much to store and to read. */
const MOST_TOLD = 100;

/** Two points always rise or fall together. */
const LEAST_FRONT = 3;

/** Best and worst of the front by objective. */
interface Frame {
  readonly best: Float64Array;
  readonly worst: Float64Array;
}

export function objectivesOf(measures: Float64Array): Objectives {
  const [latencyMs = 0, imbalance = 0, distrust = 0, cost = 0, price = 0] = measures;
  return { latencyMs, imbalance, distrust, cost, price };
}

/** The point with the least weighted sum in the frame of the front: with equal weights its knee. */
export function choose(front: readonly Float64Array[], weights: Float64Array): number {
  const frame = frameOf(front);
  const scores = front.map((point) =>
    placed(frame, point).reduce((sum, share, at) => sum + share * (weights[at] as number), 0),
  );
  return scores.indexOf(Math.min(...scores));
}

/** The choice among all plans, with those of them that stand for the others. */
export function chooseAndThin<P extends { readonly measures: Float64Array }>(
  plans: readonly P[],
  weights: Float64Array,
): { readonly plans: readonly P[]; readonly chosen: number } {
  const chosen = choose(
    plans.map(({ measures }) => measures),
    weights,
  );
  if (plans.length <= MOST_TOLD) return { plans, chosen };
  const points = Float64Array.from(
    plans.flatMap(({ measures }) => [...measures.subarray(0, OBJECTIVES)]),
  );
  const stay = new Set(thinOut(points, plans.length, OBJECTIVES, MOST_TOLD - 1)).add(chosen);
  const told = [...stay].toSorted((a, b) => a - b);
  return { plans: told.map((index) => plans[index] as P), chosen: told.indexOf(chosen) };
}

/** Share of the frame of the front, a margin around it, that its points dominate. */
export function volumeOf(front: readonly Float64Array[]): number {
  const frame = frameOf(front);
  const { best, worst } = frame;
  const varied = [...best.keys()].filter((at) => best[at] !== worst[at]);
  if (varied.length === 0) return 0;
  const points = front.map((point) => {
    const shares = placed(frame, point);
    return Float64Array.from(varied, (at) => shares[at] as number);
  });
  const reference = new Float64Array(varied.length).fill(1 + MARGIN);
  return hypervolume(points, reference) / (1 + MARGIN) ** varied.length;
}

/** By pair of objectives; none for a front that is too small to tell. */
export function correlationsOf(front: readonly Float64Array[]): Record<string, number> {
  if (front.length < LEAST_FRONT) return {};
  const names = Object.keys(objectivesOf(new Float64Array(OBJECTIVES)));
  const values = names.map((_, at) => front.map((point) => point[at] as number));
  const correlations: Record<string, number> = {};
  for (const [a, first] of values.entries())
    for (const [b, second] of values.entries())
      if (a < b) correlations[`${names[a]}~${names[b]}`] = rankCorrelation(first, second);
  return correlations;
}

/** Why this point, in words, with its objectives beside the range of the front. */
export function explainChoice(
  front: readonly Float64Array[],
  chosen: number,
  { because }: Purpose,
): string {
  const point = front[chosen];
  if (point === undefined) return 'no task can be placed';
  const { best, worst } = frameOf(front);
  const values = VALUES.map(([name, text], at) => {
    const value = `${name} ${text(point[at] as number)}`;
    if (best[at] === worst[at]) return value;
    return `${value} (${text(best[at] as number)} to ${text(worst[at] as number)})`;
  });
  const of =
    front.length === 1
      ? 'the greedy plan'
      : `of ${front.length} plans of which none is better than another in everything, the best`;
  return `${of} ${because}: ${values.join(', ')}`;
}

const VALUES: readonly (readonly [string, (value: number) => string])[] = [
  ['latency', (value) => `${Math.round(value)} ms`],
  ['imbalance', (value) => value.toPrecision(2)],
  ['distrust', (value) => value.toFixed(3)],
  ['cost', credits],
  ['price', credits],
];

/** From µ-credits; never as 1e-7. */
function credits(amount: number): string {
  return `${(Number(amount.toPrecision(3)) / 1e6).toFixed(9).replace(/\.?0+$/, '')} credits`;
}

function frameOf(front: readonly Float64Array[]): Frame {
  const best = new Float64Array(OBJECTIVES).fill(Infinity);
  const worst = new Float64Array(OBJECTIVES).fill(-Infinity);
  for (const point of front)
    for (let at = 0; at < OBJECTIVES; at += 1) {
      best[at] = Math.min(best[at] as number, point[at] as number);
      worst[at] = Math.max(worst[at] as number, point[at] as number);
    }
  return { best, worst };
}

/** 0 is the best of the front, 1 the worst. */
function placed({ best, worst }: Frame, point: Float64Array): Float64Array {
  return best.map((least, at) => {
    const range = (worst[at] as number) - least;
    return range === 0 ? 0 : ((point[at] as number) - least) / range;
  });
}
