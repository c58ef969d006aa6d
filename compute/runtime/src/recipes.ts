import type { RuntimeName } from '@fog/wire';
import { pythonRecipe } from './python/recipe.ts';
import type { SandboxRecipe } from './recipe.ts';
import { wasmRecipe } from './wasm/recipe.ts';

/** Every runtime this package can offer. */
export const RECIPES: Partial<Record<RuntimeName, SandboxRecipe>> = {
  wasm: wasmRecipe,
  python: pythonRecipe,
};
