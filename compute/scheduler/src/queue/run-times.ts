/** How long programs run, by what was measured: running means for each program, and for it on each node. */

/** Programs whose run times are remembered. */
const MAX_REMEMBERED_MODULES = 1_000;
/** Nodes for which a program's run times are told apart: a fleet of more is judged by its measured speed. */
const MAX_NODES_PER_MODULE = 1_024;
/** Weight of the newest run in a running mean. */
const RECENT_WEIGHT = 0.2;

interface ModuleTimes {
  usualMs: number;
  readonly onNodes: Map<string, number>;
}

export class RunTimes {
  readonly #modules = new Map<string, ModuleTimes>();

  ran(module: string, node: string, wallMs: number): void {
    const before = this.#modules.get(module);
    this.#modules.delete(module);
    if (this.#modules.size >= MAX_REMEMBERED_MODULES) {
      this.#modules.delete(this.#modules.keys().next().value ?? '');
    }
    const times = before ?? { usualMs: wallMs, onNodes: new Map<string, number>() };
    this.#modules.set(module, times);
    times.usualMs = mean(times.usualMs, wallMs);
    const there = times.onNodes.get(node);
    if (there === undefined && times.onNodes.size >= MAX_NODES_PER_MODULE) return;
    times.onNodes.set(node, mean(there ?? wallMs, wallMs));
  }

  /** Wherever it ran; undefined before it ran. */
  usualMs(module: string): number | undefined {
    return this.#modules.get(module)?.usualMs;
  }

  onNode(module: string, node: string): number | undefined {
    return this.#modules.get(module)?.onNodes.get(node);
  }

  /** Programs that ran on the node and are remembered. */
  ranOn(node: string): Set<string> {
    const modules = new Set<string>();
    for (const [module, { onNodes }] of this.#modules) if (onNodes.has(node)) modules.add(module);
    return modules;
  }
}

function mean(before: number, newest: number): number {
  return before + (newest - before) * RECENT_WEIGHT;
}
