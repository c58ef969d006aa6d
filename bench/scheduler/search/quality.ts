/** Figures of published problems, to be held against those of other libraries. */
import type { Benchmark } from '../../benchmark.ts';
import { median } from '../../statistics.ts';
import { inThreads } from '../threads.ts';
import type { QualityInput } from './quality-thread.ts';
import { type Quality, SETTING_NAMES, type SettingName } from './settings.ts';

/** Smallest to largest of pagmo2, jMetal and pymoo over 15 to 31 seeds; DTLZ by pymoo's NSGA-III. */
const TARGETS: Readonly<Record<SettingName, string>> = {
  zdt1: '0.8684 to 0.8702',
  zdt2: '0.5350 to 0.5370',
  zdt3: '1.3259 to 1.3280',
  zdt4: '0.8450 to 0.8703',
  zdt6: '0.4915 to 0.4978',
  dtlz2m5: '≥ 1.26',
  dtlz1m5: '≥ 0.048',
};

export const searchQuality: Benchmark = {
  figures: {
    ...Object.fromEntries(
      SETTING_NAMES.map((name) => [name, { unit: 'volume', target: TARGETS[name] }]),
    ),
    zdt1IgdPlus: { unit: '' },
    dtlz2m5IgdPlus: { unit: '' },
  },
  run: async ({ quick, say }) => {
    const seeds = Array.from({ length: quick ? 11 : 31 }, (_, index) => index + 1);
    say(`hypervolume of ${SETTING_NAMES.join(', ')} over ${seeds.length} seeds`);
    const inputs: QualityInput[] = SETTING_NAMES.flatMap((name) =>
      seeds.map((seed) => ({ name, seed })),
    );
    const thread = new URL('quality-thread.ts', import.meta.url);
    const answers = await inThreads<Quality>(thread, inputs);
    return Object.assign(
      {},
      ...SETTING_NAMES.map((name, index) => {
        const own = answers.slice(index * seeds.length, (index + 1) * seeds.length);
        const volumes = own.map(({ volume }) => volume);
        say(`${name}: ${Math.min(...volumes).toFixed(5)} to ${Math.max(...volumes).toFixed(5)}`);
        const distances = own.flatMap(({ igdPlus }) => igdPlus ?? []);
        return {
          [name]: median(volumes),
          ...(distances.length > 0 && { [`${name}IgdPlus`]: median(distances) }),
        };
      }),
    ) as Record<string, number>;
  },
};
