import { readFileSync } from 'node:fs';

/** Milliseconds the main thread of this process was ready to run and had no core, so far; undefined where the system does not count it. */
export function coreWaitMs(): number | undefined {
  try {
    const [, waitedNanos] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8')
      .split(' ')
      .map(Number);
    return waitedNanos === undefined ? undefined : waitedNanos / 1e6;
  } catch {
    return undefined;
  }
}
