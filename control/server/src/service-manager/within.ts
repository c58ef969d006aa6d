import type { Clock } from '@fog/kernel';

/** Settles as `work`, or with `late()` when `limitMs` passes first. */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
  late: () => T | Promise<T>,
): Promise<T> {
  const timeout = Promise.withResolvers<T>();
  const cancel = clock.after(limitMs, () => {
    // Through a promise chain, so that a throwing `late` rejects.
    timeout.resolve(Promise.resolve().then(late));
  });
  try {
    return await Promise.race([work, timeout.promise]);
  } finally {
    cancel();
  }
}

/** Resolves after `delayMs` or when `signal` aborts, whichever is first. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = (): void => resolve();
  const cancel = clock.after(delayMs, wake);
  signal.addEventListener('abort', wake, { once: true });
  return promise.finally(() => {
    cancel();
    signal.removeEventListener('abort', wake);
  });
}
