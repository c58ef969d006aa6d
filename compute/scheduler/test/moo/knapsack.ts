import type { Problem } from '../../src/index.ts';

const ITEMS = 24;

/** Cost and weight of a set of items to be small, its value large; sets lighter than a tenth are infeasible. */
export const knapsack: Problem<Int32Array> = {
  objectives: 3,
  evaluate: (genome, out) => {
    out.fill(0);
    let chosen = 0;
    for (const [item, bit] of genome.entries()) {
      if (bit === 0) continue;
      chosen += 1;
      out[0] = (out[0] as number) + ((item * 7) % 11) + 1;
      out[1] = (out[1] as number) + ((item * 5) % 13) + 1;
      out[2] = (out[2] as number) - ((item * 3) % 17) - 1;
    }
    return Math.max(0, 3 - chosen);
  },
  create: (random) => Int32Array.from({ length: ITEMS }, () => random.below(2)),
  cross: (a, b, random) => {
    const at = random.below(ITEMS);
    return [
      Int32Array.of(...a.subarray(0, at), ...b.subarray(at)),
      Int32Array.of(...b.subarray(0, at), ...a.subarray(at)),
    ];
  },
  mutate: (genome, random) => {
    const at = random.below(ITEMS);
    return genome.with(at, 1 - (genome[at] as number));
  },
  key: (genome) => genome.join(''),
};
