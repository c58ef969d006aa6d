/** What is done to whom and when: made from the seed alone. */
import { createRandom } from './random.ts';

export interface ActionName {
  readonly name: string;
  /** Lengths between which the seed picks, in milliseconds. */
  readonly lasts: readonly [number, number];
  readonly weight: number;
}

export interface Step {
  readonly atMs: number;
  readonly action: string;
  /** Which of the action's possible targets: in [0, 1). */
  readonly target: number;
  readonly lastsMs: number;
}

/** Between the beginnings of two actions: often two are under way at once. */
const GAP_MS = [2_000, 9_000] as const;
/** Undisturbed at the beginning, so that there is work to disturb. */
const FIRST_MS = 3_000;

export function makeSchedule(
  seed: number,
  totalMs: number,
  actions: readonly ActionName[],
): Step[] {
  const random = createRandom(seed);
  const weights = actions.reduce((sum, { weight }) => sum + weight, 0);
  const steps: Step[] = [];
  for (let atMs = FIRST_MS; atMs < totalMs; atMs += random.between(...GAP_MS)) {
    let left = random.next() * weights;
    const action = actions.find(({ weight }) => (left -= weight) < 0);
    if (action === undefined) continue;
    const lastsMs = random.between(...action.lasts);
    steps.push({ atMs, action: action.name, target: random.next(), lastsMs });
  }
  return steps;
}

/**
 * The results of one worker come late: while it is cut off its leases end and go to the other, which sleeps; it is
 * back before that wakes up. Targets are the first and the second of two workers.
 */
export function lateResults(): Step[] {
  const [first, second] = [0, 0.5];
  return [
    { atMs: 5_000, action: 'freeze-worker', target: second, lastsMs: 18_000 },
    { atMs: 5_500, action: 'cut-worker', target: first, lastsMs: 10_500 },
  ];
}
