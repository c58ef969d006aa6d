import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { type Job, MAX_REQUEST_BYTES } from '@fog/wire';
import { defineCommand, type FlagValues } from '../command/command.ts';
import { usage } from '../command/parse-flags.ts';
import { type FileJob, readJobFile } from '../job-file/read-job-file.ts';
import { runBatch } from '../job-file/run-batch.ts';
import { FOG_FLAGS, JSON_FLAG, SANDBOX_FLAG } from '../command/shared-flags.ts';
import type { FogLink } from '../connect/fog-link.ts';
import { dataDirOf } from '../process/data-dir.ts';
import { type Host, sayNext } from '../process/host.ts';
import { expandEach } from '../run/array-items.ts';
import { collectInputs } from '../run/input-files.ts';
import { checkRequest, type JobRequest, uploadRequest } from '../run/job-request.ts';
import { openFog } from '../run/open-fog.ts';
import { inspectProgram } from '../run/program.ts';
import { openStdin, readWholeStdin } from '../run/read-stdin.ts';
import { DEMAND_FLAGS, readDemands } from '../run/demand-flags.ts';
import { JOB_VALUES } from '../run/job-values.ts';
import { readFlag } from '../run/read-value.ts';
import { readEnv, readSandbox } from '../run/run-flags.ts';
import { openSession } from '../run/run-session.ts';
import { GUEST_OUTPUT_DIR, prepareOutputDir } from '../run/save-outputs.ts';
import { seeThrough } from '../run/see-through.ts';
import { defined, type Wishes } from '../run/wishes.ts';

const FLAGS = {
  file: {
    type: 'text',
    short: 'f',
    value: 'JOB.yaml',
    help: 'run what this file says, YAML or JSON: one job, or several that need each other',
  },
  count: { type: 'text', value: 'N', help: 'run N tasks; each gets FOG_INDEX and FOG_COUNT' },
  each: {
    type: 'text',
    value: 'FILE|DIR|-',
    help: 'a task for each line of FILE (or stdin), or each file in DIR; FOG_ITEM names it',
  },
  input: {
    type: 'list',
    value: 'PATH[:MOUNT]',
    help: 'send a file or directory along; the program finds it by its name, or at MOUNT',
  },
  output: {
    type: 'text',
    value: 'DIR',
    help: 'save what the program writes below /output (arrays: DIR/<index>/)',
  },
  env: { type: 'list', value: 'NAME=VALUE', help: 'set a variable of the program' },
  timeout: { type: 'text', value: 'TIME', help: 'end each task that runs longer: 2s, 10m (1h)' },
  memory: { type: 'text', value: 'SIZE', help: 'memory of each task: 64M, 2G (512M)' },
  name: { type: 'text', value: 'NAME', help: 'name of the job in lists' },
  retries: {
    type: 'text',
    value: 'N',
    help: 'further attempts when the fog, not the program, failed (5)',
  },
  detach: { type: 'boolean', help: 'print the id of the job and leave it running' },
  ...JSON_FLAG,
  ...FOG_FLAGS,
  ...SANDBOX_FLAG,
  ...DEMAND_FLAGS,
} as const;
type Flags = FlagValues<typeof FLAGS>;

const ABOUT = `
  FILE is a WebAssembly module (.wasm, WASI preview 1) or a Python program (.py). Flags before FILE are
  fog's; everything after it goes to the program. stdout carries the program's bytes and nothing else;
  what fog says goes to stderr. What is piped in becomes the program's stdin. Files the program writes
  below /output come back with --output.

  The job runs on the fog named by --fog or FOG_URL, else on the one "fog up" started here, else on this
  machine alone, in this command, and nothing is left of it afterwards.

  With -f the file says it all; of several jobs a line tells how each ended, and the exit code is 0 when
  all are done.`;

export const command = defineCommand({
  name: 'run',
  summary: 'run a program and bring its output back',
  usage: ['run [flags] FILE [ARGS…]', 'run -f JOB.yaml [--detach] [--json]'],
  about: ABOUT,
  flags: FLAGS,
  args: ['[FILE]', '[ARGS…]'],
  passThrough: true,
  examples: [
    { line: 'fog run hello.wasm', does: 'run a module here' },
    { line: 'fog run primes.py 100000', does: 'a Python program with an argument' },
    { line: 'echo hi | fog run upper.py', does: 'stdin goes to the program' },
    { line: 'fog run --count 100 search.py', does: '100 tasks, told apart by FOG_INDEX' },
    {
      line: 'fog run --each texts/ --output counts/ count.py',
      does: 'a task for each file; its /output is saved in counts/<index>/',
    },
    { line: 'fog run -f job.yaml', does: 'what the file says; see docs/guides/jobs.md' },
  ],
  exitCodes: {
    0: 'the program ended with 0; of an array, all did',
    N: "the program's own exit code; of an array, that of the lowest failing index",
    2: 'wrong command line or input',
    124: 'the timeout passed',
    125: 'the fog failed',
    126: 'the program was refused',
    130: 'interrupted by Ctrl-C (143: by SIGTERM)',
    134: 'the program trapped',
    137: 'a limit of memory, output or files was reached',
    141: 'the reader of stdout went away',
  },
  run: async ({ flags, args, host }) => {
    const order = await readOrder(flags, args, host);
    await using fog = await openFog(host, {
      fog: flags.fog,
      dataDir: dataDirOf(flags['data-dir'], host.env),
      sandbox: readSandbox(flags.sandbox, host.env),
      verbose: flags.verbose,
      detach: flags.detach,
    });
    if (order.kind === 'several') return runBatch(host, fog.link, order.jobs, flags);
    const { request, outputDir } = order.job;
    // `--each -` has read stdin already.
    const hasStdin = flags.each === '-' || request.stdin !== undefined;
    const stdin = hasStdin ? undefined : await openStdin(host);
    const job = await submit(fog.link, request, stdin, host.interrupts.asked);
    if (flags.detach) return detach(host, flags, job);
    using session = openSession(host, fog.link, job.id);
    const array = request.array !== undefined;
    return await seeThrough(session, {
      array,
      json: flags.json,
      outputDir,
      embedded: fog.embedded,
    });
  },
});

