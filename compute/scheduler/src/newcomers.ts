/** The part of the work that those get of whom too little is known: enough to become known, and what is checked. */
import type { PlacementNode, PlacementTask } from './placement.ts';

/** Every so many tasks of the lowest class go to newcomers first: what they do is checked, and enough to become known. */
const NEWCOMER_EVERY = 30;
/** The golden ratio in 32 bits: multiples of it are spread evenly. */
const GOLDEN = 0x9e_37_79_b1;

/** Where nothing is known of anybody, all are equal, and none of them is a newcomer. */
export function newcomersOf(nodes: readonly PlacementNode[]): readonly PlacementNode[] {
  const isTrustKnown = nodes.some(({ trust }) => trust !== undefined);
  return isTrustKnown ? nodes.filter(({ isNewcomer }) => isNewcomer === true) : [];
}

/**
 * One turn in thirty, also of those who have but every second or third: the others are of work that waits beside.
 * Nothing for which trust is paid or asked, and nothing that others wait for.
 */
export function isForNewcomers(
  task: PlacementTask,
  turn: number,
  every: number = NEWCOMER_EVERY,
): boolean {
  const isTheirTurn = Math.imul(turn, GOLDEN) >>> 0 < 2 ** 32 / every;
  return isTheirTurn && (task.serviceClass ?? 'B') === 'B' && isOrdinary(task);
}

function isOrdinary({ tier = 'bronze', gang, apart, dueInMs }: PlacementTask): boolean {
  return tier === 'bronze' && gang === undefined && apart === undefined && dueInMs === undefined;
}

/**
 * The tasks of a batch with those marked that are for newcomers. They queue there, so newcomers get no more than
 * their part of the fleet: the batch would wait for them.
 */
export function shareWithNewcomers(
  tasks: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  seed: number,
): readonly PlacementTask[] {
  const theirs = powerOf(newcomersOf(nodes));
  if (theirs === 0) return tasks;
  const every = Math.max(NEWCOMER_EVERY, powerOf(nodes) / theirs);
  return tasks.map((task, index) =>
    isForNewcomers(task, seed + index, every) ? { ...task, isForNewcomers: true } : task,
  );
}

function powerOf(nodes: readonly PlacementNode[]): number {
  return nodes.reduce((sum, { slots, speed = 1 }) => sum + slots * speed, 0);
}
