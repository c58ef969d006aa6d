/** Seeded batches and fleets in which a choice for one task changes what is best for others. */
import { type PlacementNode, type PlacementTask, type Random, seededRandom } from '@fog/scheduler';

const GB = 1e9;
const OWNERS = 10;
const PROGRAMS = 8;
/** Tasks that come as replicas on different owners. */
const REPLICATED = 0.4;
const REPLICAS = 3;
/** Tasks with a due time. */
const DUE = 0.3;

export interface Batch {
  readonly tasks: readonly PlacementTask[];
  readonly nodes: readonly PlacementNode[];
}

export interface BatchShape {
  readonly tasks: number;
  readonly nodes: number;
  /** Part of cores, memory and disk that the whole batch holds. */
  readonly load: number;
  readonly seed: number;
  /** Without due times, or without anything that ties tasks to one another or to time. */
  readonly less?: 'due' | 'ties';
}

/**
 * What comes cheap is slow, far or not trusted; programs are warm on some nodes, their inputs share a line, replicas
 * keep apart, and a full node asks more.
 */
export function makeBatch(shape: BatchShape): Batch {
  const { tasks: count, nodes: size, load, seed, less } = shape;
  const random = seededRandom(seed);
  const nodes = Array.from({ length: size }, (_, index) => makeNode(index, random));
  const drafts = Array.from({ length: count }, () => makeTask(random));
  const scale = (has: (node: PlacementNode) => number, wants: (task: PlacementTask) => number) =>
    (load * sumOf(nodes, has)) / sumOf(drafts, wants);
  const cores = scale(coresOf, (task) => task.cores ?? 0);
  const disk = scale(diskOf, diskOf);
  const memory = scale(
    ({ memoryBytes }) => memoryBytes,
    ({ memoryBytes }) => memoryBytes,
  );
  const largest = Math.max(...nodes.map(coresOf));
  const most = Math.max(...nodes.map(({ memoryBytes }) => memoryBytes));
  const tasks = drafts.map((draft, index) => ({
    ...draft,
    ...(less === undefined && random.next() < DUE
      ? { dueInMs: between(random, 8_000, 20_000) }
      : {}),
    ...(less === 'ties' ? {} : tiesOf(index, count, random)),
    cores: Math.min(largest, (draft.cores ?? 0) * cores),
    memoryBytes: Math.min(most, draft.memoryBytes * memory),
    diskBytes: diskOf(draft) * disk,
  }));
  return { tasks, nodes };
}

function makeNode(index: number, random: Random): PlacementNode {
  const cores = 4 * (1 + random.below(4));
  const speed = between(random, 0.5, 2);
  const trust = between(random, 0.4, 0.99);
  const worth = speed * (0.5 + trust) * between(random, 0.6, 1.4);
  return {
    id: `n${index}`,
    owner: `owner-${random.below(OWNERS)}`,
    runtimes: ['wasm'],
    sandboxLevel: 'os',
    cores,
    slots: 4 * cores,
    memoryBytes: cores * between(random, 2, 6) * GB,
    diskBytes: cores * between(random, 10, 30) * GB,
    credit: 1_000,
    held: 0,
    speed,
    trust,
    rttMs: between(random, 2, 150),
    bandwidthMbps: between(random, 20, 400),
    prices: {
      cpuHour: 100_000 * worth,
      gbHour: 10_000 * worth,
      gpuHour: 0,
      spotDiscount: between(random, 0, 0.6),
    },
    warm: new Set(Array.from({ length: 2 }, () => `program-${random.below(PROGRAMS)}`)),
  };
}

function makeTask(random: Random): PlacementTask {
  return {
    owner: 'submitter',
    runtime: 'wasm',
    depth: 1,
    cores: between(random, 0.3, 2),
    memoryBytes: between(random, 0.3, 2),
    diskBytes: between(random, 0.3, 2),
    expectedMs: between(random, 500, 8_000),
    isSpot: random.next() < 0.5,
  };
}

function tiesOf(index: number, count: number, random: Random): Partial<PlacementTask> {
  return {
    module: `program-${random.below(PROGRAMS)}`,
    inputBytes: between(random, 1, 30) * 1e6,
    ...(index < count * REPLICATED ? { apart: `copies-${Math.floor(index / REPLICAS)}` } : {}),
  };
}

function between(random: Random, least: number, most: number): number {
  return least + random.next() * (most - least);
}

function coresOf({ cores = 0 }: PlacementNode): number {
  return cores;
}

function diskOf({ diskBytes = 0 }: { readonly diskBytes?: number }): number {
  return diskBytes;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
