/**
 * Named bounds in the product's source against docs/reference/limits.md.
 * `node tools/check/limits.ts --write` renews the rows from the comments beside the constants.
 */
import type { Expression, VariableDeclaration } from 'oxc-parser';
import { formatDuration, formatSize } from '@fog/kernel';
import { writeTable } from './markdown-table.ts';
import { parseSource } from './syntax.ts';
import { productPackages, type Package, type SourceFile } from './workspace.ts';

export const LIMITS_DOC = 'docs/reference/limits.md';
export const LIMITS_TABLE = 'limits';

/** A `…_BYTES` below this is the fixed size of a field of some format, not a bound. */
const SMALLEST_BOUND_BYTES = 1024;

/** Fixed by a specification: the WebAssembly page and the kernel's. */
const NO_BOUND = new Set(['PAGE_BYTES']);

const LIMIT_NAME = /^(?:(?:MAX|MIN|DEFAULT)_[A-Z0-9_]+|[A-Z0-9_]+_(?:LIMIT|MS|BYTES))$/;

export interface Limit {
  readonly name: string;
  readonly value: number;
  readonly file: string;
  /** The comment above it or behind it on its line. */
  readonly reason: string;
}

interface Candidate {
  readonly name: string;
  readonly file: string;
  readonly init: Expression;
  readonly reason: string;
}

/** Every numeric limit, sorted by file, then in source order. Constants that are no numbers are left out. */
export function findLimits(files: readonly SourceFile[]): Limit[] {
  const candidates = files.flatMap(constantsOf);
  const byName = Map.groupBy(candidates, ({ name }) => name);
  const limits: Limit[] = [];
  for (const { name, file, init, reason } of candidates) {
    if (!LIMIT_NAME.test(name) || NO_BOUND.has(name)) continue;
    const value = evaluate(init, file, byName);
    const fieldSize = name.endsWith('_BYTES') && !/^(MAX|MIN|DEFAULT)_/.test(name);
    if (fieldSize && value !== undefined && value < SMALLEST_BOUND_BYTES) continue;
    if (value !== undefined) limits.push({ name, value, file, reason });
  }
  return limits;
}

function constantsOf(file: SourceFile): Candidate[] {
  const { program, comments } = parseSource(file);
  return program.body.flatMap((statement) => {
    const declaration =
      statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type !== 'VariableDeclaration') return [];
    return namedConstants(declaration).map(({ name, init }) => ({
      name,
      file: file.path,
      init,
      reason: reasonFor(file.text, comments, statement),
    }));
  });
}

function namedConstants(declaration: VariableDeclaration): { name: string; init: Expression }[] {
  if (declaration.kind !== 'const') return [];
  return declaration.declarations.flatMap(({ id, init }) =>
    id.type === 'Identifier' && init !== null && /^[A-Z][A-Z0-9_]*$/.test(id.name)
      ? [{ name: id.name, init }]
      : [],
  );
}

function reasonFor(
  text: string,
  comments: readonly { readonly start: number; readonly end: number; readonly value: string }[],
  statement: { readonly start: number; readonly end: number },
): string {
  const lineEnd = text.indexOf('\n', statement.end);
  const behind = comments.find(
    ({ start }) => start >= statement.end && start < (lineEnd < 0 ? text.length : lineEnd),
  );
  // Line comments above form one text: each must end right before the next begins.
  const above: string[] = [];
  let end = statement.start;
  for (const comment of comments.filter((each) => each.end <= statement.start).reverse()) {
    const between = text.slice(comment.end, end);
    if (between.trim() !== '' || between.split('\n').length > 2) break;
    above.unshift(comment.value);
    end = comment.start;
  }
  const words = above.length > 0 ? above.join('\n') : (behind?.value ?? '');
  return words
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s?/, '').trim())
    .join(' ')
    .trim();
}

/** The number an expression of literals, operators and other constants stands for. */
function evaluate(
  node: Expression,
  file: string,
  byName: ReadonlyMap<string, readonly Candidate[]>,
): number | undefined {
  if (node.type === 'Literal') return typeof node.value === 'number' ? node.value : undefined;
  if (node.type === 'Identifier') {
    const all = byName.get(node.name) ?? [];
    const found = all.find((each) => each.file === file) ?? (all.length === 1 ? all[0] : undefined);
    return found === undefined ? undefined : evaluate(found.init, found.file, byName);
  }
  if (node.type === 'BinaryExpression') {
    const left = evaluate(node.left as Expression, file, byName);
    const right = evaluate(node.right, file, byName);
    if (left === undefined || right === undefined) return undefined;
    return OPERATORS[node.operator]?.(left, right);
  }
  const wrapped = node.type === 'TSAsExpression' || node.type === 'ParenthesizedExpression';
  return wrapped ? evaluate(node.expression, file, byName) : undefined;
}

const OPERATORS: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '**': (left, right) => left ** right,
  '<<': (left, right) => left << right,
};

export function limitRows(limits: readonly Limit[]): string[][] {
  return limits.map((limit) => [
    `\`${limit.name}\``,
    formatValue(limit),
    `\`${limit.file}\``,
    limit.reason,
  ]);
}

function formatValue({ name, value }: Limit): string {
  const plain = value.toLocaleString('en-US');
  if (name.includes('BYTES') && value >= 1024) return `${plain} (${formatSize(value)})`;
  if (name.endsWith('_MS') && value >= 1000) return `${plain} (${formatDuration(value)})`;
  return plain;
}

/** Limits without a reason, and rows that do not say what the source says. */
export function limitProblems(
  rows: readonly (readonly string[])[],
  limits: readonly Limit[],
): string[] {
  const problems = limits
    .filter(({ reason }) => reason === '')
    .map(({ name, file }) => `${name} in ${file} has no comment that gives its reason`);
  const expected = limitRows(limits).map((row) => row.join(' | '));
  const documented = rows.map((row) => row.join(' | '));
  for (const row of expected)
    if (!documented.includes(row)) problems.push(`not in the table: ${row}`);
  for (const row of documented) if (!expected.includes(row)) problems.push(`not in source: ${row}`);
  return problems;
}

export function productSource(packages: readonly Package[]): SourceFile[] {
  return packages.flatMap((each) => each.source);
}

if (import.meta.main && process.argv.includes('--write')) {
  writeTable(LIMITS_DOC, LIMITS_TABLE, limitRows(findLimits(productSource(productPackages()))));
}
