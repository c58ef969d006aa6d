import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { importsOf, readSource } from './program-source.ts';

const TRANSLATOR = fileURLToPath(new URL('./translate-program.ts', import.meta.url));

/**
 * Writes the code of a sandbox process into a folder of its own: the entry and what it imports, as plain JavaScript.
 * A process then starts without the type stripper (50 ms and 18 MB each), and its container shows it
 * these files and nothing else of the installation. What is there already is kept.
 */
export async function writeProgramFolder(folder: string, entry: string): Promise<void> {
  const file = `sandbox/${entry}`;
  const stamp = path.join(folder, `${entry}.sha256`);
  const digest = await sourceDigest(file);
  if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rm(stamp, { force: true });
  await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
  await promisify(execFile)(process.execPath, ['--no-warnings', TRANSLATOR, folder, file]);
  await writeFile(stamp, digest);
}

/** Name of an entry in the program folder. */
export function programPath(entry: string): string {
  return `sandbox/${entry.replace(/\.ts$/, '.js')}`;
}

/** Over this Node, which translates, and every source the entry reaches. */
async function sourceDigest(entry: string): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  const waiting = [entry];
  const seen = new Set<string>();
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const source = await readSource(file);
    hash.update(`\0${file}\0${source}`);
    waiting.push(...importsOf(file, source));
  }
  return hash.digest('hex');
}
