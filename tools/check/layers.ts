/** The import rules between packages: what may stand on what. */
import path from 'node:path';
import { isBuiltin } from 'node:module';
import { parseSource } from './syntax.ts';
import type { Package } from './workspace.ts';

/** Districts a district may import besides `base`; its own packages only by an edge of INNER_EDGES. */
const DISTRICT_MAY: Readonly<Record<string, readonly string[]>> = {
  base: [],
  net: ['base'],
  compute: ['base'],
  economy: ['base'],
  control: ['base', 'net', 'compute', 'economy'],
  apps: ['base', 'net', 'compute', 'economy', 'control'],
};

/** Edges inside a district: importer → imported. Every base package may import the kernel. */
const INNER_EDGES: Readonly<Record<string, readonly string[]>> = {
  'base/store': ['base/wire'],
  'net/mixnet': ['net/sphinx'],
  'net/vpn': ['net/mixnet', 'net/sphinx'],
  'net/p2p': ['net/vpn', 'net/mixnet', 'net/sphinx'],
  'compute/harvest': ['compute/runtime'],
  'economy/market': ['economy/ledger'],
  'economy/dao': ['economy/ledger'],
  'economy/chain': ['economy/ledger'],
  'control/server': ['control/coordinator'],
};

/** Packages whose result depends on nothing but their arguments: no `node:` module at all. */
const PURE: ReadonlySet<string> = new Set([
  'base/wire',
  'compute/reputation',
  'compute/scheduler',
  'net/sphinx',
]);

const DEFAULT_SUBPATH = '.';

export interface LayersReport {
  readonly problems: readonly string[];
  readonly packages: number;
  readonly files: number;
  /** Edges between packages that were seen in source. */
  readonly edges: number;
}

export function mayImport(from: string, to: string): boolean {
  const [fromDistrict = '', toDistrict = ''] = [from.split('/')[0], to.split('/')[0]];
  if (fromDistrict === toDistrict) {
    if (fromDistrict === 'base' && to === 'base/kernel') return from !== 'base/kernel';
    return INNER_EDGES[from]?.includes(to) ?? false;
  }
  return DISTRICT_MAY[fromDistrict]?.includes(toDistrict) ?? false;
}

export function checkLayers(packages: readonly Package[]): LayersReport {
  const byName = new Map(packages.map((each) => [each.manifest.name, each]));
  const problems: string[] = [];
  let files = 0;
  let edges = 0;
  for (const each of packages) {
    problems.push(...manifestProblems(each, byName));
    for (const file of each.source) {
      files += 1;
      for (const specifier of parseSource(file).imports) {
        if (specifier.startsWith('@fog/')) edges += 1;
        const problem = importProblem(each, file.path, specifier, byName);
        if (problem !== undefined) problems.push(`${file.path}: ${problem}`);
      }
    }
  }
  return { problems, packages: packages.length, files, edges };
}

function manifestProblems(from: Package, byName: ReadonlyMap<string, Package>): string[] {
  return Object.keys(from.manifest.dependencies ?? {}).flatMap((name) => {
    const to = byName.get(name);
    if (to === undefined) {
      return name.startsWith('@fog/') ? [`${from.dir}: ${name} is no package of the product`] : [];
    }
    return mayImport(from.dir, to.dir) ? [] : [`${from.dir} may not depend on ${to.dir}`];
  });
}

function importProblem(
  from: Package,
  file: string,
  specifier: string,
  byName: ReadonlyMap<string, Package>,
): string | undefined {
  if (specifier.startsWith('.')) return relativeProblem(from, file, specifier);
  if (isBuiltin(specifier)) return builtinProblem(from, specifier);
  const [name, subpath] = splitSpecifier(specifier);
  if (from.manifest.dependencies?.[name] === undefined) {
    return `imports ${name}, which ${from.dir}/package.json does not declare`;
  }
  const to = byName.get(name);
  if (to === undefined) return undefined;
  if (!mayImport(from.dir, to.dir)) return `${from.dir} may not import ${to.dir}`;
  if (to.manifest.exports?.[subpath] === undefined) {
    return `imports ${specifier}, which ${to.dir} does not export`;
  }
  return undefined;
}

function relativeProblem(from: Package, file: string, specifier: string): string | undefined {
  const target = path.posix.join(path.posix.dirname(file), specifier);
  if (!target.startsWith(`${from.dir}/`)) return `${specifier} leaves the package`;
  return undefined;
}

function builtinProblem(from: Package, specifier: string): string | undefined {
  if (!specifier.startsWith('node:')) return `imports ${specifier} without the node: prefix`;
  if (PURE.has(from.dir)) return `imports ${specifier}, but ${from.dir} is pure`;
  return undefined;
}

function splitSpecifier(specifier: string): [name: string, subpath: string] {
  const parts = specifier.split('/');
  const nameParts = specifier.startsWith('@') ? 2 : 1;
  const rest = parts.slice(nameParts).join('/');
  return [parts.slice(0, nameParts).join('/'), rest === '' ? DEFAULT_SUBPATH : `./${rest}`];
}
