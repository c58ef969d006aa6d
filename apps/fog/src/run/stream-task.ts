/** The output of one task: it appears while the task runs, and every byte of it exactly once. */
import type { EventsMessage, Task } from '@fog/wire';
import type { FogLink } from '../connect/fog-link.ts';
import { type Host, say } from '../process/host.ts';
import { keepTrying } from './keep-trying.ts';
import { createLiveStream, type LiveStream } from './live-stream.ts';
import { readOutput } from './read-output.ts';

export type StreamName = 'stdout' | 'stderr';
type Write = (chunk: Uint8Array) => Promise<void>;

export interface TaskStreams {
  readonly host: Host;
  readonly link: FogLink;
  readonly job: string;
  readonly index: number;
  /** Where each stream goes; one that is absent is not read. */
  readonly sinks: Readonly<Partial<Record<StreamName, Write>>>;
  /** Settles when the task has ended. */
  readonly ended: () => Promise<unknown>;
}

interface OpenStream {
  readonly name: StreamName;
  readonly live: LiveStream;
  readonly write: Write;
}

/** Prints the task's streams to their end. */
export async function streamTask(of: TaskStreams): Promise<Task> {
  const open: OpenStream[] = [];
  for (const name of ['stdout', 'stderr'] as const) {
    const write = of.sinks[name];
    if (write !== undefined) open.push({ name, live: createLiveStream(), write });
  }
  const stop = new AbortController();
  const following = keepTrying(of.host.clock, stop.signal, () => follow(of, open, stop.signal));
  try {
    // `following` does not end before it is told to, unless stdout cannot be written.
    await Promise.race([of.ended(), following]);
  } finally {
    stop.abort();
    await following;
  }
  const task = await of.link.call((client) => client.task(of.job, of.index));
  for (const stream of open) await printRest(of, stream, task);
  return task;
}

async function follow(
  { link, job, index }: TaskStreams,
  open: readonly OpenStream[],
  signal: AbortSignal,
): Promise<void> {
  for await (const message of link.client().follow(job, { signal, patienceMs: 0 })) {
    if (message.type !== 'output' || message.index !== index) continue;
    const stream = open.find(({ name }) => name === message.stream);
    if (stream !== undefined) await printLive(stream, message);
  }
}

async function printLive(
  { live, write }: OpenStream,
  message: Extract<EventsMessage, { type: 'output' }>,
): Promise<void> {
  const chunk = Buffer.from(message.data, 'base64');
  const fresh = live.accept(message.attempt, message.offset, chunk);
  if (fresh !== undefined) await write(fresh);
}

async function printRest(
  of: TaskStreams,
  { name, live, write }: OpenStream,
  task: Task,
): Promise<void> {
  const { outcome } = task;
  // The stored output of a task that was cancelled or lost is empty, and says nothing about what was printed.
  const lost = outcome?.failure?.class === 'fog' || outcome?.failure?.code === 'CANCELLED';
  if (outcome === undefined || lost) return;
  const attempt = attemptOf(task);
  let offset = live.settle(attempt);
  const from = { job: of.job, index: of.index, stream: name };
  for await (const chunk of readOutput(of.link, from, outcome[name], offset)) {
    const fresh = live.accept(attempt, offset, chunk);
    offset += chunk.length;
    if (fresh !== undefined) await write(fresh);
  }
  if (live.endDiffers(outcome[name].sizeBytes)) {
    await say(
      of.host,
      `warning: ${name} above mixes two attempts of the job that said different things; the last attempt counts`,
    );
  }
}

/** Number of the attempt whose outcome stands. */
function attemptOf(task: Task): number {
  const counted = task.attempts.filter(({ state }) => state === 'accepted' || state === 'failed');
  return counted.at(-1)?.number ?? task.attempts.at(-1)?.number ?? 1;
}
