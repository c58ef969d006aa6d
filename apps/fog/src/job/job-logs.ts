import { isTerminal, MAX_WAIT_MS } from '@fog/wire';
import { fail } from '../errors.ts';
import type { FogLink } from '../connect/fog-link.ts';
import { sayNext } from '../process/host.ts';
import { readOutput } from '../run/read-output.ts';
import { type StreamName, streamTask } from '../run/stream-task.ts';
import { type JobCall, linkOf, printJson } from './job-action.ts';

/** Prints one stream of one task; with `--follow` until the task ends. */
export async function jobLogs(call: JobCall): Promise<number> {
  const { id, flags, host } = call;
  const index = call.index ?? 0;
  const name: StreamName = flags.stderr ? 'stderr' : 'stdout';
  const link = linkOf(call, call.signal);
  if (flags.follow && !flags.json) {
    await streamTask({
      host,
      link,
      job: id,
      index,
      sinks: { [name]: (chunk: Uint8Array) => host.stdout.write(chunk) },
      ended: () => taskEnd(call, link, index),
    });
  } else {
    if (flags.follow) await taskEnd(call, link, index);
    await printStored(call, link, { index, name });
  }
  await sayNext(host, `${host.self} job ${id}`);
  return 0;
}

async function taskEnd({ id, signal }: JobCall, link: FogLink, index: number): Promise<void> {
  const query = { from: index, limit: 1, waitMs: MAX_WAIT_MS, signal };
  for (;;) {
    const page = await link.call((client) => client.results(id, query));
    if (page.results.length > 0) return;
  }
}

async function printStored(
  { id, flags, host }: JobCall,
  link: FogLink,
  { index, name }: { readonly index: number; readonly name: StreamName },
): Promise<void> {
  const task = await link.call((client) => client.task(id, index));
  if (task.outcome === undefined || !isTerminal(task.state)) {
    throw fail('FOG_NOT_ENDED', {
      message: `Task ${index} of job ${id} has not ended. Follow it with -f.`,
      details: { job: id, index },
    });
  }
  const parts: Uint8Array[] = [];
  const stored = readOutput(link, { job: id, index, stream: name }, task.outcome[name]);
  for await (const chunk of stored) {
    if (flags.json) parts.push(chunk);
    else await host.stdout.write(chunk);
  }
  if (flags.json) {
    await printJson(host, { job: id, index, [name]: Buffer.concat(parts).toString('utf8') });
  }
}
