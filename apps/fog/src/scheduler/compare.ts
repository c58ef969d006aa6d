import {
  BatchStrategy,
  JobSpec,
  MAX_PLAN_BUDGET_MS,
  MAX_TIMEOUT_MS,
  parseWith,
  PLACEMENT_STRATEGIES,
} from '@fog/wire';
import { createFogLink, type FogLink } from '../connect/fog-link.ts';
import { again } from '../job/rerun-job.ts';
import { say } from '../process/host.ts';
import { uploadRequest } from '../run/job-request.ts';
import { duration, oneOf, readFlag, whole } from '../run/read-value.ts';
import { defined } from '../run/wishes.ts';
import { compareText, measuredText } from '../show/compare-text.ts';
import { runStrategies } from './measured-run.ts';
import { nodeNames, type SchedulerCall } from './scheduler-call.ts';

/** With fewer, what differs by chance looks like an order. */
const ROUNDS = 3;
/** Each runs the batch under every strategy: more is a matter for a script. */
const MAX_ROUNDS = 20;

/** What the flags ask for. Throws FOG_USAGE. */
export function readWishes({ strategy, rounds, expect, budget }: SchedulerCall['flags']): {
  readonly rounds: number;
  readonly strategies: readonly BatchStrategy[];
  readonly expectedMs: number | undefined;
  readonly budgetMs: number | undefined;
} {
  const chosen = strategy.flatMap(
    (name) => readFlag('--strategy', name, oneOf(BatchStrategy.options)) ?? [],
  );
  return {
    rounds: readFlag('--rounds', rounds, whole({ min: 1, max: MAX_ROUNDS })) ?? ROUNDS,
    strategies: chosen.length === 0 ? PLACEMENT_STRATEGIES : [...new Set(chosen)],
    expectedMs: readFlag('--expect', expect, duration(MAX_TIMEOUT_MS)),
    budgetMs: readFlag('--budget', budget, duration(MAX_PLAN_BUDGET_MS)),
  };
}

/** By forecast, or with `--run` by running the batch once under each. */
export async function compareStrategies(call: SchedulerCall): Promise<void> {
  const { client, host, flags, signal } = call;
  const { strategies, rounds, expectedMs, budgetMs } = readWishes(flags);
  const link = linkOf(call);
  const spec = await specOf(call, link);
  const names = await nodeNames(call);
  if (flags.run) {
    const nodes = await client.nodes({ signal });
    const runs = await runStrategies({ host, link, nodes }, spec, { strategies, rounds });
    const text = flags.json
      ? `${JSON.stringify({ runs })}\n`
      : measuredText(runs, names, host.stdout);
    return host.stdout.write(text);
  }
  const request = { spec, ...defined({ expectedMs, budgetMs }) };
  const all = await client.compareStrategies(request, { signal });
  const forecasts = all.forecasts.filter(({ strategy }) => strategies.includes(strategy));
  const answer = { ...all, forecasts };
  const text = flags.json ? `${JSON.stringify(answer)}\n` : compareText(answer, names, host.stdout);
  await host.stdout.write(text);
}

/** Of a job of the fog, or of what the command line describes. */
async function specOf(
  { client, host, signal, rest, request }: SchedulerCall,
  link: FogLink,
): Promise<JobSpec> {
  if (request === undefined) {
    return again(await client.job(rest[0] ?? '', { signal }), host.clock.now());
  }
  return parseWith(JobSpec, await uploadRequest(link, request, undefined, signal), 'job');
}

function linkOf({ client, target, host }: SchedulerCall): FogLink {
  return createFogLink(target, client, {
    clock: host.clock,
    signal: host.interrupts.forced,
    tell: (text) => void say(host, text),
    locate: async () => undefined,
  });
}
