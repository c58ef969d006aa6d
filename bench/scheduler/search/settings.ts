/** Problem, operators and reference point of each figure of search quality. */
import { hypervolume, igdPlus, search, type SearchOptions } from '@fog/scheduler';
import { dtlz1, dtlz2, dtlz2Front } from './dtlz.ts';
import { type Indices, realCoded, type RealFunction } from './real-coded.ts';
import { zdt1, zdt1Front, zdt2, zdt3, zdt4, zdt6 } from './zdt.ts';

export const SETTING_NAMES = [
  'zdt1',
  'zdt2',
  'zdt3',
  'zdt4',
  'zdt6',
  'dtlz2m5',
  'dtlz1m5',
] as const;

export type SettingName = (typeof SETTING_NAMES)[number];

export interface Quality {
  readonly volume: number;
  /** Where the best front is known. */
  readonly igdPlus?: number;
}

interface Setting {
  readonly target: RealFunction;
  readonly indices: Indices;
  /** Of the reference point, in every objective. */
  readonly reference: number;
  /** Points of the best front. */
  readonly known?: readonly Float64Array[];
  readonly options: Omit<SearchOptions<Float64Array>, 'seed'>;
}

const KNOWN = 1000;

const two = (target: RealFunction): Setting => ({
  target,
  indices: { crossover: 15, mutation: 20 },
  reference: 1.1,
  options: {
    population: 100,
    generations: 250,
    maxEvaluations: 25_000,
    crossover: 0.9,
    mutation: 1,
    tournament: 2,
    survival: 'crowding',
  },
});

const five = (target: RealFunction, reference: number): Setting => ({
  target,
  indices: { crossover: 30, mutation: 20 },
  reference,
  options: {
    population: 126,
    generations: 250,
    crossover: 1,
    mutation: 1,
    tournament: 2,
    survival: 'reference',
  },
});

const SETTINGS: Readonly<Record<SettingName, Setting>> = {
  zdt1: { ...two(zdt1), known: zdt1Front(KNOWN) },
  zdt2: two(zdt2),
  zdt3: two(zdt3),
  zdt4: two(zdt4),
  zdt6: two(zdt6),
  dtlz2m5: { ...five(dtlz2(5), 1.1), known: dtlz2Front(5, KNOWN) },
  dtlz1m5: five(dtlz1(5), 0.55),
};

/** Of the front that the seed leads to. */
export function quality(name: SettingName, seed: number): Quality {
  const { target, indices, reference, known, options } = SETTINGS[name];
  const { front } = search(realCoded(target, indices), { ...options, seed });
  const points = front.map((one) => one.objectives);
  const volume = hypervolume(points, new Float64Array(target.objectives).fill(reference));
  return known === undefined ? { volume } : { volume, igdPlus: igdPlus(points, known) };
}
