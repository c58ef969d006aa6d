import { errorMessage, type Health, type HealthState } from '@fog/kernel';

/** A database or a bucket that is slower than this to the smallest question is as good as down. */
const HEALTH_MS = 5000;

export interface ProbeOptions {
  /** What it is when the question fails. */
  readonly bad: HealthState;
  /** What to say when no answer comes. */
  readonly silence: string;
}

/** Healthy when `ask` resolves in time. */
export async function probe(
  ask: (signal: AbortSignal) => Promise<unknown>,
  { bad, silence }: ProbeOptions,
  signal: AbortSignal,
): Promise<Health> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_MS)]);
  const late = new Promise<Health>((resolve) => {
    over.addEventListener('abort', () => resolve({ state: bad, detail: silence }));
  });
  const asked = ask(over).then(
    (): Health => ({ state: 'healthy' }),
    (error: unknown): Health => ({
      state: bad,
      detail: over.aborted ? silence : errorMessage(error),
    }),
  );
  return Promise.race([asked, late]);
}
