/**
 * Machines of volunteers: three sizes, speeds that differ, some busy with work of their own, and each comes
 * and goes by a rhythm of its own. All is drawn before the replay, so that every strategy meets the same fleet.
 */
import { type Random, seededRandom } from '@fog/scheduler';
import { logNormal, normal, weibull } from './draws.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GIB = 2 ** 30;

export interface SimulatedNode {
  readonly id: string;
  readonly slots: number;
  readonly memoryBytes: number;
  /** What the machine measured of itself when it was idle. */
  readonly speed: number;
  /** How fast it runs tasks in truth. */
  readonly trueSpeed: number;
  /** Part of its cores that its owner uses. */
  readonly ownerLoad: number;
  /** When it comes (even positions) and goes (odd ones); the last never ends. */
  readonly changesMs: readonly number[];
}

/** One machine in ten is busy, and a fifth as fast as it says. */
const STRAGGLER = { share: 0.1, factor: 0.2, load: 0.8 };
const SPEED_SIGMA = 0.5;
/** A machine's measurement of itself is off by so much. */
const MEASURE_SIGMA = 0.1;

interface Size {
  readonly name: string;
  readonly share: number;
  readonly slots: readonly [number, number];
  readonly speed: number;
  readonly rhythm: (random: Random, untilMs: number) => number[];
}

const SIZES: readonly Size[] = [
  { name: 'phone', share: 0.3, slots: [2, 4], speed: 0.5, rhythm: comesAndGoes },
  { name: 'office', share: 0.5, slots: [4, 8], speed: 1, rhythm: outsideOfficeHours },
  { name: 'server', share: 0.2, slots: [8, 32], speed: 1.2, rhythm: () => [0] },
];

export interface FleetOptions {
  readonly seed: number;
  /** Slots of speed 1 that are there on average; the fleet grows to that. */
  readonly capacity: number;
  /** Time for which arrivals and departures are drawn. Afterwards nobody leaves. */
  readonly untilMs: number;
}

export function createFleet({ seed, capacity, untilMs }: FleetOptions): SimulatedNode[] {
  const random = seededRandom(seed);
  const nodes: SimulatedNode[] = [];
  let has = 0;
  while (has < capacity) {
    const node = drawNode(nodes.length, random, untilMs);
    nodes.push(node);
    has += node.slots * node.trueSpeed * presence(node, untilMs);
  }
  return nodes;
}

/** Every tenth is a server, and so on, whatever the seed: small fleets would differ too much. */
function drawNode(at: number, random: Random, untilMs: number): SimulatedNode {
  const { name, slots, speed, rhythm } = sizeOf(at);
  const trueIdle = logNormal(random, { median: speed, sigma: SPEED_SIGMA });
  const isStraggler = random.next() < STRAGGLER.share;
  const count = slots[0] + random.below(slots[1] - slots[0] + 1);
  return {
    id: `${name} ${at}`,
    slots: count,
    memoryBytes: count * GIB,
    speed: logNormal(random, { median: trueIdle, sigma: MEASURE_SIGMA }),
    trueSpeed: isStraggler ? trueIdle * STRAGGLER.factor : trueIdle,
    ownerLoad: isStraggler ? STRAGGLER.load : 0,
    changesMs: rhythm(random, untilMs),
  };
}

function sizeOf(at: number): Size {
  // Multiples of the golden ratio cover [0, 1) evenly from the first ones on.
  let rest = (at * 0.618_033_988_749_895) % 1;
  for (const size of SIZES) {
    if (rest < size.share) return size;
    rest -= size.share;
  }
  return SIZES[0] as Size;
}

/** Part of the time that the node is there. */
export function presence({ changesMs }: SimulatedNode, untilMs: number): number {
  let there = 0;
  for (let at = 0; at < changesMs.length; at += 2) {
    const from = changesMs[at] ?? untilMs;
    there += Math.max(0, Math.min(untilMs, changesMs[at + 1] ?? untilMs) - from);
  }
  return there / untilMs;
}

/** Shorter absences are hiccups of a connection, not of a machine. */
const LEAST_AWAY_MS = 60_000;

/** Heavy-tailed: many short stays and a few long ones. */
function comesAndGoes(random: Random, untilMs: number): number[] {
  const stay = { scale: 2 * HOUR, shape: 0.5 };
  const away = { scale: HOUR, shape: 0.6 };
  const changes: number[] = [];
  let now = random.next() < 0.3 ? weibull(random, away) : 0;
  while (now < untilMs) {
    const leaves = now + LEAST_AWAY_MS + weibull(random, stay);
    changes.push(now, leaves);
    now = leaves + LEAST_AWAY_MS + weibull(random, away);
  }
  return [...changes, now];
}

/** Lent at night and at weekends, from seven in the evening to eight in the morning, give or take. */
function outsideOfficeHours(random: Random, untilMs: number): number[] {
  const noise = 0.75 * HOUR;
  const changes: number[] = [0];
  for (let day = 0; day * DAY < untilMs; day += 1) {
    if (day % 7 >= 5) continue;
    const leaves = Math.max(HOUR, day * DAY + 8 * HOUR + noise * normal(random));
    const comes = Math.max(leaves + LEAST_AWAY_MS, day * DAY + 19 * HOUR + noise * normal(random));
    changes.push(leaves, comes);
  }
  return changes;
}
