import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLayers, mayImport } from './layers.ts';
import { productPackages, type Package } from './workspace.ts';

/** What the product has at least; fewer means that the check looked in the wrong place. */
const LEAST = { packages: 10, files: 40, edges: 40 };

function packageOf(dir: string, source: string, dependencies: readonly string[] = []): Package {
  return {
    dir,
    district: dir.split('/')[0] ?? '',
    manifest: {
      name: `@fog/${dir.split('/')[1]}`,
      exports: { '.': './src/index.ts' },
      dependencies: Object.fromEntries(dependencies.map((name) => [name, '0.1.0'])),
    },
    source: [{ path: `${dir}/src/a/file.ts`, text: source }],
    tests: [],
  };
}

const kernel = packageOf('base/kernel', 'export const a = 1;');

describe('layer walls', () => {
  it('hold in the product', () => {
    const report = checkLayers(productPackages());
    assert.deepEqual(report.problems, []);
    assert.ok(report.packages >= LEAST.packages, `saw only ${report.packages} packages`);
    assert.ok(report.files >= LEAST.files, `saw only ${report.files} files`);
    assert.ok(report.edges >= LEAST.edges, `saw only ${report.edges} imports between packages`);
  });

  it('follow the table', () => {
    assert.ok(mayImport('base/wire', 'base/kernel'));
    assert.ok(mayImport('base/store', 'base/wire'));
    assert.ok(mayImport('compute/harvest', 'compute/runtime'));
    assert.ok(mayImport('apps/fog', 'control/server'));
    assert.ok(!mayImport('base/kernel', 'base/wire'));
    assert.ok(!mayImport('base/wire', 'base/crypto'));
    assert.ok(!mayImport('compute/runtime', 'compute/harvest'));
    assert.ok(!mayImport('compute/scheduler', 'control/coordinator'));
    assert.ok(!mayImport('control/coordinator', 'control/server'));
    assert.ok(!mayImport('net/mixnet', 'compute/runtime'));
  });

  const cases: readonly (readonly [string, Package, RegExp])[] = [
    [
      'an import upwards',
      packageOf('base/kernel', `import '@fog/server';`, ['@fog/server']),
      /@fog\/server is no package/,
    ],
    [
      'an import that is not declared',
      packageOf('base/wire', `import { a } from '@fog/kernel';`),
      /does not declare/,
    ],
    [
      'a type-only import that is not declared',
      packageOf('base/wire', `export type { A } from '@fog/kernel';`),
      /does not declare/,
    ],
    [
      'a deep import',
      packageOf('base/wire', `await import('@fog/kernel/src/clock.ts');`, ['@fog/kernel']),
      /does not export/,
    ],
    [
      'a relative import that leaves its package',
      packageOf('base/wire', `import '../../../kernel/src/clock.ts';`),
      /leaves the package/,
    ],
    [
      'input or output in a pure package',
      packageOf('compute/scheduler', `import 'node:fs';`),
      /is pure/,
    ],
    [
      'a built-in module without its prefix',
      packageOf('base/store', `import 'fs';`),
      /without the node: prefix/,
    ],
  ];
  for (const [name, bad, expected] of cases) {
    it(`catch ${name}`, () => {
      const report = checkLayers([kernel, bad]);
      assert.equal(report.problems.length > 0, true);
      assert.match(report.problems.join('\n'), expected);
    });
  }

  it('catch a sideways import', () => {
    const crypto = packageOf('base/crypto', `import '@fog/wire';`, ['@fog/wire']);
    const report = checkLayers([kernel, packageOf('base/wire', ''), crypto]);
    assert.match(report.problems.join('\n'), /base\/crypto may not import base\/wire/);
  });
});
