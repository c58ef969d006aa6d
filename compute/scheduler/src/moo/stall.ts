import { frontOf } from './front.ts';
import { type Pool, pointOf } from './pool.ts';
import type { Run } from './run.ts';
import { sampledHypervolume } from './volume/sampled.ts';
import { exactHypervolume } from './volume/wfg.ts';

/** Measurements within the generations of the rule: a volume costs about as much as a generation. */
const MEASUREMENTS = 5;

/** A standard error below 0.8 % of the box; equal samples make two fronts comparable beyond that. */
const SAMPLES = 4000;

/** Beyond the worst of the first population, as a share of its range. */
const MARGIN = 0.1;

/** Tells when the hypervolume of the front no longer grows. */
export class StallWatch {
  readonly #run: Run<unknown>;
  /** Best volume so far, by measurement. */
  readonly #volumes: number[] = [];
  #reference: Float64Array | undefined;

  constructor(run: Run<unknown>) {
    this.#run = run;
  }

  /** Asked after every generation. */
  isStalled(generation: number): boolean {
    const { stall } = this.#run.options;
    if (stall === undefined) return false;
    const stride = Math.ceil(stall.generations / MEASUREMENTS);
    if (generation % stride !== 0) return false;
    this.#reference ??= referenceOf(this.#run.pool);
    if (this.#reference === undefined) return false;
    const volume = volumeOf(this.#run, this.#reference);
    const before = this.#volumes.at(-Math.ceil(stall.generations / stride));
    const best = Math.max(this.#volumes.at(-1) ?? 0, volume);
    this.#volumes.push(best);
    return before !== undefined && best <= before * (1 + stall.share);
  }
}

function volumeOf(run: Run<unknown>, reference: Float64Array): number {
  const inside = frontOf(run)
    .map((one) => one.objectives)
    .filter((point) => point.every((value, at) => value < (reference[at] as number)));
  if (inside.length === 0) return 0;
  return reference.length <= 2
    ? exactHypervolume(inside, reference)
    : sampledHypervolume(inside, reference, SAMPLES);
}

/** Undefined as long as nothing is feasible. */
function referenceOf(pool: Pool<unknown>): Float64Array | undefined {
  const points = [...pool.genomes.keys()]
    .filter((index) => pool.violations[index] === 0)
    .map((index) => pointOf(pool, index));
  const [first] = points;
  return first?.map((_, at) => {
    const values = points.map((point) => point[at] as number);
    const [best, worst] = [Math.min(...values), Math.max(...values)];
    return worst + (MARGIN * (worst - best) || 1);
  });
}
