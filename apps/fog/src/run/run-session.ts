import { isTerminal, type JobDetail, MAX_WAIT_MS } from '@fog/wire';
import type { FogLink } from '../connect/fog-link.ts';
import type { Output } from '../process/output.ts';
import { fail } from '../errors.ts';
import { type Host, say } from '../process/host.ts';

/** One submitted job as `fog run` sees it through. */
export interface RunSession {
  readonly host: Host;
  readonly link: FogLink;
  readonly id: string;
  /** stdout and stderr of the job; what is written after an interrupt is dropped. */
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted when waiting is over for good: forced, or the cancelled job does not end. */
  readonly signal: AbortSignal;
}

/** A cancelled job ends at once; only a fog that cannot be reached takes longer. */
const CANCEL_DEADLINE_MS = 10_000;
/** A job that has not started by then is worth a word. */
const FIRST_POLL_MS = 3_000;

/** Sees one job through; disposing it stops the watch. */
export function openSession(host: Host, link: FogLink, id: string): RunSession & Disposable {
  return { ...openSessions(host, link, [id]), id };
}

export type Watch = Omit<RunSession, 'id'> & Disposable;

/**
 * Cancels the jobs when the user interrupts, when the reader of stdout goes away, or when the session
 * itself fails; disposing it stops the watch.
 */
export function openSessions(host: Host, link: FogLink, ids: readonly string[]): Watch {
  const given = new AbortController();
  const { asked, forced } = host.interrupts;
  let stopDeadline = (): void => {};
  const cancel = (): void => {
    stopDeadline = host.clock.after(CANCEL_DEADLINE_MS, () => given.abort(notCancelled()));
    // A fog that lost the jobs, or cannot be reached, is what the deadline is for.
    void cancelAll(link, ids).catch(() => {});
  };
  const interrupted = (): void => {
    const what = ids.length === 1 ? 'the job' : `${ids.length} jobs`;
    void say(host, `cancelling ${what} (Ctrl-C again to leave at once)`);
    cancel();
  };
  const force = (): void => given.abort(forced.reason);
  asked.addEventListener('abort', interrupted, { once: true });
  forced.addEventListener('abort', force, { once: true });
  host.stdout.closed.addEventListener('abort', cancel, { once: true });
  if (asked.aborted) interrupted();
  return {
    host,
    link,
    stdout: until(host.stdout, asked),
    stderr: until(host.stderr, asked),
    signal: given.signal,
    [Symbol.dispose]: () => {
      stopDeadline();
      asked.removeEventListener('abort', interrupted);
      forced.removeEventListener('abort', force);
      host.stdout.closed.removeEventListener('abort', cancel);
    },
  };
}

/** The last first: one that waits for others shall not fail because of them. */
async function cancelAll(link: FogLink, ids: readonly string[]): Promise<void> {
  for (const id of ids.toReversed()) await link.call((client) => client.cancel(id));
}

function notCancelled(): Error {
  return fail('FOG_CONNECTION_LOST', {
    message: 'The fog did not confirm within 10 s that all is cancelled; it may still run.',
  });
}

/** An output that takes nothing, and waits for nobody, once `signal` aborts. */
function until(output: Output, signal: AbortSignal): Output {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return {
    ...output,
    get columns(): number {
      return output.columns;
    },
    write: (chunk) =>
      signal.aborted ? Promise.resolve() : Promise.race([output.write(chunk), aborted]),
  };
}

/** Waits for the end of the job; tells once what a job that does not start waits for. */
export async function waitForEnd(
  session: Pick<RunSession, 'id' | 'link' | 'signal'>,
  tell: (text: string) => void,
): Promise<JobDetail> {
  let waitMs = FIRST_POLL_MS;
  let told: string | undefined;
  for (;;) {
    const { id, signal } = session;
    const job = await session.link.call((client) => client.job(id, { waitMs, signal }));
    if (isTerminal(job.state)) return job;
    if (job.tasks.running === 0 && job.cause !== undefined && job.cause !== told) {
      told = job.cause;
      tell(`the job waits: ${job.cause}`);
    }
    waitMs = MAX_WAIT_MS;
  }
}
