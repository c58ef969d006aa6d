/** Programs that fog must turn away or end, each as small as it can be. */
import { writeFile } from 'node:fs/promises';
import {
  assembleWat,
  exitModule,
  floodModule,
  growModule,
  program,
  rawModule,
  spinModule,
  trapModule,
} from '@fog/testkit';

const MODULES: Readonly<Record<string, Uint8Array>> = {
  // One type: an empty struct of the GC proposal.
  'gc-types.wasm': rawModule([1, 1, 0x5f, 0]),
  'two-memories.wasm': rawModule([5, 2, 0, 1, 0, 1]),
  // A table of 10,000,000 functions.
  'huge-table.wasm': rawModule([4, 1, 0x70, 0, 0x80, 0xad, 0xe2, 0x04]),
  'unknown-import.wasm': assembleWat(`(module
    (import "env" "system" (func (param i32) (result i32)))
    (memory (export "memory") 1) (func (export "_start")))`),
  'exit-3.wasm': exitModule(3),
  'loop.wasm': spinModule(),
  'trap.wasm': trapModule(),
  'grow.wasm': growModule(),
  'wants-4g.wasm': program({ memory: '65536' }),
  'flood.wasm': floodModule(1024),
};

/** Writes every program below `directory`. */
export async function writeRefusedModules(directory: string): Promise<void> {
  for (const [name, bytes] of Object.entries(MODULES)) {
    await writeFile(`${directory}/${name}`, bytes);
  }
}
