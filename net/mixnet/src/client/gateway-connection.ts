/** Keeps one link to one of the guards, and finds another when it ends. */
import type { Identity, RandomFill } from '@fog/crypto';
import { type Clock, errorMessage, type Logger } from '@fog/kernel';
import type { ConsensusRelay, VerifiedConsensus } from '../directory/documents.ts';
import { fail } from '../errors.ts';
import { CLIENT_FRAME } from '../link/client-frames.ts';
import type { ConnectToGateway, FrameLink, OnFrame } from '../link/link-ports.ts';
import { epochAt } from '../network.ts';
import type { Directory } from '../ports.ts';
import { drawUniform } from './draws.ts';
import type { Guards } from './guards.ts';
import {
  CONNECT_TIMEOUT_MS,
  MAX_RECONNECT_MS,
  MAX_SILENCE_MS,
  MIN_RECONNECT_MS,
} from './limits.ts';
import type { ActiveLink } from './outbox.ts';
import { isUsable } from './paths.ts';

export interface GatewayConnection {
  readonly active: ActiveLink | undefined;
  /** Why there is no link, in one sentence. */
  readonly trouble: string | undefined;
  /** Runs until the signal; never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ConnectionDeps {
  readonly identity: Identity;
  readonly guards: Guards;
  readonly directory: Directory;
  readonly connect: ConnectToGateway;
  readonly clock: Clock;
  readonly random: RandomFill;
  readonly logger: Logger;
  readonly onFrame: OnFrame;
  /** After each change of `active`. */
  readonly onChange: () => void;
}

interface State {
  active: ActiveLink | undefined;
  trouble: string | undefined;
}

export function createGatewayConnection(deps: ConnectionDeps): GatewayConnection {
  const state: State = { active: undefined, trouble: 'not connected yet' };
  return {
    get active() {
      return state.active;
    },
    get trouble() {
      return state.trouble;
    },
    run: async (signal) => {
      let pauseMs = MIN_RECONNECT_MS;
      while (!signal.aborted) {
        try {
          await connectOnce(state, deps, signal);
          pauseMs = MIN_RECONNECT_MS;
        } catch (error) {
          if (signal.aborted) return;
          state.trouble = errorMessage(error);
          deps.logger.debug('no gateway reached', { reason: state.trouble });
          await pause(deps.clock, pauseMs * (0.5 + drawUniform(deps.random)), signal);
          pauseMs = Math.min(MAX_RECONNECT_MS, pauseMs * 2);
        }
      }
    },
  };
}

/** Resolves when a link that stood has ended; throws when none of the guards took us. */
async function connectOnce(state: State, deps: ConnectionDeps, signal: AbortSignal): Promise<void> {
  const { directory, guards } = deps;
  const consensus = directory.current() ?? (await directory.ready(signal));
  const ids = await guards.choose(consensus);
  let last: unknown;
  for (const id of ids) {
    const relay = consensus.relays.get(id) as ConsensusRelay;
    const ended = Promise.withResolvers<void>();
    try {
      const link = await dial(relay, deps, { signal, onEnd: ended.resolve });
      await serve(state, deps, { link, relay: id, ended: ended.promise, signal });
      return;
    } catch (error) {
      signal.throwIfAborted();
      last = error;
    }
  }
  throw fail('MIXNET_NO_GATEWAY', {
    message:
      ids.length === 0
        ? `The consensus of epoch ${consensus.consensus.epoch} has no running gateway: start one.`
        : `None of ${ids.length} entry gateways can be reached: ${errorMessage(last)}`,
    cause: last,
  });
}

async function dial(
  { descriptor }: ConsensusRelay,
  { identity, clock, random, connect, onFrame }: ConnectionDeps,
  { signal, onEnd }: { readonly signal: AbortSignal; readonly onEnd: () => void },
): Promise<FrameLink> {
  const giveUp = new AbortController();
  const cancel = clock.after(CONNECT_TIMEOUT_MS, () => {
    const message = `The gateway ${descriptor.id} did not answer within ${CONNECT_TIMEOUT_MS / 1_000} s.`;
    giveUp.abort(fail('MIXNET_NO_GATEWAY', { message }));
  });
  const { id, linkKey, addresses } = descriptor;
  try {
    return await connect(
      {
        gateway: { id, linkKey, addresses },
        identity,
        signal: AbortSignal.any([signal, giveUp.signal]),
      },
      { clock, random, handlers: { onFrame, onEnd } },
    );
  } finally {
    cancel();
  }
}

interface Serving {
  readonly link: FrameLink;
  readonly relay: string;
  readonly ended: Promise<void>;
  readonly signal: AbortSignal;
}

async function serve(state: State, deps: ConnectionDeps, serving: Serving): Promise<void> {
  const { link, relay, ended, signal } = serving;
  const close = (): void => link.close('local');
  const stopWatching = deps.directory.onConsensus((consensus) => {
    if (!servesStill(consensus, relay, deps.clock)) close();
  });
  const stopPadding = keepAlive(link, deps);
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  state.active = { relay, link };
  state.trouble = undefined;
  deps.onChange();
  await ended;
  state.active = undefined;
  state.trouble = 'the link to the gateway ended';
  signal.removeEventListener('abort', close);
  stopPadding();
  stopWatching();
  deps.onChange();
}

function servesStill(consensus: VerifiedConsensus, relay: string, clock: Clock): boolean {
  const listed = consensus.relays.get(relay);
  return (
    listed !== undefined && isUsable(listed, [epochAt(consensus.consensus.epochMs, clock.now())])
  );
}

/** A frame now and then, so that an idle link is not taken for a dead one. */
function keepAlive(link: FrameLink, { clock, random }: ConnectionDeps): () => void {
  const nothing = new Uint8Array(0);
  let cancel = (): void => {};
  const again = (): void => {
    cancel = clock.after((MAX_SILENCE_MS / 2) * (1 + drawUniform(random)), () => {
      link.sendFrame(CLIENT_FRAME.padding, nothing);
      again();
    });
  };
  again();
  return () => cancel();
}

function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(durationMs, resolve);
  const abort = (): void => {
    cancel();
    resolve();
  };
  signal.addEventListener('abort', abort, { once: true });
  return promise.finally(() => signal.removeEventListener('abort', abort));
}
