import { type Clock, isFogError } from '@fog/kernel';
import { pause } from '../connect/fog-link.ts';

/** Between two tries to follow a job: its output is read anyway when it ends. */
const AGAIN_MS = 500;

/**
 * Repeats best-effort `work` until `signal` aborts. Throws only FOG_OUTPUT: an output of this machine
 * that cannot be written stays so.
 */
export async function keepTrying(
  clock: Clock,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      if (isFogError(error, 'FOG_OUTPUT')) throw error;
    }
    await pause({ clock, signal }, AGAIN_MS).catch(() => {});
  }
}
