import { type Clock, FogError, isFogError } from '@fog/kernel';
import { createClient, type FogClient } from '@fog/server/client';
import { fail } from '../errors.ts';
import type { FogTarget } from './find-fog.ts';

/** A client that outlives a restart of its fog. */
export interface FogLink {
  /**
   * Runs `work`, and again while the fog cannot be reached or is overloaded, for at most GIVE_UP_MS.
   * `work` must be harmless to repeat. Throws FOG_CONNECTION_LOST, and what `work` throws otherwise.
   */
  call<T>(work: (client: FogClient) => Promise<T>): Promise<T>;
  /** The client of the moment, for a call that is not repeated. */
  client(): FogClient;
}

export interface FogLinkDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Tells the user; at most once each way for one loss. */
  readonly tell: (text: string) => void;
  /** Where the fog is now: after a restart its port or token may be new. */
  readonly locate: () => Promise<FogTarget | undefined>;
}

/** Time for a person, or a service manager, to start the fog again. */
const GIVE_UP_MS = 120_000;
/** A restart is noticed at once, and doubling keeps a fog that is long away unbothered. */
const FIRST_PAUSE_MS = 100;
/** A person who started the fog again does not wait longer. */
const LONGEST_PAUSE_MS = 2_000;

export function createFogLink(first: FogTarget, client: FogClient, deps: FogLinkDeps): FogLink {
  let target = first;
  let current = client;
  const relocate = async (): Promise<boolean> => {
    const now = await deps.locate().catch(() => undefined);
    if (now === undefined || (now.url === target.url && now.token === target.token)) return false;
    target = now;
    current = createClient(now);
    return true;
  };
  return {
    client: () => current,
    call: async (work) => {
      const loss = createLoss(deps, () => target.url);
      for (;;) {
        try {
          const result = await work(current);
          loss.over();
          return result;
        } catch (error) {
          if (isFogError(error, 'CLIENT_UNAUTHORISED') && (await relocate())) continue;
          if (!isPassing(error)) throw error;
          await loss.wait(error);
          await relocate();
        }
      }
    },
  };
}

/** What is harmless to repeat may be repeated also when nobody knows whether it was stored. */
export function isPassing(error: unknown): error is FogError {
  if (!(error instanceof FogError)) return false;
  return error.retryable || error.code === 'STORE_COMMIT_UNKNOWN';
}

function createLoss(
  deps: FogLinkDeps,
  url: () => string,
): { wait(error: FogError): Promise<void>; over(): void } {
  let startedAt: number | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  return {
    wait: async (error) => {
      const now = deps.clock.monotonicMs();
      if (startedAt === undefined) {
        startedAt = now;
        const what =
          error.code === 'CLIENT_UNREACHABLE'
            ? `lost the connection to the fog at ${url()}`
            : error.message.replace(/\.$/, '');
        deps.tell(`${what}; trying again for 2 minutes`);
      }
      if (now - startedAt > GIVE_UP_MS) {
        throw fail('FOG_CONNECTION_LOST', {
          message: `The fog at ${url()} did not come back within 2 minutes. The job may still run there.`,
          details: { url: url() },
          cause: error,
        });
      }
      await pause(deps, pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    },
    over: () => {
      if (startedAt !== undefined) deps.tell('connected again');
    },
  };
}

export async function pause(
  { clock, signal }: Pick<FogLinkDeps, 'clock' | 'signal'>,
  delayMs: number,
): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = clock.after(delayMs, resolve);
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await promise;
  } finally {
    stop();
    signal.removeEventListener('abort', abort);
  }
}
