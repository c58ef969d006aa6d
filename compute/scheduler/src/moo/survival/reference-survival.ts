import type { Pool } from '../pool.ts';
import { referencePoints } from '../reference-points.ts';
import { fillNiches } from './niches.ts';
import { ObjectiveFrame } from './objective-frame.ts';
import type { Survival } from './survival.ts';

/**
 * NSGA-III (Deb, Jain 2014): of the front that does not fit stay those whose directions have the fewest others.
 * It remembers the ideal and the extreme points of one search.
 */
export function createReferenceSurvival(objectives: number, population: number): Survival {
  const frame = new ObjectiveFrame(objectives);
  const points = referencePoints(objectives, population);
  const directions = Float64Array.from(points.flatMap(unit));
  return ({ pool, fronts, room, random }) => {
    const feasible = feasibleOf(pool);
    const [first] = fronts;
    const widths =
      first === undefined || feasible.length === 0 ? undefined : frame.learn(pool, feasible, first);
    const survivors: number[] = [];
    for (const front of fronts) {
      const left = room - survivors.length;
      if (left === 0) break;
      if (front.length <= left) survivors.push(...front);
      else if (widths === undefined || pool.violations[front[0] as number] !== 0)
        survivors.push(...front.subarray(0, left));
      else {
        const space = { ideal: frame.ideal, widths, directions };
        survivors.push(...fillNiches(pool, space, { kept: survivors, front, room: left, random }));
      }
    }
    return Int32Array.from(survivors).sort();
  };
}

function feasibleOf({ genomes, violations }: Pool<unknown>): Int32Array {
  return Int32Array.from(genomes.keys()).filter((index) => violations[index] === 0);
}

function unit(point: Float64Array): number[] {
  const length = Math.hypot(...point);
  return Array.from(point, (value) => value / length);
}
