/**
 * What every package and file of the repository keeps to.
 * `node tools/check/house.ts --write` renews the house table of the README.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { withoutComments } from './syntax.ts';
import { writeTable } from './markdown-table.ts';
import { productPackages, ROOT, toolPackages, type Package, type SourceFile } from './workspace.ts';

export const HOUSE_TABLE = 'house';
export const MAX_CODE_LINES = 400;

const UNFINISHED = /\b(?:TODO|FIXME|XXX|HACK|stub|stubbed|mock|mocked|placeholder)\b/i;
const UNSEEDED = /\bMath\.random\b/;
const REGISTRY_HOSTS = [
  /\bregistry\.(?:npmjs|yarnpkg)\.(?:org|com)\b/,
  /https?:\/\/[^\s"'/]*(?:artifactory|nexus|jfrog|verdaccio)/i,
];

export function houseRows(packages: readonly Package[]): string[][] {
  return packages.map(({ dir, manifest }) => [`[\`${dir}\`](${dir})`, manifest.description ?? '']);
}

export function packageProblems(each: Package): string[] {
  const { dir, manifest } = each;
  const problems: string[] = [];
  if ((manifest.description ?? '') === '') problems.push(`${dir} has no description`);
  if (manifest.license !== 'Apache-2.0') problems.push(`${dir} does not name its licence`);
  if (!existsSync(path.join(ROOT, dir, 'README.md'))) problems.push(`${dir} has no README.md`);
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const [name, version] of Object.entries(all)) {
    if (!/^\d+\.\d+\.\d+$/.test(version)) problems.push(`${dir}: ${name} is not pinned exactly`);
  }
  return problems;
}

export function sourceProblems(file: SourceFile): string[] {
  const problems: string[] = [];
  const unfinished = UNFINISHED.exec(file.text);
  if (unfinished !== null) problems.push(`${file.path} says "${unfinished[0]}"`);
  if (UNSEEDED.test(withoutComments(file))) problems.push(`${file.path} calls Math.random`);
  const lines = codeLines(file);
  if (lines > MAX_CODE_LINES) problems.push(`${file.path} has ${lines} lines of code`);
  return problems;
}

export function codeLines(file: SourceFile): number {
  const text = /\.[jt]sx?$/.test(file.path) ? withoutComments(file) : file.text;
  return text.split('\n').filter((line) => line.trim() !== '').length;
}

/** Texts that tie a file to one machine: where this clone lies, a home, the registry in use. */
export function machinePatterns(env: NodeJS.ProcessEnv): RegExp[] {
  const places = [ROOT, homedir()].filter((place) => place.split('/').length > 2);
  const registry = env['npm_config_registry'];
  const hosts = registry === undefined ? [] : [new URL(registry).host];
  return [
    ...[...places, ...hosts].map(
      (text) => new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')),
    ),
    /(?<![\w.])\/(?:home|Users)\/(?!worker\b|user\b)[a-z][\w-]*\//,
    ...REGISTRY_HOSTS,
  ];
}

if (import.meta.main && process.argv.includes('--write')) {
  writeTable('README.md', HOUSE_TABLE, houseRows([...productPackages(), ...toolPackages()]));
}
