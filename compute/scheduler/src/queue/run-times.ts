/** How long programs run, by what was measured: running means for each program, and for it on each node. */

/** Programs whose run times are remembered. */
const MAX_REMEMBERED_MODULES = 1_000;
/** Nodes for which a program's run times are told apart: a fleet of more is judged by its measured speed. */
const MAX_NODES_PER_MODULE = 1_024;
/** Nodes of which it is remembered what they ran and how fast they are. */
const MAX_REMEMBERED_NODES = 10_000;
/** Programs taken to be in a node's cache yet. */
const MAX_WARM = 64;
/** Weight of the newest run in a running mean. */
const RECENT_WEIGHT = 0.2;
/** Weight of the newest run in a node's pace: runs of one program differ in more than their node. */
const PACE_WEIGHT = 0.05;
/** A single run says no more than that a node is so many times faster or slower. */
const MAX_PACE_SEEN = 8;

interface ModuleTimes {
  usualMs: number;
  readonly onNodes: Map<string, number>;
}

interface NodeTimes {
  pace: number | undefined;
  /** Longest ago first. */
  readonly warm: Set<string>;
}

export class RunTimes {
  readonly #modules = new Map<string, ModuleTimes>();
  readonly #nodes = new Map<string, NodeTimes>();

  ran(module: string, node: string, wallMs: number): void {
    const before = this.#modules.get(module);
    const times = before ?? { usualMs: wallMs, onNodes: new Map<string, number>() };
    keepNewest(this.#modules, { key: module, value: times, most: MAX_REMEMBERED_MODULES });
    this.#ranOn(node, module, before && before.usualMs / Math.max(1, wallMs));
    times.usualMs = mean(times.usualMs, wallMs);
    const there = times.onNodes.get(node);
    if (there === undefined && times.onNodes.size >= MAX_NODES_PER_MODULE) return;
    times.onNodes.set(node, mean(there ?? wallMs, wallMs));
  }

  /** Wherever it ran; undefined before it ran. */
  usualMs(module: string): number | undefined {
    return this.#modules.get(module)?.usualMs;
  }

  /** What half of the programs take at most; undefined before any ran. */
  get typicalMs(): number | undefined {
    const all = [...this.#modules.values()].map(({ usualMs }) => usualMs);
    return all.sort((a, b) => a - b)[Math.floor(all.length / 2)];
  }

  onNode(module: string, node: string): number | undefined {
    return this.#modules.get(module)?.onNodes.get(node);
  }

  /** Programs that the node ran of late. */
  ranOn(node: string): ReadonlySet<string> | undefined {
    return this.#nodes.get(node)?.warm;
  }

  /** How fast the node ran what it was given, 1 being what the programs usually take; undefined before that is known. */
  paceOf(node: string): number | undefined {
    return this.#nodes.get(node)?.pace;
  }

  #ranOn(node: string, module: string, pace: number | undefined): void {
    const times = this.#nodes.get(node) ?? { pace: undefined, warm: new Set<string>() };
    keepNewest(this.#nodes, { key: node, value: times, most: MAX_REMEMBERED_NODES });
    const { warm } = times;
    warm.delete(module);
    if (warm.size >= MAX_WARM) warm.delete(warm.values().next().value ?? '');
    warm.add(module);
    if (pace === undefined) return;
    const seen = Math.min(MAX_PACE_SEEN, Math.max(1 / MAX_PACE_SEEN, pace));
    // Half as fast weighs as much as twice as fast.
    times.pace = (times.pace ?? 1) ** (1 - PACE_WEIGHT) * seen ** PACE_WEIGHT;
  }
}

function keepNewest<Value>(
  map: Map<string, Value>,
  { key, value, most }: { readonly key: string; readonly value: Value; readonly most: number },
): void {
  map.delete(key);
  if (map.size >= most) map.delete(map.keys().next().value ?? '');
  map.set(key, value);
}

function mean(before: number, newest: number): number {
  return before + (newest - before) * RECENT_WEIGHT;
}
