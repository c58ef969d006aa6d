import type { Clock } from '@fog/kernel';
import { SIGNAL_EXIT_CODES } from '../exit-code.ts';

type StopSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM';

/** What Ctrl-C and its relatives ask for. */
export interface Interrupts {
  /** Aborted by the first signal: end in good order. */
  readonly asked: AbortSignal;
  /** Aborted by the second: end now. */
  readonly forced: AbortSignal;
  /** Exit code of the first signal; undefined while there was none. */
  readonly exitCode: number | undefined;
}

/**
 * One Ctrl-C can arrive several times: the terminal signals the whole process group, and npx and the
 * launcher pass on what they got. No person presses twice within this time.
 */
const SAME_PRESS_MS = 300;

export function listenForInterrupts(
  on: (signal: StopSignal, listener: () => void) => void,
  clock: Pick<Clock, 'monotonicMs'>,
): Interrupts {
  const asked = new AbortController();
  const forced = new AbortController();
  let exitCode: number | undefined;
  let firstAt = 0;
  const received = (signal: StopSignal): void => {
    if (exitCode === undefined) {
      exitCode = SIGNAL_EXIT_CODES[signal];
      firstAt = clock.monotonicMs();
      asked.abort();
    } else if (clock.monotonicMs() - firstAt > SAME_PRESS_MS) {
      forced.abort();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) on(signal, () => received(signal));
  return {
    asked: asked.signal,
    forced: forced.signal,
    get exitCode(): number | undefined {
      return exitCode;
    },
  };
}
