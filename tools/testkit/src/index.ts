export { tempDir, type TempDir } from './temp-dir.ts';
export { VirtualClock } from './virtual-clock.ts';
export { waitFor, type WaitForOptions, within } from './wait-for.ts';
