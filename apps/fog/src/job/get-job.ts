import path from 'node:path';
import { isTerminal, type TaskOutcome } from '@fog/wire';
import { fail } from '../errors.ts';
import { say, sayNext } from '../process/host.ts';
import { prepareOutputDir, saveBytes, saveOutput } from '../run/save-outputs.ts';
import { type JobCall, printJson } from './job-action.ts';

const PAGE = 200;

interface Saved {
  readonly index: number;
  readonly exitCode: number;
  readonly files: readonly string[];
}

/**
 * Saves what ended tasks left: `stdout`, `stderr` and the files they handed back below `output/`; for
 * arrays in a directory for each index.
 */
export async function getJob(call: JobCall): Promise<number> {
  const { id, flags, host, client, signal } = call;
  const job = await client.job(id, { signal });
  if (!isTerminal(job.state) && call.index === undefined) throw notEnded(id);
  const root = await prepareOutputDir(path.resolve(host.cwd, flags.output ?? id));
  const saved: Saved[] = [];
  for await (const result of endedTasks(call)) {
    const target = job.tasks.total > 1 ? path.join(root, String(result.index)) : root;
    saved.push(await saveTask(call, result, await prepareOutputDir(target)));
  }
  if (call.index !== undefined && saved.length === 0) throw notEnded(`${id} [${call.index}]`);
  if (flags.json) await printJson(host, { job: id, directory: root, tasks: saved });
  else await say(host, `saved ${countText(saved)} in ${root}`);
  await sayNext(host, `${host.self} job ${id}`);
  return 0;
}

async function* endedTasks({ id, index, client, signal }: JobCall): AsyncGenerator<TaskOutcome> {
  let from = index ?? 0;
  for (;;) {
    const limit = index === undefined ? PAGE : 1;
    const page = await client.results(id, { from, limit, signal });
    yield* page.results;
    if (index !== undefined || page.next === from || page.next >= page.total) return;
    from = page.next;
  }
}

async function saveTask(
  { id, client, signal }: JobCall,
  { index, outcome }: TaskOutcome,
  directory: string,
): Promise<Saved> {
  const files: string[] = [];
  for (const name of ['stdout', 'stderr'] as const) {
    const stored = await client.readStream(id, index, name, { signal });
    files.push(await saveBytes(directory, name, stored));
  }
  if (outcome.files.length > 0) {
    const below = await prepareOutputDir(path.join(directory, 'output'));
    for (const file of outcome.files) {
      const stored = await client.readFile(id, index, file.path, { signal });
      files.push(await saveOutput(below, file.path, stored));
    }
  }
  return { index, exitCode: outcome.exitCode, files };
}

function countText(saved: readonly Saved[]): string {
  const files = saved.reduce((sum, task) => sum + task.files.length, 0);
  return `${files} files of ${saved.length} ${saved.length === 1 ? 'task' : 'tasks'}`;
}

function notEnded(what: string): Error {
  return fail('FOG_NOT_ENDED', {
    message: `Job ${what} has not ended. Wait for it with "logs -f", or end it with "cancel".`,
  });
}
