import { setFlagsFromString } from 'node:v8';

/**
 * Stops V8 from growing its young generation (to 16 MB while modules load, and never back): a worker lives on
 * its owner's machine and allocates little.
 */
export function keepHeapSmall() {
  setFlagsFromString('--semi-space-growth-factor=1');
}
