/**
 * The child process of `writeProgramFolder`: `translate-program.ts FOLDER ENTRY`. The type stripper stays in
 * memory once it is loaded (30 MB); here it goes with the process.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { importsOf, IMPORT, readSource } from './program-source.ts';

const [folder = '', entry = ''] = process.argv.slice(2);

const waiting = [entry];
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
