import { setImmediate as nextTurn } from 'node:timers/promises';

const DEADLINE_MS = 20_000;

/** Looks again at each turn of the event loop; throws after the deadline, naming `what`. */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
): Promise<NonNullable<Exclude<T, false>>> {
  const endMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const seen = await probe();
    if (seen) return seen as NonNullable<Exclude<T, false>>;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${DEADLINE_MS} ms`);
    await nextTurn();
  }
}
