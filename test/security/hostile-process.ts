import type { ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  findHostTools,
  type HostTools,
  launch,
  wasmRecipe,
  writeProgramFolder,
} from '@fog/runtime/testing';
import type { SandboxLevel } from '@fog/wire';

/** Longest life of a hostile process in a test. */
const DEADLINE_MS = 20_000;

/** Starts a sandbox process as the product does, with hostile JavaScript where the wasm guest would be. */
export async function launchHostile(
  dir: string,
  level: SandboxLevel,
  script: string,
  change: Partial<HostTools> = {},
): Promise<ChildProcess> {
  const programDir = path.join(dir, 'program');
  await mkdir(programDir, { recursive: true });
  await writeProgramFolder(programDir, wasmRecipe.entry);
  await writeFile(path.join(programDir, 'sandbox', 'wasm-main.js'), script);
  const tools = { ...(await findHostTools(dir)), ...change };
  return launch({
    level,
    tools,
    programDir,
    recipe: wasmRecipe,
    entry: wasmRecipe.entry,
    files: {},
    memoryBytes: 512 * 2 ** 20,
  });
}

/** Runs the body of an async function in a sandbox process and gives what it returned, threw, or left unsaid. */
export async function confess(dir: string, level: SandboxLevel, body: string): Promise<string> {
  const child = await launchHostile(
    dir,
    level,
    `import * as fs from 'node:fs';
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    const say = (text) => fs.writeSync(1, String(text));
    try {
      say(await (async () => { ${body} })());
    } catch (error) {
      say((error.code ?? error.name) + ': ' + error.message);
    }
    process.reallyExit(0);`,
  );
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1');
  });
  child.stderr?.resume();
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(deadline);
  return said;
}
