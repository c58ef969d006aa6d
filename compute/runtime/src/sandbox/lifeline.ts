import { Worker } from 'node:worker_threads';

/**
 * Descriptor 2 is one end of a socket to the agent, who never writes to it: a blocking read ends only when the agent
 * is gone. The thread does that read, so the process dies even while its main thread spins in a guest.
 * Used where the kernel offers no parent-death signal. The heap is small because the thread holds nothing.
 */
const WATCH = `
try { require('node:fs').readSync(2, Buffer.alloc(1)); } finally { process.kill(process.pid, 'SIGKILL'); }
`;

export function watchLifeline(): void {
  const watchdog = new Worker(WATCH, {
    eval: true,
    env: {},
    execArgv: [],
    // Unpiped streams of a worker would open process.stderr here and make descriptor 2 non-blocking.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
  });
  watchdog.unref();
}
