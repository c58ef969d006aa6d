import { sayNext } from '../process/host.ts';
import { whyText } from '../show/why-text.ts';
import { type JobCall, printJson } from './job-action.ts';

export async function showWhy({ id, flags, host, client, signal }: JobCall): Promise<number> {
  const why = await client.why(id, { signal });
  if (flags.json) await printJson(host, why);
  else await host.stdout.write(whyText(why, host.stdout));
  await sayNext(host, `${host.self} job ${id}`);
  return 0;
}
