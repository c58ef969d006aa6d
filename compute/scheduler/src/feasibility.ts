import type { PlacementNode, PlacementTask, Refusal } from './placement.ts';

/**
 * A hard reason against this pair, or undefined. Without an operating-system sandbox a node takes
 * another owner's work only as wasm: the language runtime is then the only wall.
 */
export function refusalOf(task: PlacementTask, node: PlacementNode): Refusal | undefined {
  if (!node.runtimes.includes(task.runtime)) return 'runtime';
  if (node.sandboxLevel !== 'os' && task.runtime !== 'wasm' && task.owner !== node.owner) {
    return 'sandbox-level';
  }
  if (task.memoryBytes > node.memoryBytes) return 'memory';
  return undefined;
}
