/** What 10,000 nodes that beat every 15 s, each on a socket of its own, cost a coordinator that stores what it hears. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openStore } from '@fog/store';
import { Child, tempDir, type TempDir } from '@fog/testkit';
import type { BenchmarkContext } from '../benchmark.ts';
import { rssMb, startCoordinator } from '../jobs/fleet.ts';
import { type LoadCounts, loadIdentity } from './load-node.ts';

const NODES = 10_000;
const PROCESSES = 2;
const LOAD_PROCESS = fileURLToPath(new URL('load-process.ts', import.meta.url));
const JOIN_DEADLINE_MS = 120_000;
/** Whole heartbeat periods: in each every node beats once, however their beats are spread over it. */
const MEASURE_MS = 30_000;
const QUICK_MEASURE_MS = 15_000;
/** The account that `fog up` makes for who starts it. */
const OWNER = 'operator';
const ROWS_A_STATEMENT = 1_000;
/** Of /proc/PID/stat: Linux reports in hundredths of a second everywhere. */
const TICKS_PER_SECOND = 100;

/**
 * `meanwhile` is measured while the nodes beat, with a fog of its own: it waits for most of its time, and what
 * the beats cost is counted in CPU time of the one coordinator, which the load of the others does not enter.
 */
export async function measureHeartbeats(
  { quick, say }: BenchmarkContext,
  meanwhile: () => Promise<Record<string, number>>,
): Promise<Record<string, number>> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  await enrolNodes(dir);
  const { client, process } = await startCoordinator(dir);
  stack.use(process);
  say(`${NODES} nodes join`);
  const joinFrom = performance.now();
  const load = Array.from({ length: PROCESSES }, (_, at) =>
    stack.use(startLoad(client.url, at * (NODES / PROCESSES))),
  );
  await Promise.all(load.map((each) => each.output(/joined\n/, JOIN_DEADLINE_MS)));
  const joinMs = performance.now() - joinFrom;
  const forMs = quick ? QUICK_MEASURE_MS : MEASURE_MS;
  say(`they beat for ${forMs / 1000} s`);
  const beats = async (): Promise<Record<string, number>> => {
    const before = await countsOf(load, 'before');
    const cpuBefore = await cpuSeconds(process.pid);
    const from = performance.now();
    await sleep(forMs);
    const seconds = (performance.now() - from) / 1000;
    const cpu = (await cpuSeconds(process.pid)) - cpuBefore;
    const after = await countsOf(load, 'after');
    if (after.lost > 0) throw new Error(`${after.lost} nodes lost their connection`);
    const { online } = (await client.status()).nodes;
    if (online !== NODES) throw new Error(`${online} of ${NODES} nodes are online`);
    return {
      heartbeats10kCpuPct: (cpu / seconds) * 100,
      heartbeats10kPerSecond: (after.acks - before.acks) / seconds,
      heartbeats10kRssMb: await rssMb(process.pid),
    };
  };
  const [figures, others] = await Promise.all([beats(), meanwhile()]);
  return { ...figures, join10kPerSecond: (NODES / joinMs) * 1000, ...others };
}

/** As if all of them had joined before a restart: join codes are for ten machines each, and a person hands them out. */
async function enrolNodes(dir: TempDir): Promise<void> {
  const { process } = await startCoordinator(dir);
  await process.stop();
  const store = await openStore({ dir: dir.path });
  const now = Date.now();
  const rows = Array.from({ length: NODES }, (_, at) => ({
    node: loadIdentity(at).id,
    account: OWNER,
    enrolled_at: now,
  }));
  await store.write(async (trx) => {
    for (let from = 0; from < NODES; from += ROWS_A_STATEMENT) {
      const some = rows.slice(from, from + ROWS_A_STATEMENT);
      await trx.insertInto('node_owner').values(some).execute();
    }
  });
  await store.close();
}

function startLoad(url: string, first: number): Child {
  const args = [LOAD_PROCESS, url, String(first), String(NODES / PROCESSES)];
  return new Child({ args, stdin: true });
}

async function countsOf(load: readonly Child[], word: string): Promise<LoadCounts> {
  const sum: LoadCounts = { beats: 0, acks: 0, lost: 0 };
  for (const each of load) {
    each.stdin?.write(`${word}\n`);
    const [, json = ''] = await each.output(new RegExp(`^${word} (.*)$`, 'm'));
    const { beats, acks, lost } = JSON.parse(json) as LoadCounts;
    sum.beats += beats;
    sum.acks += acks;
    sum.lost += lost;
  }
  return sum;
}

/** Of all threads of a process. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold blanks; utime and stime are the 12th and 13th field behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
