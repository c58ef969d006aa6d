/** Seeds of a benchmark side by side: each thread takes the next input when it is done with one. */
import { once } from 'node:events';
import os from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';

/** Answers of the thread module to the inputs, in their order. The module calls `answerInputs`. */
export async function inThreads<Output>(
  module: URL,
  inputs: readonly unknown[],
): Promise<Output[]> {
  const outputs: Output[] = [];
  const rest = inputs.entries();
  const serve = async (): Promise<void> => {
    const worker = new Worker(module);
    try {
      for (const [index, input] of rest) {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage(input);
        const [output] = (await once(worker, 'message')) as [Output];
        outputs[index] = output;
      }
    } finally {
      await worker.terminate();
    }
  };
  const threads = Math.min(os.availableParallelism(), inputs.length);
  await Promise.all(Array.from({ length: threads }, serve));
  return outputs;
}

export function answerInputs(answer: (input: never) => unknown): void {
  parentPort?.on('message', (input) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort?.postMessage(answer(input as never));
  });
}
