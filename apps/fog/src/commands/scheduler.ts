import { JobId, PLACEMENT_STRATEGIES } from '@fog/wire';
import { defineCommand, type FlagValues } from '../command/command.ts';
import { usage } from '../command/parse-flags.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { suggest } from '../command/suggest.ts';
import { openClient } from '../connect/open-client.ts';
import { readServiceJob, SERVICE_FLAGS } from '../deployment/service-job.ts';
import { readJobFile } from '../job-file/read-job-file.ts';
import type { Host } from '../process/host.ts';
import { DEMAND_FLAGS } from '../run/demand-flags.ts';
import { checkRequest, type JobRequest } from '../run/job-request.ts';
import { JOB_VALUES } from '../run/job-values.ts';
import { readFlag } from '../run/read-value.ts';
import { compareStrategies, readWishes } from '../scheduler/compare.ts';
import type { SchedulerCall } from '../scheduler/scheduler-call.ts';
import { showFront, showStatus } from '../scheduler/show-plans.ts';

const { strategy: _strategy, memory, ...DEMANDS } = SERVICE_FLAGS;
const JOB_FLAGS = {
  ...DEMANDS,
  class: DEMAND_FLAGS.class,
  'allow-same-owner': DEMAND_FLAGS['allow-same-owner'],
  strict: DEMAND_FLAGS.strict,
  'max-price': DEMAND_FLAGS['max-price'],
  deadline: DEMAND_FLAGS.deadline,
  memory: { ...memory, help: 'memory of each task: 64M, 2G (512M)' },
};
const BATCH = 'of "scheduler compare"';

const FLAGS = {
  ...JSON_FLAG,
  ...FOG_FLAGS,
  run: { type: 'boolean', help: 'really run the batch under each strategy', group: BATCH },
  strategy: {
    type: 'list',
    value: 'NAME',
    help: `only this one (repeatable): ${PLACEMENT_STRATEGIES.join(', ')}`,
    group: BATCH,
  },
  rounds: {
    type: 'text',
    value: 'N',
    help: 'with --run, how often under each; medians are compared (3)',
    group: BATCH,
  },
  expect: {
    type: 'text',
    value: 'TIME',
    help: 'forecast: run time of one task (what was measured, else 1s)',
    group: BATCH,
  },
  budget: {
    type: 'text',
    value: 'TIME',
    help: 'forecast: time for the search of each strategy (what the fog takes)',
    group: BATCH,
  },
  file: {
    type: 'text',
    short: 'f',
    value: 'JOB.yaml',
    help: 'the job this file describes',
    group: BATCH,
  },
  count: { type: 'text', value: 'N', help: 'tasks of the batch (1)', group: BATCH },
  ...grouped(JOB_FLAGS),
} as const;
type Flags = FlagValues<typeof FLAGS>;

function grouped<T extends Record<string, object>>(
  flags: T,
): { readonly [N in keyof T]: T[N] & { readonly group: string } } {
  const entries = Object.entries(flags).map(([name, def]) => [name, { ...def, group: BATCH }]);
  return Object.fromEntries(entries) as never;
}

const ACTIONS: Readonly<Record<string, (call: SchedulerCall) => Promise<void>>> = {
  status: showStatus,
  front: showFront,
  compare: compareStrategies,
};

