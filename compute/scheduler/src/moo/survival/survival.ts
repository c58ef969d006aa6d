import type { Pool } from '../pool.ts';
import type { Random } from '../random.ts';

/** Chooses at most `room` candidates of a ranked pool; they come back in ascending order. */
export type Survival = (input: {
  readonly pool: Pool<unknown>;
  /** Best first. */
  readonly fronts: readonly Int32Array[];
  readonly room: number;
  readonly random: Random;
}) => Int32Array;
