import { isTerminal } from '@fog/wire';
import { sayNext } from '../process/host.ts';
import { jobText } from '../show/job-text.ts';
import { type JobCall, printJson } from './job-action.ts';

export async function showJob({ id, flags, host, client, signal }: JobCall): Promise<number> {
  const job = await client.job(id, { signal });
  if (flags.json) await printJson(host, { job });
  else await host.stdout.write(jobText(job, host.clock.now()));
  const self = `${host.self} job ${id}`;
  await sayNext(host, isTerminal(job.state) ? `${self} get --output DIR` : `${self} logs -f`);
  return 0;
}
