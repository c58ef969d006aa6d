/**
 * The worker thread of `writeProgramFolder`. The type stripper stays in memory once it is loaded (30 MB);
 * here it goes with the thread.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import { importsOf, IMPORT, readSource } from './program-source.ts';

const { folder, entries } = workerData as { folder: string; entries: readonly string[] };

// Node warns on stderr, the user's stream, the first time a program calls the stripper itself.
process.emitWarning = () => {};

const waiting = [...entries];
const written = new Set<string>();
for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
  if (written.has(file)) continue;
  written.add(file);
  const source = await readSource(file);
  const code = file.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
  waiting.push(...importsOf(file, code));
  const target = path.join(folder, file.replace(/\.ts$/, '.js'));
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  await writeFile(target, code.replace(IMPORT, '$1$2$3.js$2'));
}
