/** Really runs a batch once under each strategy and tells what it took. */
import { randomUUID } from 'node:crypto';
import { type BatchStrategy, type FogNode, type JobSpec, taskCount } from '@fog/wire';
import { formatDuration } from '@fog/kernel';
import type { FogLink } from '../connect/fog-link.ts';
import { type Host, say } from '../process/host.ts';
import { openSession, type RunSession, waitForEnd } from '../run/run-session.ts';
import { arrayResults } from '../run/stream-array.ts';
import { creditsText, nodesText } from '../show/scheduler-text.ts';
import { table } from '../show/table.ts';

export interface MeasuredRun {
  readonly strategy: BatchStrategy;
  readonly job: string;
  readonly makespanMs: number;
  /** µ-credits by the nodes' asking prices, for what the tasks held as long as they ran. */
  readonly cost: number;
  readonly failures: number;
  /** Of the nodes used, by task; one without evidence counts as a newcomer. */
  readonly trust: number;
  readonly perNode: Readonly<Record<string, number>>;
  readonly dominatedBy: readonly BatchStrategy[];
}

type Measured = Omit<MeasuredRun, 'dominatedBy'>;

/** Trust of a node nobody knows anything of. */
const NEWCOMER_TRUST = 0.3;
/** Runs of one and the same plan differ by as much. */
const NOISE = 0.05;
const MS_PER_HOUR = 3_600_000;
const BYTES_PER_GB = 1e9;

interface RunParts {
  readonly host: Host;
  readonly link: FogLink;
  readonly nodes: readonly FogNode[];
}

/** One after the other, and some tasks before: all nodes shall have the program. */
export async function runStrategies(
  parts: RunParts,
  spec: JobSpec,
  strategies: readonly BatchStrategy[],
): Promise<MeasuredRun[]> {
  const slots = parts.nodes.reduce((sum, { capabilities }) => sum + capabilities.slots, 0);
  await say(parts.host, 'some tasks first, so that all nodes have the program');
  await runOnce(parts, firstTasks(spec, 2 * slots), 'greedy');
  const runs: Measured[] = [];
  for (const strategy of strategies) {
    const run = await runOnce(parts, spec, strategy);
    await say(parts.host, `${strategy}: ${run.job} took ${formatDuration(run.makespanMs)}`);
    runs.push(run);
  }
  return runs.map((run) => ({
    ...run,
    dominatedBy: runs.filter((other) => dominates(other, run)).map(({ strategy }) => strategy),
  }));
}

function firstTasks(spec: JobSpec, most: number): JobSpec {
  const { array } = spec;
  if (array === undefined || taskCount(spec) <= most) return spec;
  return {
    ...spec,
    array: 'count' in array ? { count: most } : { items: array.items.slice(0, most) },
  };
}

async function runOnce(
  { host, link, nodes }: RunParts,
  spec: JobSpec,
  strategy: BatchStrategy,
): Promise<Measured> {
  const idempotencyKey = randomUUID();
  const { id } = await link.call((client) =>
    client.submit({ ...spec, strategy }, { idempotencyKey }),
  );
  using session = openSession(host, link, id);
  const job = await waitForEnd(session, (text) => void say(host, `${strategy}: ${text}`));
  host.interrupts.asked.throwIfAborted();
  const makespanMs = (job.endedAt ?? host.clock.now()) - job.createdAt;
  return { strategy, job: id, makespanMs, ...(await measure(session, spec, nodes)) };
}

async function measure(
  session: RunSession,
  spec: JobSpec,
  nodes: readonly FogNode[],
): Promise<Pick<Measured, 'cost' | 'failures' | 'trust' | 'perNode'>> {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const perNode: Record<string, number> = {};
  let [cost, failures, trust, count] = [0, 0, 0, 0];
  for await (const { state, node: id, outcome } of arrayResults(session)) {
    const node = id === undefined ? undefined : known.get(id);
    if (id !== undefined) perNode[id] = (perNode[id] ?? 0) + 1;
    count += 1;
    failures += state === 'settled' ? 0 : 1;
    trust += node?.trust ?? NEWCOMER_TRUST;
    cost += (hourPrice(spec, node) * outcome.usage.wallMs) / MS_PER_HOUR;
  }
  return { cost, failures, trust: count === 0 ? 0 : trust / count, perNode };
}

function hourPrice({ resources }: JobSpec, node: FogNode | undefined): number {
  const prices = node?.profile.prices;
  if (prices === undefined) return 0;
  const { cores = 1, memoryBytes, gpus = 0 } = resources;
  return (
    cores * prices.cpuHour + (memoryBytes / BYTES_PER_GB) * prices.gbHour + gpus * prices.gpuHour
  );
}

/** No worse in anything, and better in something, by more than two runs differ. */
function dominates(a: Measured, b: Measured): boolean {
  const gaps = [
    gap(a.makespanMs, b.makespanMs),
    gap(a.cost, b.cost),
    gap(a.failures, b.failures),
    gap(1 - a.trust, 1 - b.trust),
  ];
  return gaps.every((each) => each <= 0) && gaps.some((each) => each < 0);
}

/** Below 0 when `a` is less than `b`; 0 within the noise. */
function gap(a: number, b: number): number {
  return Math.abs(a - b) <= NOISE * Math.max(a, b) ? 0 : a - b;
}

export function measuredText(
  runs: readonly MeasuredRun[],
  names: ReadonlyMap<string, string>,
): string {
  const rows = runs.map((run) => [
    run.strategy,
    formatDuration(run.makespanMs),
    creditsText(run.cost),
    String(run.failures),
    run.trust.toFixed(2),
    run.dominatedBy.length === 0 ? '-' : run.dominatedBy.join(', '),
    run.job,
    nodesText(run.perNode, names),
  ]);
  return table([HEAD, ...rows], { right: [1, 2, 3, 4] });
}

const HEAD = ['STRATEGY', 'MAKESPAN', 'COST', 'FAILED', 'TRUST', 'DOMINATED BY', 'JOB', 'TASKS'];
