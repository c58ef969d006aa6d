/**
 * Error codes and task failures against docs/reference/errors.md.
 * `node tools/check/errors-doc.ts --write` renews the rows; the remedies stay as they are.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ErrorTable } from '@fog/kernel';
import { readTable, writeTable } from './markdown-table.ts';
import { withoutComments } from './syntax.ts';
import {
  productPackages,
  readSource,
  ROOT,
  systemTests,
  type Package,
  type SourceFile,
} from './workspace.ts';

export const ERRORS_DOC = 'docs/reference/errors.md';
const OUTCOME = 'base/wire/src/outcome.ts';

export interface DocumentedCode {
  readonly code: string;
  readonly kind: string;
  readonly meaning: string;
  /** File of the table. */
  readonly table: string;
}

/** Every row of every package's table. */
export async function tableRows(packages: readonly Package[]): Promise<DocumentedCode[]> {
  const found: DocumentedCode[] = [];
  for (const each of packages) {
    const table = `${each.dir}/src/errors.ts`;
    if (!isTable(table)) continue;
    for (const [code, row] of Object.entries(await tableOf(table))) {
      found.push({ code, kind: row.kind, meaning: row.message, table });
    }
  }
  return found;
}

/** Every error code, sorted. The two ends of a connection may share one: see `disagreements`. */
export async function errorCodes(packages: readonly Package[]): Promise<DocumentedCode[]> {
  const byCode = new Map<string, DocumentedCode>();
  for (const row of await tableRows(packages)) {
    if (!byCode.has(row.code)) byCode.set(row.code, row);
  }
  return sorted([...byCode.values()]);
}

/** Codes to which two tables give different meanings. */
export function disagreements(rows: readonly DocumentedCode[]): string[] {
  const first = new Map<string, DocumentedCode>();
  return rows.flatMap((row) => {
    const other = first.get(row.code) ?? row;
    first.set(row.code, other);
    if (other.kind === row.kind && other.meaning === row.meaning) return [];
    return [`${row.code} means one thing in ${other.table} and another in ${row.table}`];
  });
}

/** Every failure a task can end with, sorted. */
export async function failureCodes(): Promise<DocumentedCode[]> {
  const module = (await load(OUTCOME)) as {
    FAILURES: Readonly<Record<string, { class: string; exitCode: number; text: string }>>;
  };
  return sorted(
    Object.entries(module.FAILURES).map(([code, row]) => ({
      code,
      kind: `${row.class}, exit ${code === 'EXIT_CODE' ? 'as the program' : row.exitCode}`,
      meaning: sentence(row.text),
      table: OUTCOME,
    })),
  );
}

function isTable(file: string): boolean {
  return file !== 'base/kernel/src/errors.ts' && existsSync(path.join(ROOT, file));
}

async function tableOf(file: string): Promise<ErrorTable> {
  const module = await load(file);
  const tables = Object.entries(module).filter(([name]) => name.endsWith('_ERRORS'));
  if (tables.length !== 1) throw new Error(`${file} must export one table named …_ERRORS`);
  return tables[0]?.[1] as ErrorTable;
}

async function load(file: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(path.join(ROOT, file)).href)) as Record<string, unknown>;
}

/** Codes that no source but their own table names as a string, or that no test names. */
export function unusedCodes(
  codes: readonly DocumentedCode[],
  packages: readonly Package[],
): string[] {
  const source = packages.flatMap((each) => each.source).map(stripped);
  const tests = [...packages.flatMap((each) => each.tests), ...systemTests()];
  const tables = new Set([OUTCOME, ...packages.map((each) => `${each.dir}/src/errors.ts`)]);
  const problems: string[] = [];
  for (const { code, table } of codes) {
    const named = new RegExp(`['"\`]${code}['"\`]`);
    if (!source.some((file) => !tables.has(file.path) && named.test(file.text))) {
      problems.push(`${code} of ${table} is thrown nowhere`);
    }
    const mentioned = new RegExp(`\\b${code}\\b`);
    if (!tests.some((file) => mentioned.test(file.text))) {
      problems.push(`${code} of ${table} appears in no test`);
    }
  }
  return problems;
}

/** The document's rows against the codes: missing, dead, unsorted, or without a remedy. */
export function documentProblems(
  rows: readonly (readonly string[])[],
  codes: readonly DocumentedCode[],
): string[] {
  const documented = new Map(rows.map((row) => [unquote(row[0] ?? ''), row]));
  const known = new Set(codes.map(({ code }) => code));
  const problems: string[] = [];
  for (const { code, kind, meaning } of codes) {
    const row = documented.get(code);
    if (row === undefined) problems.push(`${code} is not documented`);
    else if (row[1] !== kind || row[2] !== meaning) problems.push(`${code} is documented wrongly`);
    else if ((row[3] ?? '') === '') problems.push(`${code} is documented without a remedy`);
  }
  for (const code of documented.keys()) {
    if (!known.has(code)) problems.push(`${code} is documented but does not exist`);
  }
  if (problems.length === 0 && [...documented.keys()].join() !== [...known].join()) {
    problems.push('the rows are not sorted by code');
  }
  return problems;
}

/** Rows for the codes, with the remedies of the rows that are there. */
export function renewRows(
  rows: readonly (readonly string[])[],
  codes: readonly DocumentedCode[],
): string[][] {
  const remedies = new Map(rows.map((row) => [unquote(row[0] ?? ''), row[3] ?? '']));
  return codes.map(({ code, kind, meaning }) => [
    `\`${code}\``,
    kind,
    meaning,
    remedies.get(code) ?? '',
  ]);
}

export const ERROR_TABLES: readonly {
  readonly name: string;
  readonly codes: (packages: readonly Package[]) => Promise<DocumentedCode[]>;
}[] = [
  { name: 'errors', codes: errorCodes },
  { name: 'failures', codes: failureCodes },
];

function stripped(file: SourceFile): SourceFile {
  return { path: file.path, text: withoutComments(file) };
}

function unquote(cell: string): string {
  return cell.replaceAll('`', '');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function sorted(codes: DocumentedCode[]): DocumentedCode[] {
  return codes.sort((a, b) => (a.code < b.code ? -1 : 1));
}

if (import.meta.main && process.argv.includes('--write')) {
  const packages = productPackages();
  for (const { name, codes } of ERROR_TABLES) {
    const { rows } = readTable(readSource(ERRORS_DOC).text, name);
    writeTable(ERRORS_DOC, name, renewRows(rows, await codes(packages)));
  }
}
