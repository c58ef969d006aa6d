/** The agent that runs a task is killed with SIGKILL: how soon its lease is freed, and the task runs on another node. */
import { sleepModule, tempDir, waitFor, type Child } from '@fog/testkit';
import type { FogClient } from '@fog/server/client';
import type { JobEvent } from '@fog/wire';
import type { BenchmarkContext } from '../benchmark.ts';
import { joinWorker, startCoordinator } from '../jobs/fleet.ts';
import { upload } from '../jobs/measure.ts';
import { median } from '../statistics.ts';

/** The task outlives the measurement. */
const TASK_MS = 600_000;
const DEADLINE_MS = 120_000;

interface Move {
  readonly detectMs: number;
  readonly runsMs: number;
}

export async function measureMoves({
  quick,
  say,
}: BenchmarkContext): Promise<Record<string, number>> {
  say('a worker is killed meanwhile, its task moves');
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const { client, process } = await startCoordinator(dir);
  stack.use(process);
  const { code } = await client.createJoinCode();
  const join = async (online: number): Promise<Child> => {
    const worker = stack.use(joinWorker(client.url, code, stack.use(await tempDir())));
    await waitFor(
      'the worker to connect',
      async () => (await client.status()).nodes.online === online,
      { describe: () => worker.describe() },
    );
    return worker;
  };
  let holder = await join(1);
  const module = await upload(client, sleepModule(TASK_MS));
  const { id } = await client.submit({ runtime: 'wasm', module, moduleName: 'sleep.wasm' });
  let seen = (await nextEvent(client, id, { type: 'running', after: 0 })).seq;
  const moves: Move[] = [];
  for (let i = 0; i < (quick ? 1 : 5); i += 1) {
    // One is connected at a time when it begins, so that it is known which of the two runs the task.
    const spare = await join(2);
    const killedAt = Date.now();
    await holder.kill();
    const lost = await nextEvent(client, id, { type: 'lost', after: seen });
    const runs = await nextEvent(client, id, { type: 'running', after: lost.seq });
    moves.push({ detectMs: lost.time - killedAt, runsMs: runs.time - killedAt });
    seen = runs.seq;
    holder = spare;
  }
  await client.cancel(id);
  return {
    detectDeadMs: median(moves.map(({ detectMs }) => detectMs)),
    redistributeMs: median(moves.map(({ runsMs }) => runsMs)),
  };
}

/** Times of events are the coordinator's; it runs on the clock of this machine. */
function nextEvent(
  client: FogClient,
  job: string,
  { type, after }: { readonly type: string; readonly after: number },
): Promise<JobEvent> {
  return waitFor(
    `the event "${type}" of the task`,
    async () => (await client.events(job, { after })).find((event) => event.type === type),
    { deadlineMs: DEADLINE_MS },
  );
}