export const command = defineCommand({
  name: 'scheduler',
  summary: 'see how batches are placed; compare strategies',
  usage: [
    'scheduler [status]',
    'scheduler front JOB',
    'scheduler compare JOB [--run]',
    'scheduler compare -f JOB.yaml [--run]',
    'scheduler compare [--count N] [flags] FILE [ARGS…]',
  ],
  about: `
  A batch is placed as a whole where that pays, or where its job says so ("fog run --strategy nsga2"): the
  search weighs latency, balance, trust, cost and price of all its tasks, and keeps every placement that no
  other beats in all of them. "front" shows those of a job, and which was chosen. "compare" tells what each
  strategy would do with a batch now, and runs nothing unless --run says so; then it runs it some times
  under each, by turns, and tells the medians. What the fog would not take as a job is refused as it would
  be. What the columns tell is said below them.`,
  flags: FLAGS,
  args: ['[ACTION]', '[JOB|FILE]', '[ARGS…]'],
  passThrough: (args) => args.length === 2 && args[0] === 'compare',
  examples: [
    { line: 'fog scheduler', does: 'decisions so far, and how long they took' },
    { line: 'fog scheduler front jabcdefghijkl', does: 'how this job was placed, and why so' },
    {
      line: 'fog scheduler compare --count 200 --expect 2s primes.py',
      does: 'what each strategy would do with 200 tasks',
    },
    { line: 'fog scheduler compare --run -f job.yaml', does: 'run it under each, and measure' },
  ],
  run: async ({ flags, args, host }) => {
    const [name = 'status', ...rest] = args;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) {
      const near = suggest(name, Object.keys(ACTIONS));
      throw usage(command, `Unknown action "${name}".${near ? ` Did you mean "${near}"?` : ''}`);
    }
    checkLine(name, rest, flags);
    // Wrong values are told before any fog is asked.
    if (name === 'compare') readWishes(flags);
    const request = name === 'compare' ? await readBatch(flags, rest, host) : undefined;
    const opened = await openClient(flags, host);
    await action({ ...opened, flags, host, rest, request });
    return 0;
  },
});

function checkLine(name: string, rest: readonly string[], flags: Flags): void {
  const [first] = rest;
  if (name === 'front' && first === undefined) {
    throw usage(command, 'JOB is missing ("fog jobs" lists them).', name);
  }
  if (name === 'front' && !isJob(first)) {
    throw usage(command, `"${first}" is no job id ("fog jobs" lists them).`, name);
  }
  const most = { status: 0, front: 1 }[name] ?? Infinity;
  if (rest.length > most) throw usage(command, `Unexpected argument "${rest[most]}".`, name);
  const extra = Object.entries(FLAGS).find(([flag, def]) => 'group' in def && isGiven(flags, flag));
  const idle = (flags.run ? ['expect', 'budget'] : ['rounds']).find((flag) => isGiven(flags, flag));
  if (name === 'compare' && idle !== undefined) {
    const problem = `--${idle} goes ${flags.run ? 'without --run: it is for the forecast' : 'with --run'}.`;
    throw usage(command, problem, name);
  }
  if (name !== 'compare' && extra !== undefined) {
    throw usage(command, `--${extra[0]} belongs to "fog scheduler compare".`, 'compare');
  }
}

function isJob(text: string | undefined): text is string {
  return JobId.safeParse(text).success;
}

function isGiven(flags: Flags, name: string): boolean {
  const value = flags[name as keyof Flags];
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

/** Undefined for a job of the fog. Throws FOG_USAGE. */
async function readBatch(
  flags: Flags,
  rest: readonly string[],
  host: Host,
): Promise<JobRequest | undefined> {
  const [first] = rest;
  const given = ['count', ...Object.keys(JOB_FLAGS)].find((name) => isGiven(flags, name));
  if (given !== undefined && (flags.file !== undefined || isJob(first))) {
    throw usage(
      command,
      `--${given} goes with FILE only; a job, or -f, says it itself.`,
      'compare [--count',
    );
  }
  if (flags.file !== undefined) {
    if (first !== undefined) throw usage(command, `"${first}" does not go with -f.`, 'compare -f');
    const { jobs, isBatch } = await readJobFile(
      flags.file,
      host.clock.now(),
      host.interrupts.asked,
    );
    const [only] = jobs.values();
    if (isBatch || only === undefined) {
      throw usage(command, `${flags.file} holds several jobs; give one of them.`);
    }
    return only.request;
  }
  if (first === undefined) throw usage(command, 'JOB, -f JOB.yaml or FILE is missing.', 'compare');
  if (isJob(first)) return undefined;
  const count = readFlag('--count', flags.count, JOB_VALUES.count) ?? 1;
  const wishes = { ...flags, strategy: undefined };
  const request = { ...(await readServiceJob(wishes, rest, host.clock.now())), array: { count } };
  checkRequest(request);
  return request;
}
