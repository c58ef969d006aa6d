/** Search on published problems, placement against a greedy and against the optimum, and jobs replayed from a trace. */
import type { Benchmark } from '../benchmark.ts';
import { decisions } from './placement/decisions.ts';
import { frontVolume } from './placement/front-volume.ts';
import { optimumGap } from './placement/optimum-gap.ts';
import { replay } from './replay/replay.ts';
import { generation } from './search/generation.ts';
import { searchQuality } from './search/quality.ts';

const PARTS: readonly Benchmark[] = [
  searchQuality,
  generation,
  frontVolume,
  optimumGap,
  decisions,
  replay,
];

export const scheduler: Benchmark = {
  figures: Object.assign({}, ...PARTS.map((part) => part.figures)) as Benchmark['figures'],
  run: async (context) => {
    const figures: Record<string, number> = {};
    for (const part of PARTS) Object.assign(figures, await part.run(context));
    return figures;
  },
};
