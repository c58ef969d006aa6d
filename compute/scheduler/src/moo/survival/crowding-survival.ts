import { crowdingDistances } from '../crowding.ts';
import type { Pool } from '../pool.ts';
import type { Survival } from './survival.ts';

/** NSGA-II: front after front, and of the one that does not fit the least crowded. */
export const crowdingSurvival: Survival = ({ pool, fronts, room }) => {
  const survivors: number[] = [];
  for (const front of fronts) {
    const left = room - survivors.length;
    if (left === 0) break;
    crowdingDistances(pool.points, pool.objectives, front, pool.crowding);
    survivors.push(...(front.length <= left ? front : leastCrowded(pool, front, left)));
  }
  return Int32Array.from(survivors).sort();
};

function leastCrowded(pool: Pool<unknown>, front: Int32Array, count: number): Int32Array {
  const distance = (index: number): number => pool.crowding[index] as number;
  // Two infinite distances have no difference.
  const order = front.toSorted((a, b) =>
    distance(a) === distance(b) ? a - b : distance(b) - distance(a),
  );
  return order.subarray(0, count);
}
