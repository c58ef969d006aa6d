/** `npm run nemesis`: a fleet of real processes under attack, and the check that it kept its promises. */
import { errorMessage } from '@fog/kernel';
import { ACTIONS } from './actions.ts';
import { checkJobs } from './check-jobs.ts';
import { checkRuns } from './check-runs.ts';
import { checkTasks } from './check-tasks.ts';
import { isEnclosed, runEnclosed, whyNotEnclosed } from './enclosure.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { readHistory } from './history.ts';
import { runNemesis } from './nemesis.ts';
import { type NemesisOptions, readOptions, USAGE } from './options.ts';
import { newRecords } from './records.ts';
import { reportText } from './report.ts';
import { lateResults, makeSchedule } from './schedule.ts';
import { startWorkload } from './workload.ts';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** True when every promise was kept, and something was tested. */
async function run(options: NemesisOptions): Promise<boolean> {
  say(`seed ${options.seed}`);
  await using fleet = await startFleet(options);
  say(`fleet of ${fleet.members().length} processes is up`);
  const records = newRecords();
  const workload = await startWorkload(fleet.accounts, options, records);
  const chosen = ACTIONS.filter(
    ({ name, possible }) =>
      possible(fleet) && (options.actions.length === 0 || options.actions.includes(name)),
  );
  const steps = options.breakFencing
    ? lateResults()
    : makeSchedule(options.seed, options.totalMs, chosen);
  for (const { atMs, action, lastsMs } of steps)
    say(`plan ${atMs} ms: ${action} for ${lastsMs} ms`);
  const nemesis = await runNemesis(fleet, steps, say);
  const healedMs = Date.now();
  say('all is mended; waiting for the jobs to end');
  await workload.drain(options.drainMs);
  const drainMs = Date.now() - healedMs;
  const history = await readHistory(fleet.store);
  const runs = await checkRuns(fleet);
  const violations = [
    ...checkJobs(records, history),
    ...checkTasks(records, history),
    ...runs.violations,
  ];
  const outcome = { seed: options.seed, nemesis, records, history, runs, violations, drainMs };
  say(reportText(outcome));
  tellDead(fleet);
  const tested = nemesis.done.length > 0 && history.results.size > 0 && runs.runs > 0;
  if (!tested) say('nothing was tested');
  return tested && violations.length === 0 && nemesis.problems.length === 0;
}

/** A process that ended without being told to. */
function tellDead(fleet: Fleet): void {
  for (const member of fleet.members()) if (!member.running) say(member.describe());
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    say(USAGE);
    return 0;
  }
  let options: NemesisOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`nemesis: ${errorMessage(error)}\n\n${USAGE}`);
    return 2;
  }
  if (!isEnclosed()) {
    const why = whyNotEnclosed();
    if (why === undefined) return runEnclosed([import.meta.filename, ...args]);
    say(`no network is cut and no disk is filled here: ${why}`);
  }
  return (await run(options)) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
