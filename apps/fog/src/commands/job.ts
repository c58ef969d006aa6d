import { JobId, MAX_ARRAY_TASKS } from '@fog/wire';
import { defineCommand, type FlagValues } from '../command/command.ts';
import { usage } from '../command/parse-flags.ts';
import { FOG_FLAGS, JSON_FLAG } from '../command/shared-flags.ts';
import { suggest } from '../command/suggest.ts';
import { openClient } from '../connect/open-client.ts';
import { cancelJob } from '../job/cancel-job.ts';
import { getJob } from '../job/get-job.ts';
import type { JobAction } from '../job/job-action.ts';
import { jobLogs } from '../job/job-logs.ts';
import { rerunJob } from '../job/rerun-job.ts';
import { showEvents } from '../job/show-events.ts';
import { showJob } from '../job/show-job.ts';
import { showProof } from '../job/show-proof.ts';
import { showWhy } from '../job/show-why.ts';
import { readWhole } from '../run/run-flags.ts';

const FLAGS = {
  follow: { type: 'boolean', short: 'f', help: 'logs, events: go on until the job ends' },
  index: {
    type: 'text',
    short: 'i',
    value: 'N',
    help: 'logs, get, proof: one task of an array (logs, proof: 0)',
  },
  stderr: { type: 'boolean', help: 'logs: stderr in place of stdout' },
  output: {
    type: 'text',
    value: 'DIR',
    help: 'get: where to save (a directory named after the job); rerun: where files go',
  },
  detach: { type: 'boolean', help: 'rerun: print the id of the new job and leave it running' },
  ...JSON_FLAG,
  ...FOG_FLAGS,
} as const;
export type JobFlags = FlagValues<typeof FLAGS>;

const ACTIONS: Readonly<Record<string, { readonly run: JobAction; readonly flags: string[] }>> = {
  show: { run: showJob, flags: [] },
  logs: { run: jobLogs, flags: ['follow', 'index', 'stderr'] },
  get: { run: getJob, flags: ['index', 'output'] },
  cancel: { run: cancelJob, flags: [] },
  events: { run: showEvents, flags: ['follow'] },
  why: { run: showWhy, flags: [] },
  proof: { run: showProof, flags: ['index'] },
  rerun: { run: rerunJob, flags: ['output', 'detach'] },
};

export const command = defineCommand({
  name: 'job',
  summary: 'show a job; read its logs, get its output, ask why, cancel it, run it again',
  usage: [
    'job ID [flags]',
    'job ID logs [-f] [--index N] [--stderr]',
    'job ID get [--index N] [--output DIR]',
    'job ID why',
    'job ID proof [--index N]',
    'job ID events [-f]',
    'job ID rerun [--output DIR] [--detach]',
    'job ID cancel',
  ],
  about: `
  "why" tells what the job waits for, or why it ended so, and what each node says to it. "rerun" submits
  the same program, inputs and demands as a new job and sees it through as "fog run" does; a deadline
  gives the new job as much time as the old one had. "proof" prints what the node that gave a result has
  signed, as JSON, and checks it on this machine.`,
  flags: FLAGS,
  args: ['ID', '[ACTION]'],
  examples: [
    { line: 'fog job jabcdefghijkl', does: 'its state, and why' },
    { line: 'fog job jabcdefghijkl logs -f', does: 'its output while it runs' },
    { line: 'fog job jabcdefghijkl why', does: 'what it waits for, and what each node says' },
    { line: 'fog job jabcdefghijkl get --output results', does: 'stdout, stderr and files' },
  ],
  run: async ({ flags, args, host }) => {
    const [id = '', name = 'show'] = args;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) {
      const isTurned = Object.hasOwn(ACTIONS, id) && JobId.safeParse(name).success;
      const near = isTurned ? `${name} ${id}` : suggest(name, Object.keys(ACTIONS));
      const hint = near
        ? `Did you mean "${isTurned ? 'fog job ' : ''}${near}"?`
        : `There are ${Object.keys(ACTIONS).join(', ')}.`;
      throw usage(command, `Unknown action "${name}". ${hint}`);
    }
    if (!JobId.safeParse(id).success) {
      throw usage(
        command,
        `"${id}" is no job id (j and 12 letters or digits; "fog jobs" lists them).`,
      );
    }
    checkFlags(name, action.flags, flags);
    const index = readWhole('--index', flags.index, { min: 0, max: MAX_ARRAY_TASKS - 1 });
    const opened = await openClient(flags, host);
    // A task the job does not have would be waited for without end.
    if (index !== undefined) await opened.client.task(id, index, { signal: opened.signal });
    return action.run({ id, index, flags, host, ...opened });
  },
});

const ACTION_FLAGS = ['follow', 'index', 'stderr', 'output', 'detach'] as const;

function checkFlags(action: string, allowed: readonly string[], flags: JobFlags): void {
  for (const flag of ACTION_FLAGS) {
    const given = flags[flag] === true || typeof flags[flag] === 'string';
    if (given && !allowed.includes(flag)) {
      throw usage(command, `--${flag} means nothing for "fog job ID ${action}".`);
    }
  }
}
