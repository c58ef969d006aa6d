const DEFAULT_DEADLINE_MS = 30_000;
const POLL_MS = 20;

export interface WaitForOptions {
  readonly deadlineMs?: number;
  /** Says what was seen last, for the message when the deadline passes. */
  readonly describe?: () => string;
}

/** Polls until `probe` gives something truthy and returns it; throws after the deadline, naming `what`. */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: WaitForOptions = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const end = performance.now() + deadlineMs;
  for (;;) {
    const seen = await probe();
    if (seen) return seen as NonNullable<Exclude<T, false>>;
    if (performance.now() > end) {
      const last = options.describe === undefined ? '' : `\n${options.describe()}`;
      throw new Error(`${what}: not within ${deadlineMs} ms${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Rejects when `promise` has not settled within the deadline. */
export async function within<T>(what: string, promise: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
