export { Child, type ChildOptions, type Ended } from './child.ts';
export { descendants, isAlive, type ProcessRef } from './process-tree.ts';
export { tempDir, type TempDir } from './temp-dir.ts';
export { VirtualClock } from './virtual-clock.ts';
export { waitFor, type WaitForOptions, within } from './wait-for.ts';
