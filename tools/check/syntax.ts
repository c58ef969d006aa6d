import { parseSync, type Comment, type Program } from 'oxc-parser';
import type { SourceFile } from './workspace.ts';

export interface Parsed {
  readonly program: Program;
  readonly comments: readonly Comment[];
  /** Every module specifier: static, type-only, re-exported and dynamic with a literal. */
  readonly imports: readonly string[];
}

const QUOTED = /^(['"`])(.*)\1$/s;

export function parseSource(file: SourceFile): Parsed {
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
  let text = file.text;
  for (const { start, end } of parseSource(file).comments) {
    const blank = text.slice(start, end).replace(/[^\n]/g, ' ');
    text = text.slice(0, start) + blank + text.slice(end);
  }
  return text;
}
