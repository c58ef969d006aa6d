/** The pieces of a sandbox process, for tests that put hostile code where a guest would be. */
export { findHostTools, type HostTools } from './host-tools.ts';
export { commandLine, launch, type LaunchPlan } from './launch.ts';
export { writeProgramFolder } from './program-folder.ts';
export { wasmRecipe } from './wasm/recipe.ts';
