import { readSync } from 'node:fs';
import type { Guest, StartData } from './guest.ts';
import { AnswerPipe } from './answer-pipe.ts';
import { GuestOutput } from './guest-output.ts';
import { watchLifeline } from './lifeline.ts';
import { HEADER_BYTES, type RequestFrame, type RunFrame } from './protocol.ts';
import { Staging } from './staging.ts';

/** Bytes asked of one read; a frame may take several. */
const READ_BYTES = 64 * 1024;

/**
 * The main loop of a sandbox process: never returns. Requests are read with blocking reads, so nothing of the
 * loop runs while the guest does, and the event loop turns only where a guest awaits.
 */
export async function serve(
  makeGuest: (start: StartData) => Guest | Promise<Guest>,
): Promise<never> {
  const start = startDataOf(process.argv);
  if (start.watchdog) watchLifeline();
  const pipe = new AnswerPipe();
  const guest = await makeGuest(start);
  pipe.send({ type: 'ready' });
  const staging = new Staging(guest);
  const read = frameReader();
  for (;;) {
    const frame = read();
    if (frame.type === 'run') {
      const done = runTask(guest, staging, frame, pipe);
      if (done instanceof Promise) await done;
      guest.rest?.();
    } else {
      const done = staging.accept(frame);
      if (done instanceof Promise) await done;
    }
  }
}

/** The agent passes start data as one JSON argument: paths only, nothing secret. */
function startDataOf(argv: readonly string[]): StartData & { readonly watchdog: boolean } {
  return JSON.parse(argv[2] ?? '{"files":{},"watchdog":true}') as StartData & { watchdog: boolean };
}

/** Synchronous where the guest is: a promise per run would cost more than an empty program. */
function runTask(
  guest: Guest,
  staging: Staging,
  frame: RunFrame,
  pipe: AnswerPipe,
): void | Promise<void> {
  const failure = staging.failureOf(frame.id);
  if (failure !== undefined) {
    staging.reset();
    return pipe.send({ type: 'end', exitCode: 126, failure, cpuMs: 0, peakMemoryBytes: 0 });
  }
  const io = new GuestOutput(pipe, frame.limits);
  const end = guest.run(staging.task(frame), io);
  return end instanceof Promise ? end.then((value) => io.end(value)) : io.end(end);
}

/** Reads whole frames from descriptor 0. Its end means that the agent is gone, and so is this process. */
function frameReader(): () => RequestFrame {
  let buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  let start = 0;
  let end = 0;
  const need = (sizeBytes: number): void => {
    if (start + sizeBytes > buffer.length) {
      const next = sizeBytes > buffer.length ? Buffer.allocUnsafeSlow(sizeBytes) : buffer;
      buffer.copy(next, 0, start, end);
      buffer = next;
      end -= start;
      start = 0;
    }
    while (end - start < sizeBytes) {
      const got = readSync(0, buffer, end, buffer.length - end, null);
      if (got === 0) process.kill(process.pid, 'SIGKILL');
      end += got;
    }
  };
  return () => {
    need(HEADER_BYTES);
    const sizeBytes = buffer.readUInt32BE(start);
    need(HEADER_BYTES + sizeBytes);
    const json = buffer.toString('utf8', start + HEADER_BYTES, start + HEADER_BYTES + sizeBytes);
    start += HEADER_BYTES + sizeBytes;
    return JSON.parse(json) as RequestFrame;
  };
}
