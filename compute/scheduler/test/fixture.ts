import type { PlacementNode, PlacementTask } from '../src/index.ts';

export const GIB: number = 2 ** 30;

export function task(over: Partial<PlacementTask> = {}): PlacementTask {
  return { owner: 'ann', runtime: 'wasm', memoryBytes: GIB, depth: 1, ...over };
}

export function node(id: string, over: Partial<PlacementNode> = {}): PlacementNode {
  return {
    id,
    owner: 'ann',
    runtimes: ['wasm', 'python'],
    sandboxLevel: 'os',
    memoryBytes: 8 * GIB,
    slots: 2,
    credit: 16,
    held: 0,
    ...over,
  };
}
