/** `npm run -s bench -- NAME [--quick] [--soak] [--json] [--trace FILE]`: runs one benchmark and prints its figures. */
import { access } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { errorMessage } from '@fog/kernel';
import type { Benchmark } from './benchmark.ts';
import { report } from './report.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  jobs: async () => (await import('./jobs/jobs.ts')).jobs,
  mixnet: async () => (await import('./mixnet/mixnet.ts')).mixnet,
  registry: async () => (await import('./registry/registry.ts')).registry,
  reputation: async () => (await import('./reputation/reputation.ts')).reputation,
  scheduler: async () => (await import('./scheduler/scheduler.ts')).scheduler,
  sphinx: async () => (await import('./sphinx/sphinx.ts')).sphinx,
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      soak: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      trace: { type: 'string' },
    },
  });
  const [name] = positionals;
  const load = name === undefined ? undefined : BENCHMARKS[name];
  if (name === undefined || load === undefined) {
    process.stderr.write(
      `bench: ${name === undefined ? 'name a benchmark' : `there is no benchmark "${name}"`}; there are: ${Object.keys(BENCHMARKS).join(', ')}\n`,
    );
    return 2;
  }
  const benchmark = await load();
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const { quick, soak, trace } = values;
  // Said now, not when minutes have passed.
  if (trace !== undefined) await access(trace);
  const figures = await benchmark.run({ quick, soak, trace, say });
  process.stdout.write(report({ name, benchmark, figures, json: values.json }));
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`bench: ${errorMessage(error)}\n`);
    if (error instanceof Error && error.stack !== undefined)
      process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  },
);
