/** The text of a job file as a document whose every value knows its line and column. */
import { stat } from 'node:fs/promises';
import { errorMessage, formatSize } from '@fog/kernel';
import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  Parser,
} from 'yaml';
import { fail } from '../errors.ts';
import { readAtMost } from '../process/read-at-most.ts';

/** A thousand jobs with what they need; more data belongs into files that the jobs name. */
const MAX_JOB_FILE_BYTES = 4 * 1024 * 1024;
/** A job file has six levels at most; a reader that follows each in turn ends at some thousands. */
const MAX_DEPTH = 32;
/** Problems shown at once: a screenful. */
const MAX_SHOWN = 20;

/** Where something stands: the path of keys and indices that leads to it, to its key or to its value. */
export interface Place {
  readonly path: readonly PropertyKey[];
  readonly at?: 'key' | 'value';
}

export interface Problem extends Place {
  readonly message: string;
}

export interface JobSource {
  readonly file: string;
  /** Mappings, lists and text; nothing else. */
  readonly content: unknown;
  /** The error that shows all problems by line and column. */
  readonly wrong: (problems: readonly Problem[]) => Error;
}

/** Reads YAML 1.2, of which JSON is a part. Throws FOG_JOB_FILE; an AbortError when `signal` aborts. */
export async function readSource(file: string, signal: AbortSignal): Promise<JobSource> {
  const lines = new LineCounter();
  const text = await readText(file, signal);
  refuseTooDeep(file, text);
  const document = parseDocument(text, {
    // All single values stay the text that was written: `1.10` is no 1.1, and `no` is no false.
    schema: 'failsafe',
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  if (document.errors.length > 0) {
    throw wrongFile(
      file,
      document.errors.map(({ message, pos }) => ({ ...lines.linePos(pos[0]), message })),
    );
  }
  const wrong: JobSource['wrong'] = (problems) =>
    wrongFile(
      file,
      problems.map((problem) => ({
        ...lines.linePos(offsetOf(document.contents, problem)),
        message: sentence(problem),
      })),
    );
  try {
    return { file, content: document.toJS(), wrong };
  } catch (error) {
    // More aliases than a file written by hand has.
    throw wrongFile(file, [{ line: 1, col: 1, message: errorMessage(error) }]);
  }
}

/** In steps that do not call each other, whatever the depth; throws FOG_JOB_FILE. */
function refuseTooDeep(file: string, text: string): void {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme)) continue;
    // What is built now: the document, its mappings and lists, and the value.
    if (parser.stack.length - 2 <= MAX_DEPTH) continue;
    const message = `nested more than ${MAX_DEPTH} levels deep; is a bracket left open, or an indent wrong?`;
    throw wrongFile(file, [{ ...lines.linePos(parser.offset), message }]);
  }
}

async function readText(file: string, signal: AbortSignal): Promise<string> {
  try {
    if ((await stat(file)).isDirectory()) throw new RangeError('it is a directory');
    const bytes = await readAtMost(file, MAX_JOB_FILE_BYTES, signal);
    if (bytes !== undefined) return new TextDecoder().decode(bytes);
    throw new RangeError(`it has more than ${formatSize(MAX_JOB_FILE_BYTES)}`);
  } catch (error) {
    if (signal.aborted) throw error;
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = isAbsent ? 'it does not exist' : errorMessage(error);
    throw fail('FOG_JOB_FILE', {
      message: `The job file ${file} cannot be read: ${why}.`,
      details: { file },
      cause: error,
    });
  }
}

function sentence({ path, message }: Problem): string {
  const where = path.map(String).join('.');
  return where === '' ? message : `${where}: ${message}`;
}

/** Offset of the deepest part of the path that is there. */
function offsetOf(root: Node | null, { path, at = 'value' }: Place): number {
  let node: unknown = root;
  let offset = offsetOfNode(root, 0);
  for (const [depth, step] of path.entries()) {
    const { key, value } = childOf(node, step);
    offset = offsetOfNode(key, offset);
    if (at === 'key' && depth === path.length - 1) return offset;
    offset = offsetOfNode(value, offset);
    node = value;
  }
  return offset;
}

function childOf(node: unknown, step: PropertyKey): { key?: unknown; value?: unknown } {
  if (isSeq(node)) return { value: node.items[Number(step)] };
  if (!isMap(node)) return {};
  return node.items.find(({ key }) => isScalar(key) && String(key.value) === step) ?? {};
}

/** `otherwise` for what is not there, or says nothing. */
function offsetOfNode(node: unknown, otherwise: number): number {
  if (!isNode(node) || (isScalar(node) && node.value === '')) return otherwise;
  return node.range?.[0] ?? otherwise;
}

interface Located {
  readonly line: number;
  readonly col: number;
  readonly message: string;
}

function wrongFile(file: string, found: readonly Located[]): Error {
  const sorted = [...found].sort((a, b) => a.line - b.line || a.col - b.col);
  const problems = sorted.map(({ line, col, message }) => ({ line, column: col, message }));
  const lines = problems.map(
    ({ line, column, message }) => `${file}:${line}:${column}: ${message}`,
  );
  const shown = lines.slice(0, MAX_SHOWN);
  if (lines.length > shown.length) shown.push(`and ${lines.length - shown.length} more`);
  return fail('FOG_JOB_FILE', { message: shown.join('\n'), details: { file, problems } });
}
