import type { FogClient } from '@fog/server/client';
import { Child } from '@fog/testkit';
import type { JobSpecInput } from '@fog/wire';
import { FOG } from './fleet.ts';

export async function upload(client: FogClient, bytes: Uint8Array): Promise<string> {
  return (await client.uploadBlob(bytes)).content;
}

/** Submits one array and reads every result; milliseconds from submit to the last result readable. */
export async function runArray(
  client: FogClient,
  spec: JobSpecInput,
  tasks: number,
): Promise<number> {
  const from = performance.now();
  const { id } = await client.submit({ ...spec, array: { count: tasks } });
  let next = 0;
  while (next < tasks) {
    const page = await client.results(id, { from: next, limit: 1000, waitMs: 30_000 });
    for (const { index, outcome } of page.results) {
      if (outcome.exitCode !== 0) {
        throw new Error(`task ${index} failed: ${JSON.stringify(outcome.failure)}`);
      }
    }
    next = page.next;
  }
  return performance.now() - from;
}

/** One job, submit → result readable, in milliseconds. */
export async function runSingle(client: FogClient, spec: JobSpecInput): Promise<number> {
  const from = performance.now();
  const { id } = await client.submit(spec);
  const { results } = await client.results(id, { waitMs: 30_000 });
  if (results[0]?.outcome.exitCode !== 0) {
    throw new Error(`job ${id} failed: ${JSON.stringify(results[0]?.outcome.failure)}`);
  }
  return performance.now() - from;
}

/** `count` jobs, `inFlight` at a time; the time of each and of all, in milliseconds. */
export async function runSingles(
  client: FogClient,
  spec: JobSpecInput,
  load: { readonly count: number; readonly inFlight: number },
): Promise<{ readonly each: number[]; readonly wallMs: number }> {
  const each: number[] = [];
  let started = 0;
  const from = performance.now();
  const lane = async (): Promise<void> => {
    while (started < load.count) {
      started += 1;
      each.push(await runSingle(client, spec));
    }
  };
  await Promise.all(Array.from({ length: load.inFlight }, lane));
  return { each, wallMs: performance.now() - from };
}

/** The whole command `fog run FILE` with no fog running, in milliseconds. */
export async function coldRun(file: string, dataDir: string): Promise<number> {
  const from = performance.now();
  await using child = new Child({ args: [FOG, 'run', '--data-dir', dataDir, file] });
  const { code } = await child.ended();
  if (code !== 0) throw new Error(`fog run ${file} ended with ${code}\n${child.describe()}`);
  return performance.now() - from;
}

/** One plain process per run of the module, two at a time: what the tasks would cost without a fog. */
export async function spawnRate(module: string, count: number): Promise<number> {
  const program = [
    "import { readFileSync } from 'node:fs';",
    "import { WASI } from 'node:wasi';",
    "const wasi = new WASI({ version: 'preview1' });",
    'const module = new WebAssembly.Module(readFileSync(process.argv[1]));',
    'wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()));',
  ].join('');
  let started = 0;
  const from = performance.now();
  const lane = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      await using child = new Child({
        args: ['--no-warnings', '--input-type=module', '--eval', program, module],
      });
      const { code } = await child.ended();
      if (code !== 0) throw new Error(`the plain process ended with ${code}\n${child.describe()}`);
    }
  };
  await Promise.all([lane(), lane()]);
  return (count / (performance.now() - from)) * 1000;
}
