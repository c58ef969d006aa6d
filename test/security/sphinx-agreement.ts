/** One thread of sphinx-agreement.test.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { agree } from '../../net/sphinx/test/agree.ts';

const { count, seed } = workerData as { readonly count: number; readonly seed: number };
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(agree(count, seed));
