import type { JobEvent } from '@fog/wire';
import { sayNext } from '../process/host.ts';
import { eventsTable } from '../show/job-text.ts';
import { type JobCall, printJson } from './job-action.ts';

/** Events of the largest job fit; a script reads the rest by the API. */
const MAX_EVENTS = 100_000;

export async function showEvents({ id, flags, host, client, signal }: JobCall): Promise<number> {
  const events: JobEvent[] = [];
  while (events.length < MAX_EVENTS) {
    const page = await client.events(id, { after: events.at(-1)?.seq ?? 0, signal });
    if (page.length === 0) break;
    events.push(...page);
  }
  if (flags.json) await printJson(host, { events });
  else await host.stdout.write(eventsTable(events));
  await sayNext(host, `${host.self} job ${id}`);
  return 0;
}
