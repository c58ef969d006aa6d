import { isTerminal, type JobEvent, type JobState } from '@fog/wire';
import { sayNext } from '../process/host.ts';
import { eventLine, eventsTable } from '../show/job-text.ts';
import { type JobCall, printJson } from './job-action.ts';

/** Events of the largest job fit; a script reads the rest by the API. */
const MAX_EVENTS = 100_000;

/** What happened so far; with `--follow` until the job ends, over a restart of the fog too. */
export async function showEvents(call: JobCall): Promise<number> {
  const { id, flags, host } = call;
  const events = await readEvents(call, 0);
  if (flags.follow) {
    await followEvents(call, events);
  } else if (flags.json) {
    await printJson(host, { events });
  } else {
    await host.stdout.write(eventsTable(events));
  }
  await sayNext(host, `${host.self} job ${id}`);
  return 0;
}

async function readEvents({ id, client, signal }: JobCall, after: number): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  while (events.length < MAX_EVENTS) {
    const page = await client.events(id, { after: events.at(-1)?.seq ?? after, signal });
    if (page.length === 0) break;
    events.push(...page);
  }
  return events;
}

/** A line each; with `--json` a document each. */
async function followEvents(call: JobCall, before: readonly JobEvent[]): Promise<void> {
  const { id, flags, host, client, signal } = call;
  let last = 0;
  const show = async (event: JobEvent): Promise<boolean> => {
    if (event.seq <= last) return false;
    last = event.seq;
    await host.stdout.write(flags.json ? `${JSON.stringify(event)}\n` : eventLine(event));
    return isEnd(event);
  };
  for (const event of before) if (await show(event)) return;
  for await (const message of client.follow(id, { signal, after: last })) {
    // What was dropped for a slow reader is in the store.
    const missed = message.type === 'lagged' ? await readEvents(call, last) : [];
    for (const event of missed) if (await show(event)) return;
    if (message.type === 'job-event' && (await show(message.event))) return;
  }
  signal.throwIfAborted();
}

/** The end of the job, not that of one of its tasks. */
function isEnd({ type, index }: JobEvent): boolean {
  return index === undefined && isTerminal(type as JobState);
}
