import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE_DIR = path.dirname(fileURLToPath(import.meta.url));

/** A relative import: keyword, quote, path without its `.ts`. */
export const IMPORT: RegExp = /(\bfrom\s*|\bimport\s*)(['"])(\.{1,2}\/[^'"]+)\.ts\2/g;

/** `file` is relative to the package's sources, `/`-separated. */
export async function readSource(file: string): Promise<string> {
  return readFile(path.join(SOURCE_DIR, file), 'utf8');
}

export function importsOf(file: string, code: string): string[] {
  return [...code.matchAll(IMPORT)].map(([, , , name]) =>
    path.posix.join(path.posix.dirname(file), `${name}.ts`),
  );
}
