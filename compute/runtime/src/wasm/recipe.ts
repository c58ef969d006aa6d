import { STRICT_WASM_VERSION } from '../guest/strict/version.ts';
import type { SandboxRecipe } from '../recipe.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Processes of the wasm runtime. Sizes were measured on x86-64: see the comments. */
export const wasmRecipe: SandboxRecipe = {
  runtime: 'wasm',
  version: STRICT_WASM_VERSION,
  entry: 'wasm-main.ts',
  nodeFlags: [
    // The guest's memory is outside the heap; this bounds file tables and compiled code's objects.
    '--max-old-space-size=128',
    '--max-semi-space-size=1',
    // One helper thread compiles hot functions; more would take the cores of other slots.
    '--v8-pool-size=1',
    '--single-threaded-gc',
    // Half of the 8 MiB a main thread has. Strict programs stop far below it, at a depth that is the same everywhere.
    '--stack-size=3900',
    // The process frees the memories of ended programs itself instead of at V8's leisure.
    '--expose-gc',
    '--no-warnings',
  ],
  permission: true,
  reuse: 'same-owner',
  // 45 MB when idle, plus heap, compiled code and one chunk of staging.
  residentAllowanceBytes: 192 * MIB,
  // V8 maps 512 MB for its code range and 60 MB for stacks and heaps before any program runs.
  dataAllowanceBytes: 832 * MIB,
  // Each 32-bit memory reserves 8 GiB of guard region; up to 128 wait for collection.
  addressSpaceBytes: 2048 * GIB,
  startTimeoutMs: 20_000,
  prepare: async () => ({}),
};
