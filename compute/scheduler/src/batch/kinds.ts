import type { PlacementTask } from '../placement.ts';

/** Tasks that differ in nothing a node is asked about; `kindOf[task]` indexes `kinds`. */
export interface Kinds {
  readonly kinds: readonly PlacementTask[];
  readonly kindOf: Int32Array;
}

/** What does not matter for a pair of a task and a node. */
const BESIDE = new Set<string>(['apart', 'from', 'depth']);

export function groupKinds(tasks: readonly PlacementTask[]): Kinds {
  const kinds: PlacementTask[] = [];
  const kindOf = new Int32Array(tasks.length);
  const seen = new Map<string, number>();
  // Most tasks of a batch are one description: to write it down takes long when it keeps away from many nodes.
  const known = new Map<PlacementTask, number>();
  for (const [index, task] of tasks.entries()) {
    let kind = known.get(task);
    if (kind === undefined) {
      const key = JSON.stringify(task, plainly);
      kind = seen.get(key) ?? kinds.push(task) - 1;
      seen.set(key, kind);
      known.set(task, kind);
    }
    kindOf[index] = kind;
  }
  return { kinds, kindOf };
}

function plainly(name: string, value: unknown): unknown {
  if (BESIDE.has(name)) return undefined;
  // That it has a gang matters, not which.
  if (name === 'gang') return value !== undefined;
  return value instanceof Set ? [...(value as ReadonlySet<string>)].sort() : value;
}