type Order =
  | { readonly kind: 'one'; readonly job: FileJob }
  | { readonly kind: 'several'; readonly jobs: ReadonlyMap<string, FileJob> };

/** What to run, from the file or from the command line; directories for output are made. */
async function readOrder(flags: Flags, args: readonly string[], host: Host): Promise<Order> {
  const order =
    flags.file === undefined
      ? await readLine(flags, args, host)
      : await readFileOrder(flags, flags.file, args, host);
  const jobs = order.kind === 'one' ? [order.job] : [...order.jobs.values()];
  for (const { request, outputDir } of jobs) {
    checkRequest(request);
    if (outputDir !== undefined) await prepareOutputDir(outputDir);
  }
  return order;
}

async function readLine(flags: Flags, args: readonly string[], host: Host): Promise<Order> {
  if (args.length === 0) throw usage(command, 'FILE is missing.');
  const outputDir = flags.output === undefined ? undefined : path.resolve(flags.output);
  return { kind: 'one', job: { request: await readRequest(flags, args, host), outputDir } };
}

/** Flags that go with a job file: what is said of the job stands in it. */
const BESIDE_FILE = ['file', 'detach', 'json', 'fog', 'data-dir', 'sandbox'];

async function readFileOrder(
  flags: Flags,
  file: string,
  args: readonly string[],
  host: Host,
): Promise<Order> {
  const [program] = args;
  if (program !== undefined) {
    throw usage(command, `"${program}" is one program too many: with -f the file names it.`);
  }
  const extra = Object.entries(flags).find(
    ([name, value]) => name in FLAGS && !BESIDE_FILE.includes(name) && isGiven(value),
  );
  if (extra !== undefined) {
    throw usage(command, `--${extra[0]} does not go with -f: say it in ${file}.`);
  }
  const { jobs, isBatch } = await readJobFile(file, host.clock.now(), host.interrupts.asked);
  const [only] = jobs.values();
  if (isBatch || only === undefined) return { kind: 'several', jobs };
  return { kind: 'one', job: only };
}

function isGiven(value: boolean | string | readonly string[] | undefined): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

async function readRequest(flags: Flags, args: readonly string[], host: Host): Promise<JobRequest> {
  if (flags.count !== undefined && flags.each !== undefined) {
    throw usage(command, '--count and --each exclude each other.');
  }
  const [file = '', ...programArgs] = args;
  return {
    program: await inspectProgram(file),
    args: programArgs,
    env: readEnv(flags.env),
    inputs: await collectInputs(flags.input),
    array: await readArray(flags, host),
    // A detached job keeps its files in the fog for "fog job ID get".
    outputs: flags.output === undefined && !flags.detach ? [] : [GUEST_OUTPUT_DIR],
    wishes: readWishes(flags, host),
  };
}

function readWishes(flags: Flags, host: Host): Wishes {
  const demands = readDemands(flags, host.clock.now());
  const memoryBytes = readFlag('--memory', flags.memory, JOB_VALUES.memory);
  const resources = { ...demands.spec.resources, ...defined({ memoryBytes }) };
  const spec = defined({
    name: readFlag('--name', flags.name, JOB_VALUES.name),
    timeoutMs: readFlag('--timeout', flags.timeout, JOB_VALUES.timeout),
    retries: readFlag('--retries', flags.retries, JOB_VALUES.retries),
  });
  const hasResources = Object.keys(resources).length > 0;
  return { ...demands, spec: { ...demands.spec, ...spec, ...(hasResources && { resources }) } };
}

async function readArray(flags: Flags, host: Host): Promise<JobRequest['array']> {
  const count = readFlag('--count', flags.count, JOB_VALUES.count);
  if (count !== undefined) return { count };
  if (flags.each === undefined) return undefined;
  const stdin = (): Promise<Uint8Array> => readWholeStdin(host, MAX_REQUEST_BYTES);
  return { items: await expandEach(flags.each, stdin, host.interrupts.asked) };
}

async function submit(
  link: FogLink,
  request: JobRequest,
  stdin: AsyncIterable<Uint8Array> | undefined,
  signal: AbortSignal,
): Promise<Job> {
  const spec = await uploadRequest(link, request, stdin, signal);
  // Not cut short by Ctrl-C: a job that was taken must be known to be cancelled.
  const idempotencyKey = randomUUID();
  return link.call((client) => client.submit(spec, { idempotencyKey }));
}

async function detach(host: Host, flags: Flags, job: Job): Promise<number> {
  await host.stdout.write(flags.json ? `${JSON.stringify({ job })}\n` : `${job.id}\n`);
  await sayNext(host, `${host.self} job ${job.id} logs -f`);
  return 0;
}
