/** An array job: each task's output whole, in index order. */
import { isTerminal, MAX_WAIT_MS, type TaskOutcome } from '@fog/wire';
import { readOutput } from './read-output.ts';
import type { RunSession } from './run-session.ts';

/** Results fetched at once; each carries up to 2 × 16 KiB of output. */
const PAGE = 200;

/** Ended tasks by index, each as soon as all before it have ended. */
export async function* arrayResults(session: RunSession): AsyncGenerator<TaskOutcome> {
  const { id, link, signal } = session;
  let from = 0;
  for (let total = 1; from < total;) {
    const query = { from, limit: PAGE, waitMs: MAX_WAIT_MS, signal };
    const page = await link.call((client) => client.results(id, query));
    yield* page.results;
    total = page.total;
    // Without news the job has ended or the wait was over; an ended job has no more to come.
    if (page.next === from && (await hasEnded(session))) return;
    from = page.next;
  }
}

async function hasEnded({ link, id, signal }: RunSession): Promise<boolean> {
  return isTerminal((await link.call((client) => client.job(id, { signal }))).state);
}

/** stdout as it is, stderr with `[index] ` before each line. */
export async function printOutcome(session: RunSession, result: TaskOutcome): Promise<void> {
  const { index, outcome } = result;
  const of = { job: session.id, index };
  for await (const chunk of readOutput(session.link, { ...of, stream: 'stdout' }, outcome.stdout)) {
    await session.stdout.write(chunk);
  }
  const stderr = readOutput(session.link, { ...of, stream: 'stderr' }, outcome.stderr);
  for await (const lines of prefixLines(stderr, `[${index}] `)) await session.stderr.write(lines);
}

/** Puts `prefix` before each line, whole lines at a time; a last line without an end gets one. */
export async function* prefixLines(
  source: AsyncIterable<Uint8Array>,
  prefix: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open = '';
  for await (const chunk of source) {
    // Only what is new is searched: a line may be as long as the whole stream.
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    lines[0] = open + (lines[0] ?? '');
    open = lines.pop() ?? '';
    if (lines.length > 0) yield lines.map((line) => `${prefix}${line}\n`).join('');
  }
  open += decoder.decode();
  if (open !== '') yield `${prefix}${open}\n`;
}
