import { assertFinite } from '../finite.ts';
import { bitsetRanks } from './bitset.ts';
import { sequentialSearchRanks } from './sequential-search.ts';
import { staircaseRanks } from './two-objectives.ts';

/** From so many points on, sets of bits are faster than a search (measured at five objectives). */
const BITSET_FROM = 800;

/** Front of each point, 0 for the non-dominated. `points` holds `objectives` values per point, all minimised. */
export function nonDominatedRanks(
  points: Float64Array,
  count: number,
  objectives: number,
): Int32Array {
  assertFinite(points.subarray(0, count * objectives));
  if (objectives === 2) return staircaseRanks(points, count);
  if (count < BITSET_FROM) return sequentialSearchRanks(points, count, objectives);
  return bitsetRanks(points, count, objectives);
}
