/** Really runs a batch under each strategy, some times over, and tells what it took. */
import { randomUUID } from 'node:crypto';
import { type BatchStrategy, type FogNode, type JobSpec, taskCount } from '@fog/wire';
import { formatDuration } from '@fog/kernel';
import type { FogLink } from '../connect/fog-link.ts';
import { type Host, say } from '../process/host.ts';
import { openSession, type RunSession, waitForEnd } from '../run/run-session.ts';
import { arrayResults } from '../run/stream-array.ts';
import { type MeasuredRun, type Standing, standings } from './standings.ts';

/** Trust of a node nobody knows anything of. */
const NEWCOMER_TRUST = 0.3;
const MS_PER_HOUR = 3_600_000;
const BYTES_PER_GB = 1e9;

interface RunParts {
  readonly host: Host;
  readonly link: FogLink;
  readonly nodes: readonly FogNode[];
}

/** Some tasks before: all nodes shall have the program. */
export async function runStrategies(
  parts: RunParts,
  spec: JobSpec,
  { strategies, rounds }: { strategies: readonly BatchStrategy[]; rounds: number },
): Promise<Standing[]> {
  const slots = parts.nodes.reduce((sum, { capabilities }) => sum + capabilities.slots, 0);
  await say(parts.host, 'some tasks first, so that all nodes have the program');
  await runOnce(parts, firstTasks(spec, 2 * slots), 'greedy');
  const runs: MeasuredRun[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const strategy of inTurn(strategies, round)) {
      const run = await runOnce(parts, spec, strategy);
      const which = rounds === 1 ? '' : ` (round ${round + 1} of ${rounds})`;
      const took = formatDuration(run.makespanMs);
      await say(parts.host, `${strategy}: ${run.job} took ${took}${which}`);
      runs.push(run);
    }
  }
  return standings(runs);
}

/** Every other round goes backwards: what drifts on the machines falls on none alone. */
function inTurn(strategies: readonly BatchStrategy[], round: number): readonly BatchStrategy[] {
  return round % 2 === 0 ? strategies : strategies.toReversed();
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
): Promise<MeasuredRun> {
  const idempotencyKey = randomUUID();
  const { id } = await link.call((client) =>
    client.submit({ ...spec, strategy }, { idempotencyKey }),
  );
  using session = openSession(host, link, id);
  const job = await waitForEnd(session, (text) => void say(host, `${strategy}: ${text}`));
  host.interrupts.asked.throwIfAborted();
  const makespanMs = (job.endedAt ?? host.clock.now()) - job.createdAt;
  const beganMs = (job.startedAt ?? job.createdAt + makespanMs) - job.createdAt;
  return { strategy, job: id, makespanMs, beganMs, ...(await measure(session, spec, nodes)) };
}

async function measure(
  session: RunSession,
  spec: JobSpec,
  nodes: readonly FogNode[],
): Promise<Pick<MeasuredRun, 'cost' | 'failures' | 'trust' | 'perNode'>> {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const perNode: Record<string, number> = {};
  let [cost, failures, trust, count] = [0, 0, 0, 0];
  // What the machines of others ask, and how far they are trusted, is told to them and to operators.
  let isTold = true;
  for await (const { state, node: id, outcome } of arrayResults(session)) {
    const node = id === undefined ? undefined : known.get(id);
    if (id !== undefined) perNode[id] = (perNode[id] ?? 0) + 1;
    isTold &&= id === undefined || node !== undefined;
    failures += state === 'settled' ? 0 : 1;
    // A task that no machine ran says nothing of their trust.
    count += node === undefined ? 0 : 1;
    trust += node === undefined ? 0 : (node.trust ?? NEWCOMER_TRUST);
    cost += (hourPrice(spec, node) * outcome.usage.wallMs) / MS_PER_HOUR;
  }
  return {
    ...(isTold ? { cost } : {}),
    ...(isTold && count > 0 ? { trust: trust / count } : {}),
    failures,
    perNode,
  };
}

function hourPrice({ resources }: JobSpec, node: FogNode | undefined): number {
  const prices = node?.profile.prices;
  if (prices === undefined) return 0;
  const { cores = 1, memoryBytes, gpus = 0 } = resources;
  return (
    cores * prices.cpuHour + (memoryBytes / BYTES_PER_GB) * prices.gbHour + gpus * prices.gpuHour
  );
}
