/** What an authority says to the others: sent to all, again and again until each took it or time is up. */
import { type Clock, errorMessage, type Logger } from '@fog/kernel';
import type { AuthorityContact, MixNetwork } from '../network.ts';
import { createClockSkew } from './clock-skew.ts';
import type { DirectoryAnswer, DirectoryCall, DirectoryRequest } from './directory-call.ts';
import { MAX_RETRY_MS, MIN_RETRY_MS } from './limits.ts';

export interface AuthorityPeers {
  /** Resolves when all took or refused it, or the time is up. Never rejects. */
  tell(path: string, body: Uint8Array, forMs: number): Promise<void>;
  /** Asks all at once; those that do not answer in time are left out. Never rejects. */
  ask(request: DirectoryRequest, forMs: number): Promise<DirectoryAnswer[]>;
  /** MIXNET_CLOCK when this machine's clock is too far from the others'. */
  clockFault(): Error | undefined;
  stop(): void;
}

export interface PeerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly call: DirectoryCall;
}

export function createAuthorityPeers(
  network: MixNetwork,
  self: string,
  { clock, logger, call }: PeerDeps,
): AuthorityPeers {
  const others = network.authorities.filter(({ id }) => id !== self);
  const stopping = new AbortController();
  const skew = createClockSkew(clock);
  // Its own clock counts as one: of three authorities the two that agree are right.
  skew.heard(self, clock.now());
  const callPeer = async (
    peer: AuthorityContact,
    request: DirectoryRequest,
    signal: AbortSignal,
  ): Promise<DirectoryAnswer> => {
    const answer = await call(peer.url, request, signal);
    if (answer.dateMs !== undefined) skew.heard(peer.id, answer.dateMs);
    return answer;
  };

  const deadline = (forMs: number): { signal: AbortSignal; clear: () => void } => {
    const ended = new AbortController();
    const cancel = clock.after(forMs, () => ended.abort());
    return { signal: AbortSignal.any([ended.signal, stopping.signal]), clear: cancel };
  };

  const tellOne = async (
    peer: AuthorityContact,
    request: DirectoryRequest,
    signal: AbortSignal,
  ): Promise<void> => {
    for (
      let pauseMs = MIN_RETRY_MS;
      !signal.aborted;
      pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)
    ) {
      try {
        const { status, body } = await callPeer(peer, request, signal);
        if (status < 300) return;
        if (status < 500) {
          const reason = Buffer.from(body).toString('utf8').slice(0, 300);
          logger.debug('authority refused a message', { path: request.path, status, reason });
          return;
        }
      } catch (error) {
        logger.debug('authority out of reach', { error: errorMessage(error) });
      }
      await pause(clock, pauseMs, signal);
    }
  };

  return {
    tell: async (path, body, forMs) => {
      const { signal, clear } = deadline(forMs);
      await Promise.all(
        others.map((peer) => tellOne(peer, { method: 'POST', path, body }, signal)),
      );
      clear();
    },
    ask: async (request, forMs) => {
      const { signal, clear } = deadline(forMs);
      const answers = await Promise.allSettled(
        others.map((peer) => callPeer(peer, request, signal)),
      );
      clear();
      return answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    },
    clockFault: () => skew.fault(),
    stop: () => stopping.abort(),
  };
}

/** Resolves after the pause or when the signal ends it. */
export function pause(clock: Clock, pauseMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(pauseMs, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
