/** What the checks read: the workspaces, their source, and the tracked files. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT: string = path.resolve(import.meta.dirname, '../..');

export const PRODUCT_DISTRICTS = ['base', 'net', 'compute', 'economy', 'control', 'apps'] as const;

const IGNORED = /(^|\/)(node_modules|coverage|\.git)(\/|$)/;

export interface Manifest {
  readonly name: string;
  readonly description?: string;
  readonly license?: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface SourceFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Package {
  /** `base/kernel`. */
  readonly dir: string;
  /** `base`. */
  readonly district: string;
  readonly manifest: Manifest;
  /** `src` and `bin`, without declaration files. */
  readonly source: readonly SourceFile[];
  readonly tests: readonly SourceFile[];
}

const sources = new Map<string, SourceFile>();

/** Reads a file once; the checks change nothing they read. */
export function readSource(file: string): SourceFile {
  const known = sources.get(file) ?? {
    path: file,
    text: readFileSync(path.join(ROOT, file), 'utf8'),
  };
  sources.set(file, known);
  return known;
}

/** Files below the repository that match, sorted, relative with `/`. */
export function findFiles(...patterns: string[]): string[] {
  const found = patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }));
  return [...new Set(found.map((file) => file.split(path.sep).join('/')))]
    .filter((file) => !IGNORED.test(file))
    .sort();
}

function readPackage(manifestFile: string): Package {
  const dir = path.posix.dirname(manifestFile);
  return {
    dir,
    district: dir.split('/')[0] ?? '',
    manifest: JSON.parse(readFileSync(path.join(ROOT, manifestFile), 'utf8')) as Manifest,
    source: findFiles(`${dir}/src/**/*.{ts,tsx,js}`, `${dir}/bin/*.js`).map(readSource),
    tests: findFiles(`${dir}/test/**/*.ts`).map(readSource),
  };
}

/** The product's packages, in the order of the districts. */
export function productPackages(): Package[] {
  return PRODUCT_DISTRICTS.flatMap((district) => findFiles(`${district}/*/package.json`)).map(
    readPackage,
  );
}

export function toolPackages(): Package[] {
  return findFiles('tools/*/package.json').map(readPackage);
}

/** Tests outside the packages: whole-system and security. */
export function systemTests(): SourceFile[] {
  return findFiles('test/**/*.ts').map(readSource);
}

export function documents(): SourceFile[] {
  return findFiles('*.md', 'docs/**/*.md', '*/*/README.md', 'examples/**/*.md').map(readSource);
}

/** Tracked files; all files where there is no git. */
export function trackedFiles(): string[] {
  if (!existsSync(path.join(ROOT, '.git'))) {
    return findFiles('**/*').filter((file) => path.extname(file) !== '');
  }
  const list = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
  return list.split('\0').filter((file) => file !== '' && existsSync(path.join(ROOT, file)));
}
