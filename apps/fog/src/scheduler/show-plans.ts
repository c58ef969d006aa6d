import { fail } from '../errors.ts';
import { say, sayNext } from '../process/host.ts';
import { frontText, schedulerText } from '../show/scheduler-text.ts';
import { nodeNames, type SchedulerCall } from './scheduler-call.ts';

export async function showStatus({ client, host, flags, signal }: SchedulerCall): Promise<void> {
  const status = await client.scheduler({ signal });
  const text = flags.json ? `${JSON.stringify(status)}\n` : schedulerText(status, host.clock.now());
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
      message: `${job} was not placed as a whole: its tasks went where there was room. "--strategy nsga2" asks for a plan.`,
    });
  }
  if (flags.json) return host.stdout.write(`${JSON.stringify({ plans })}\n`);
  await host.stdout.write(frontText(newest, await nodeNames(call)));
  if (plans.length > 1) await say(host, `${plans.length - 1} older plans of it are in --json`);
}
