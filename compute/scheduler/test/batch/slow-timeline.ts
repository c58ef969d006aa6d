/** When each task would end, by an event at a time: what the plan's own timeline must agree with. */
import type { BatchPlacement, PlacementNode, PlacementTask } from '../../src/index.ts';

interface Running {
  readonly endMs: number;
  readonly task: PlacementTask;
}

/** Milliseconds from now until the result of each placed task. */
export function latenciesOf(
  { assignments }: BatchPlacement,
  tasks: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  atOnce: boolean,
): Map<number, number> {
  const latencies = new Map<number, number>();
  for (const on of nodes) {
    const running: Running[] = [];
    const arrivals = arrivalsOn(on);
    let now = on.queuedMs ?? 0;
    for (const { task: index } of assignments.filter((one) => one.node === on.id)) {
      const task = tasks[index] as PlacementTask;
      const queues = !atOnce && task.gang === undefined;
      if (queues) now = awaitRoom(task, running, on, now);
      const endMs = arrivals(task, queues ? now : 0) + (task.expectedMs ?? 1_000) / (on.speed ?? 1);
      running.push({ endMs, task });
      latencies.set(index, (on.rttMs ?? 0) + endMs);
    }
  }
  return latencies;
}

/** When the inputs of each task are there, asked in the order of the tasks. */
function arrivalsOn(on: PlacementNode): (task: PlacementTask, from: number) => number {
  const arrived = new Map<string, number>();
  let lineFreeMs = 0;
  return ({ inputBytes = 0, module }, from) => {
    if (inputBytes === 0) return from;
    const known = module === undefined ? undefined : arrived.get(module);
    const moveMs = (inputBytes * 8) / ((on.bandwidthMbps ?? 0) * 1_000);
    const there = known ?? Math.max(from, lineFreeMs) + moveMs;
    if (module !== undefined) arrived.set(module, there);
    lineFreeMs = Math.max(lineFreeMs, there);
    return Math.max(from, there);
  };
}

function awaitRoom(
  task: PlacementTask,
  running: Running[],
  on: PlacementNode,
  from: number,
): number {
  let now = from;
  while (!fits(task, running, on)) {
    const first = running.reduce((soonest, one) => (one.endMs < soonest.endMs ? one : soonest));
    running.splice(running.indexOf(first), 1);
    now = Math.max(now, first.endMs);
  }
  return now;
}

function fits(task: PlacementTask, running: readonly Running[], on: PlacementNode): boolean {
  const all = [...running.map((one) => one.task), task];
  const sum = (of: (one: PlacementTask) => number): number =>
    all.reduce((total, one) => total + of(one), 0);
  return (
    all.length <= on.slots &&
    sum((one) => one.cores ?? 0) <= (on.cores ?? on.slots) &&
    sum((one) => one.memoryBytes) <= on.memoryBytes &&
    sum((one) => one.diskBytes ?? 0) <= (on.diskBytes ?? 0) &&
    sum((one) => one.gpus ?? 0) <= (on.gpus ?? 0)
  );
}
