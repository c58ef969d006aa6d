import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import {
  codeLines,
  HOUSE_TABLE,
  houseRows,
  machinePatterns,
  packageProblems,
  sourceProblems,
} from './house.ts';
import { readTable } from './markdown-table.ts';
import {
  productPackages,
  readSource,
  ROOT,
  toolPackages,
  trackedFiles,
  type Package,
} from './workspace.ts';

/** Fewer mean that the check looked in the wrong place. */
const LEAST = { packages: 10, files: 40, tracked: 100 };
const TEXT = /\.(?:ts|tsx|js|json|md|py|wat|c|rs|sh|yml|yaml|html|css|txt)$|^\.[a-z]+\/?[a-z]*$/;

const product = productPackages();
const all = [...product, ...toolPackages()];

describe('the house', () => {
  it('has a description, a licence, a README and pinned dependencies in each package', () => {
    assert.deepEqual(all.flatMap(packageProblems), []);
    assert.ok(product.length >= LEAST.packages, `saw only ${product.length} packages`);
  });

  it('has no unfinished, unseeded or overlong product source', () => {
    const files = product.flatMap((each) => each.source);
    assert.deepEqual(files.flatMap(sourceProblems), []);
    assert.ok(files.length >= LEAST.files, `saw only ${files.length} files`);
  });

  it('is listed in the README as its packages describe themselves', () => {
    const { rows } = readTable(readSource('README.md').text, HOUSE_TABLE);
    assert.deepEqual(rows, houseRows(all));
  });

  it('is tied to no machine and no registry', () => {
    const patterns = machinePatterns(process.env);
    const files = trackedFiles().filter(
      (file) => TEXT.test(file) && !file.startsWith('tools/check/'),
    );
    const found = files.flatMap((file) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      const hit = patterns.map((pattern) => pattern.exec(text)?.[0]).find(Boolean);
      return hit === undefined ? [] : [`${file}: ${hit}`];
    });
    assert.deepEqual(found, []);
    assert.ok(files.length >= LEAST.tracked, `saw only ${files.length} files`);
  });

  it('locks its packages by content, not by host', () => {
    const lock = JSON.parse(readSource('package-lock.json').text) as {
      packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>;
    };
    const rows = Object.entries(lock.packages).filter(([name]) => name.startsWith('node_modules/'));
    assert.ok(rows.length > 50);
    const problems = rows.flatMap(([name, row]) => {
      if (row.resolved?.includes('://')) return [`${name} names the host it came from`];
      return row.integrity === undefined && row.link !== true ? [`${name} has no hash`] : [];
    });
    assert.deepEqual(problems, []);
  });
});

describe('its rules', () => {
  it('catch unfinished words, unseeded chance and long files', () => {
    const problems = (text: string) => sourceProblems({ path: 'a.ts', text }).join();
    assert.match(problems('// TODO: later'), /says "TODO"/);
    assert.match(problems('const mockStore = 1; // a mock'), /says "mock"/);
    assert.match(problems('export const x = Math.random();'), /Math\.random/);
    assert.equal(problems('// why not Math.random: it has no seed'), '');
    assert.match(problems('a();\n'.repeat(401)), /401 lines/);
    assert.equal(codeLines({ path: 'a.ts', text: '/* one\n two */\n\na();\n' }), 1);
  });

  it('catch loose versions and missing fields', () => {
    const bad: Package = {
      dir: 'base/none',
      district: 'base',
      manifest: { name: '@fog/none', dependencies: { zod: '^4.0.0' } },
      source: [],
      tests: [],
    };
    assert.equal(packageProblems(bad).length, 4);
  });

  it('catch places of one machine', () => {
    const [here, ...rest] = machinePatterns({
      npm_config_registry: 'https://packages.example/npm/',
    });
    assert.match(`${ROOT}/node_modules`, here as RegExp);
    const patterns = [here as RegExp, ...rest];
    const hit = (text: string) => patterns.some((pattern) => pattern.test(text));
    assert.ok(hit('resolved: https://packages.example/npm/zod'));
    assert.ok(hit('cat /home/alice/notes'));
    assert.ok(!hit('/api/v1/home/x and docs/home/page'));
  });
});
