/** The figures of compute: throughput, latency, cold start and memory of a coordinator with two workers. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { noopModule, tempDir } from '@fog/testkit';
import { startPostgres } from '@fog/testkit/servers';
import type { JobSpecInput } from '@fog/wire';
import type { Benchmark, BenchmarkContext } from '../benchmark.ts';
import { median, percentile, repeat } from '../statistics.ts';
import { EXAMPLES, type Fleet, rssMb, sandboxRssMb, startFleet } from './fleet.ts';
import { measureQueued } from './queued.ts';
import { coldRun, runArray, runSingle, runSingles, spawnRate, upload } from './measure.ts';

/** Memory is read this long after a role is ready and idle. */
const SETTLE_MS = 10_000;
const ARRAY_TASKS = 1_000;

type Figures = Record<string, number>;

export const jobs: Benchmark = {
  figures: {
    arrayTasksPerSecond: { unit: 'tasks/s', target: '≥ 2,000' },
    singleJobsPerSecond32: { unit: 'jobs/s', target: '≥ 600' },
    singleP50Ms32: { unit: 'ms', target: '< 50' },
    singleP50Ms1: { unit: 'ms', target: '≤ 10' },
    singleP99Ms1: { unit: 'ms' },
    coldRunMs: { unit: 'ms', target: '≤ 2,500' },
    coldPythonMs: { unit: 'ms' },
    pythonTasksPerSecond: { unit: 'tasks/s', target: '≥ 3' },
    coordinatorRssMb: { unit: 'MB', target: '≤ 150' },
    coordinatorLoadedRssMb: { unit: 'MB', target: '≤ 250' },
    agentRssMb: { unit: 'MB', target: '≤ 90' },
    sandboxWasmRssMb: { unit: 'MB' },
    sandboxPythonRssMb: { unit: 'MB' },
    queued100kSubmitPerSecond: { unit: 'tasks/s', target: '≥ 5,000' },
    queued100kRestartMs: { unit: 'ms', target: '≤ 5,000' },
    pgArrayTasksPerSecond: { unit: 'tasks/s' },
    spawnTasksPerSecond: { unit: 'tasks/s', target: 'baseline' },
  },
  run: async (context) => {
    const cold = await measureCold(context);
    context.say('starting a coordinator and two workers');
    // Once to warm their compile cache: a first start holds a fifth more memory.
    await (await startFleet(2))[Symbol.asyncDispose]();
    await using fleet = await startFleet(2);
    // Beside the fleet, which does nothing but settle meanwhile.
    const [idle, queued] = await Promise.all([measureIdle(fleet), measureQueued(context)]);
    const wasm = await measureWasm(fleet, context);
    const python = await measurePython(fleet, context);
    const postgres = await measurePostgres(context);
    return { ...wasm, ...python, ...cold, ...idle, ...queued, ...postgres };
  },
};

async function measureCold({ quick, say }: BenchmarkContext): Promise<Figures> {
  say('cold runs of the whole command');
  await using dir = await tempDir();
  const dataDir = path.join(dir.path, 'data');
  const hello = path.join(EXAMPLES, 'hello.wasm');
  const runs = await repeat(quick ? 1 : 5, () => coldRun(hello, dataDir));
  const program = path.join(dir.path, 'hello.py');
  await writeFile(program, "print('hello')\n");
  const coldPythonMs = await coldRun(program, dataDir);
  const module = path.join(dir.path, 'noop.wasm');
  await writeFile(module, noopModule());
  say('baseline: a plain process per task');
  const spawnTasksPerSecond = await spawnRate(module, quick ? 24 : 200);
  return { coldRunMs: median(runs), coldPythonMs, spawnTasksPerSecond };
}

async function measureIdle(fleet: Fleet): Promise<Figures> {
  await sleep(SETTLE_MS);
  const agents = await Promise.all(fleet.agents.map((agent) => rssMb(agent.pid)));
  return { coordinatorRssMb: await rssMb(fleet.coordinator.pid), agentRssMb: Math.max(...agents) };
}

/** The same arrays with a real PostgreSQL for the store, both on this machine. */
async function measurePostgres({ quick, say }: BenchmarkContext): Promise<Figures> {
  say('arrays with the store in PostgreSQL');
  await using server = await startPostgres();
  await using fleet = await startFleet(2, await server.createDatabase('bench'));
  const module = await upload(fleet.client, noopModule());
  const spec: JobSpecInput = { runtime: 'wasm', module, moduleName: 'noop.wasm' };
  const arrays = await repeat(quick ? 1 : 5, () => runArray(fleet.client, spec, ARRAY_TASKS));
  return { pgArrayTasksPerSecond: (ARRAY_TASKS / median(arrays)) * 1000 };
}

async function measureWasm(fleet: Fleet, { quick, say }: BenchmarkContext): Promise<Figures> {
  const { client } = fleet;
  const module = await upload(client, noopModule());
  const spec: JobSpecInput = { runtime: 'wasm', module, moduleName: 'noop.wasm' };
  say(`arrays of ${ARRAY_TASKS} no-op tasks`);
  const arrays = await repeat(5, () => runArray(client, spec, ARRAY_TASKS));
  const coordinatorLoadedRssMb = await rssMb(fleet.coordinator.pid);
  const sandboxes = await Promise.all(fleet.agents.map(sandboxRssMb));
  say('single jobs, 32 in flight');
  const load = { count: quick ? 400 : 1_000, inFlight: 32 };
  const rates: number[] = [];
  const latencies: number[] = [];
  await repeat(quick ? 1 : 5, async () => {
    const { each, wallMs } = await runSingles(client, spec, load);
    rates.push((load.count / wallMs) * 1000);
    latencies.push(...each);
    return wallMs;
  });
  say('single jobs, one at a time');
  const alone: number[] = [];
  for (let i = 0; i < 20; i += 1) await runSingle(client, spec);
  for (let i = 0; i < (quick ? 200 : 1_000); i += 1) alone.push(await runSingle(client, spec));
  return {
    arrayTasksPerSecond: (ARRAY_TASKS / median(arrays)) * 1000,
    singleJobsPerSecond32: median(rates.slice(1)),
    singleP50Ms32: median(latencies.slice(load.count)),
    singleP50Ms1: median(alone),
    singleP99Ms1: percentile(alone, 0.99),
    coordinatorLoadedRssMb,
    sandboxWasmRssMb: Math.max(...sandboxes),
  };
}

async function measurePython(fleet: Fleet, { quick, say }: BenchmarkContext): Promise<Figures> {
  const { client } = fleet;
  say('python tasks, a fresh interpreter each');
  const module = await upload(client, new TextEncoder().encode("print('hello')\n"));
  const spec: JobSpecInput = { runtime: 'python', module, moduleName: 'hello.py' };
  const tasks = quick ? 4 : 20;
  let sandboxPythonRssMb = 0;
  // Both workers have their interpreter's snapshot before the clock starts, as in the runs after a first one.
  await runArray(client, spec, 2);
  const runs = await repeat(quick ? 1 : 5, async () => {
    const progress = { over: false };
    const ended = runArray(client, spec, tasks).finally(() => {
      progress.over = true;
    });
    while (!progress.over) {
      const sizes = await Promise.all(fleet.agents.map(sandboxRssMb));
      sandboxPythonRssMb = Math.max(sandboxPythonRssMb, ...sizes);
      await Promise.race([ended, sleep(250)]);
    }
    return ended;
  });
  return { pythonTasksPerSecond: (tasks / median(runs)) * 1000, sandboxPythonRssMb };
}
