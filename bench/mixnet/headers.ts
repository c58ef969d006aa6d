/** Headers for the load, built by threads before any clock starts: each packet of a run needs its own. */
import { Worker } from 'node:worker_threads';
import { HEADER_BYTES } from '@fog/sphinx';

export interface HopTarget {
  readonly id: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly epoch: number;
}

export interface HeaderTarget {
  readonly relay: HopTarget;
  readonly sinkId: Uint8Array;
}

export interface Headers {
  readonly count: number;
  /** One behind the other. */
  readonly bytes: Buffer;
  /** What the sink sees of each: a number of 48 bits out of the header it will have after one hop. */
  readonly marks: Float64Array;
}

export interface HeaderJob {
  readonly target: HeaderTarget;
  readonly headers: SharedArrayBuffer;
  readonly marks: SharedArrayBuffer;
  readonly from: number;
  readonly to: number;
}

export const MARK_BYTES = 6;

export async function buildHeaders(
  target: HeaderTarget,
  count: number,
  threads = 2,
): Promise<Headers> {
  const headers = new SharedArrayBuffer(count * HEADER_BYTES);
  const marks = new SharedArrayBuffer(count * 8);
  const share = Math.ceil(count / threads);
  await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const from = Math.min(count, thread * share);
      return run({ target, headers, marks, from, to: Math.min(count, from + share) });
    }),
  );
  return { count, bytes: Buffer.from(headers), marks: new Float64Array(marks) };
}

async function run(job: HeaderJob): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const worker = new Worker(new URL('header-thread.ts', import.meta.url), { workerData: job });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a header thread ended with ${code}`));
    });
  });
}
