/** Problem, operators and reference point of each figure of search quality. */
import { hypervolume, search, type SearchOptions } from '@fog/scheduler';
import { dtlz1, dtlz2 } from './dtlz.ts';
import { type Indices, realCoded, type RealFunction } from './real-coded.ts';
import { zdt1, zdt2, zdt3, zdt4, zdt6 } from './zdt.ts';

interface Setting {
  readonly target: RealFunction;
  readonly indices: Indices;
  /** Of the reference point, in every objective. */
  readonly reference: number;
  readonly options: Omit<SearchOptions<Float64Array>, 'seed'>;
}

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

const SETTINGS = {
  zdt1: two(zdt1),
  zdt2: two(zdt2),
  zdt3: two(zdt3),
  zdt4: two(zdt4),
  zdt6: two(zdt6),
  dtlz2m5: five(dtlz2(5), 1.1),
  dtlz1m5: five(dtlz1(5), 0.55),
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;

export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS) as SettingName[];

/** Hypervolume of the front that the seed leads to. */
export function quality(name: SettingName, seed: number): number {
  const { target, indices, reference, options } = SETTINGS[name];
  const { front } = search(realCoded(target, indices), { ...options, seed });
  const limit = new Float64Array(target.objectives).fill(reference);
  return hypervolume(
    front.map((one) => one.objectives),
    limit,
  );
}
