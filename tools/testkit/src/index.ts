export { Child, type ChildOptions, type Ended } from './child.ts';
export { descendants, isAlive, type ProcessRef } from './process-tree.ts';
export { atLevel } from './sandbox-level.ts';
export { tempDir, type TempDir } from './temp-dir.ts';
export { VirtualClock } from './virtual-clock.ts';
export { waitFor, type WaitForOptions, within } from './wait-for.ts';
export { assembleWat, leb, rawModule } from './wasm.ts';
export {
  catModule,
  echoModule,
  exitModule,
  floodModule,
  growModule,
  helloModule,
  noopModule,
  printModule,
  program,
  programText,
  type ProgramParts,
  showModule,
  sleepModule,
  spinModule,
  storeModule,
  trapModule,
  type WasiImport,
} from './wasm-modules.ts';
