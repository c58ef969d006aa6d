import { say, sayNext } from '../process/host.ts';
import { stateText } from '../show/job-text.ts';
import { type JobCall, printJson } from './job-action.ts';

export async function cancelJob({ id, flags, host, client, signal }: JobCall): Promise<number> {
  const job = await client.cancel(id, { signal });
  if (flags.json) await printJson(host, { job });
  else await say(host, `job ${id} is ${stateText(job)}`);
  await sayNext(host, `${host.self} job ${id}`);
  return 0;
}
