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
    say('hypervolume of published problems');
    const inputs = SETTING_NAMES.flatMap((name) => inputsOf(name, quick));
    const thread = new URL('quality-thread.ts', import.meta.url);
    const answers = await inThreads<Quality>(thread, inputs);
    return Object.assign(
      {},
      ...SETTING_NAMES.map((name) => {
        const own = answers.filter((_, index) => inputs[index]?.name === name);
        const volumes = own.map(({ volume }) => volume);
        const [least, most] = [Math.min(...volumes), Math.max(...volumes)];
        say(`${name}: ${least.toFixed(5)} to ${most.toFixed(5)} over ${own.length} seeds`);
        const distances = own.flatMap(({ igdPlus }) => igdPlus ?? []);
        return {
          [name]: median(volumes),
          ...(distances.length > 0 && { [`${name}IgdPlus`]: median(distances) }),
        };
      }),
    ) as Record<string, number>;
  },
};

/** A search with five objectives takes as long as three with two. */
function inputsOf(name: SettingName, quick: boolean): QualityInput[] {
  const few = name.startsWith('dtlz') ? 5 : 11;
  return Array.from({ length: quick ? few : 31 }, (_, index) => ({ name, seed: index + 1 }));
}
