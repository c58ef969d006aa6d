import { MAX_PAGE } from '@fog/wire';
import { defineCommand } from '../command/command.ts';
import { usage } from '../command/parse-flags.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { openClient } from '../connect/open-client.ts';
import { sayNext } from '../process/host.ts';
import { readWhole } from '../run/run-flags.ts';
import { jobsTable } from '../show/job-text.ts';

/** What fits on a screen. */
const DEFAULT_LIMIT = 20;

export const command = defineCommand({
  name: 'jobs',
  summary: 'list jobs',
  usage: ['jobs [--open|--all] [--limit N] [flags]'],
  about: '  The newest first; 20 of them, open and ended, when no flag says otherwise.',
  flags: {
    open: { type: 'boolean', help: 'only jobs that have not ended' },
    all: { type: 'boolean', help: 'every job there is' },
    limit: { type: 'text', value: 'N', help: 'at most N jobs (20)' },
    ...JSON_FLAG,
    ...FOG_FLAGS,
  },
  args: [],
  examples: [
    { line: 'fog jobs', does: 'the last 20 jobs' },
    { line: 'fog jobs --open --json', does: 'what is going on, for a script' },
  ],
  run: async ({ flags, host }) => {
    if (flags.all && flags.limit !== undefined) {
      throw usage(command, '--all and --limit exclude each other.');
    }
    const limit =
      readWhole('--limit', flags.limit, { min: 1, max: 1_000_000 }) ??
      (flags.all ? Number.POSITIVE_INFINITY : DEFAULT_LIMIT);
    const { client, signal } = await openClient(flags, host);
    const jobs = [];
    let after: string | undefined;
    do {
      const page = await client.jobs({
        open: flags.open,
        limit: Math.min(limit - jobs.length, MAX_PAGE),
        signal,
        ...(after === undefined ? {} : { after }),
      });
      jobs.push(...page.jobs);
      after = page.next;
    } while (after !== undefined && jobs.length < limit);
    if (flags.json) await host.stdout.write(`${JSON.stringify({ jobs })}\n`);
    else if (jobs.length === 0) await host.stdout.write('No jobs.\n');
    else await host.stdout.write(jobsTable(jobs, host.clock.now()));
    const [first] = jobs;
    await sayNext(
      host,
      first === undefined ? `${host.self} run FILE` : `${host.self} job ${first.id}`,
    );
    return 0;
  },
});
