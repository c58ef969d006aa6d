import { parseSync, type Comment, type Program } from 'oxc-parser';
import type { SourceFile } from './workspace.ts';

export interface Parsed {
  readonly program: Program;
  readonly comments: readonly Comment[];
  /** Every module specifier: static, type-only, re-exported and dynamic with a literal. */
  readonly imports: readonly string[];
}

const QUOTED = /^(['"`])(.*)\1$/s;

/** Each file is parsed once, however many checks read it. */
const parsed = new WeakMap<SourceFile, Parsed>();

export function parseSource(file: SourceFile): Parsed {
  const known = parsed.get(file) ?? parse(file);
  parsed.set(file, known);
  return known;
}

function parse(file: SourceFile): Parsed {
  const result = parseSync(file.path, file.text);
  if (result.errors.length > 0) {
    throw new Error(`${file.path} does not parse: ${result.errors[0]?.message}`);
  }
  const { staticImports, staticExports, dynamicImports } = result.module;
  const specifiers = [
    ...staticImports.map((entry) => entry.moduleRequest.value),
    ...staticExports.flatMap((entry) => entry.entries).map((entry) => entry.moduleRequest?.value),
    ...dynamicImports.map(({ moduleRequest }) => {
      return QUOTED.exec(file.text.slice(moduleRequest.start, moduleRequest.end))?.[2];
    }),
  ];
  return {
    program: result.program,
    comments: result.comments,
    imports: [...new Set(specifiers.filter((specifier) => specifier !== undefined))],
  };
}

/** The text without comments; offsets stay the same. */
export function withoutComments(file: SourceFile): string {
  const parts: string[] = [];
  let end = 0;
  for (const comment of parseSource(file).comments) {
    parts.push(file.text.slice(end, comment.start));
    parts.push(file.text.slice(comment.start, comment.end).replace(/[^\n]/g, ' '));
    end = comment.end;
  }
  return parts.join('') + file.text.slice(end);
}
