/** A planning thread that ends with its first batch. */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', () => {
  throw new Error('out of luck');
});
