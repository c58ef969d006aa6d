import { BatchStrategy, isTerminal, type JobDetail } from '@fog/wire';
import { fail } from '../errors.ts';
import { say, sayNext } from '../process/host.ts';
import { frontText, schedulerText } from '../show/scheduler-text.ts';
import { nodeNames, type SchedulerCall } from './scheduler-call.ts';

export async function showStatus({ client, host, flags, signal }: SchedulerCall): Promise<void> {
  const status = await client.scheduler({ signal });
  const text = flags.json
    ? `${JSON.stringify(status)}\n`
    : schedulerText(status, host.clock.now(), host.stdout);
  await host.stdout.write(text);
  const [job] = status.last[0]?.jobs ?? [];
  if (job !== undefined) await sayNext(host, `${host.self} scheduler front ${job}`);
}

/** Of the newest plan; all of them as JSON. Throws FOG_NO_PLAN. */
export async function showFront(call: SchedulerCall): Promise<void> {
  const { client, host, flags, signal, rest } = call;
  const [job = ''] = rest;
  const plans = await client.fronts({ job }, { signal });
  const [newest] = plans;
  if (newest === undefined) {
    throw fail('FOG_NO_PLAN', {
      message: `There is no plan of ${job}: ${noPlan(await client.job(job, { signal }))}`,
    });
  }
  if (flags.json) return host.stdout.write(`${JSON.stringify({ plans })}\n`);
  await host.stdout.write(frontText(newest, await nodeNames(call), host.stdout));
  if (plans.length > 1) await say(host, `${plans.length - 1} older plans of it are in --json`);
}

/** Why a job has none, as far as its spec and state tell. */
function noPlan({ id, state, cause, spec: { strategy = 'auto' } }: JobDetail): string {
  const isOpen = !isTerminal(state);
  if (strategy === 'auto') {
    const go = isOpen ? 'its tasks go' : 'its tasks went';
    return `${go} where there is room, as "auto" decides where a plan does not pay. "--strategy nsga2" asks for one.`;
  }
  if (!BatchStrategy.safeParse(strategy).success || strategy === 'greedy') {
    return `"${strategy}" places each task by itself. "--strategy nsga2" asks for a plan.`;
  }
  if (isOpen) return `none has been made yet${cause === undefined ? '' : `; it ${cause}`}.`;
  return `none could be made, or it is no longer kept. "fog job ${id} why" tells its past.`;
}
