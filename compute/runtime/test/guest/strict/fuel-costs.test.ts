import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { STRICT_STACK_BYTES } from '../../../src/guest/strict/instrument.ts';
import { BYTES_PER_FUEL, FUEL_COSTS, PAGE_FUEL } from '../../../src/guest/strict/fuel-costs.ts';
import { STRICT_WASM_VERSION } from '../../../src/guest/strict/version.ts';
import { pythonRecipe } from '../../../src/python/recipe.ts';
import { PYODIDE_VERSION } from '../../../src/sandbox/python-interpreter.ts';

const read = (path: string): Promise<string> =>
  readFile(new URL(`../../../../../${path}`, import.meta.url), 'utf8');

describe('the table of fuel', () => {
  it('is the documented one', async () => {
    const page = await read('docs/reference/fuel.md');
    const rows = [...page.matchAll(/^\| `(\w+)`: .*\| (\d+) +\|$/gm)];
    const documented = Object.fromEntries(rows.map(([, name, units]) => [name, Number(units)]));
    assert.deepEqual(documented, { ...FUEL_COSTS });
    assert.ok(page.includes(`1 unit for ${BYTES_PER_FUEL} bytes`));
    assert.ok(page.includes(`${PAGE_FUEL} units for each page`));
    assert.ok(page.includes(`${STRICT_STACK_BYTES / 1024} KiB`));
  });

  it('belongs to the documented versions', async () => {
    const page = await read('docs/reference/fuel.md');
    assert.ok(page.includes(`\`${STRICT_WASM_VERSION}\``));
    assert.ok(page.includes(`\`${pythonRecipe.version}\``));
    const { version } = JSON.parse(await read('node_modules/pyodide/package.json')) as {
      version: string;
    };
    assert.equal(PYODIDE_VERSION, version);
  });
});
