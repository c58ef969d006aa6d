/** The parts of one client, joined: what comes from its link, what goes to it, and the cover over both. */
import type { Identity } from '@fog/crypto';
import { errorMessage } from '@fog/kernel';
import { encodePace } from '../gateway/frame-bodies.ts';
import { idBytes } from '../ids.ts';
import { CLIENT_FRAME } from '../link/client-frames.ts';
import { type Answers, createAnswers } from './answers.ts';
import { type ClientCore, type ClientCoreDeps, createClientCore } from './client-core.ts';
import { type Conversations, createConversations } from './conversations.ts';
import { type Cover, createCover } from './cover.ts';
import { drawBelow } from './draws.ts';
import type { GatewayConnection } from './gateway-connection.ts';
import { createIncoming, type Incoming } from './incoming.ts';
import { LEVELS } from './levels.ts';
import { CONFIRM_TICKS, TAKEN_DELAY_MS } from './limits.ts';
import { loopPacket } from './loops.ts';
import type { PrivacyLevel } from './mix-client-api.ts';
import type { ActiveLink } from './outbox.ts';
import { createRequests, type Requests } from './requests.ts';
import { createContentOpener } from './sealed-content.ts';

export interface ClientParts {
  readonly core: ClientCore;
  readonly answers: Answers;
  readonly requests: Requests;
  readonly conversations: Conversations;
  readonly incoming: Incoming;
  readonly cover: Cover;
  /** Set when the client starts. */
  readonly seat: Seat;
  /** After each change of the link. */
  readonly linkChanged: () => void;
}

interface Seat {
  connection: GatewayConnection | undefined;
}

export function createClientParts(
  identity: Identity,
  standing: PrivacyLevel,
  deps: ClientCoreDeps,
): ClientParts {
  const { clock, directory } = deps;
  const seat: Seat = { connection: undefined };
  const active = (): ActiveLink | undefined => seat.connection?.active;
  const core = createClientCore(idBytes(identity.id) as Uint8Array, deps, active);
  const answers = createAnswers(core);
  const confirm = (): boolean => {
    const link = active();
    if (link === undefined || !incoming.unconfirmed) return false;
    incoming.confirm(link);
    return true;
  };
  let cancelConfirm: (() => void) | undefined;
  const confirmSoon = (): void => {
    if (LEVELS[cover.level].stream) return;
    cancelConfirm ??= clock.after(TAKEN_DELAY_MS, () => {
      cancelConfirm = undefined;
      confirm();
    });
  };
  const opener = createContentOpener(identity);
  const incoming = createIncoming(core, { answers, opener, onItem: confirmSoon });
  const askPace = (level: PrivacyLevel): void => {
    const rates = LEVELS[level].stream ? directory.current()?.consensus.cover : undefined;
    active()?.link.sendFrame(CLIENT_FRAME.pace, encodePace(rates?.clientPayloadMilli ?? 0));
  };
  let ticks = 0;
  const cover = createCover(standing, {
    ...deps,
    rates: () => (active() === undefined ? undefined : directory.current()?.consensus.cover),
    sendLoop: (level) => sendCoverLoop(core, level),
    sendReal: () => {
      ticks += 1;
      // Confirmations take a tick like everything else; some are theirs even while packets wait.
      if (ticks % CONFIRM_TICKS === 0 && confirm()) return true;
      return core.outbox.sendNext() || confirm();
    },
    onLevel: (level) => {
      core.outbox.setStream(LEVELS[level].stream);
      askPace(level);
    },
  });
  const linkChanged = (): void => {
    if (active() === undefined) return incoming.reset();
    askPace(cover.level);
    core.outbox.wake();
    conversations.refill();
  };
  const requests = createRequests(core);
  const conversations = createConversations(core, { requests, use: (level) => cover.use(level) });
  return { core, answers, requests, conversations, incoming, cover, seat, linkChanged };
}

/** Drawn over all delay classes alike, so that the class of a packet tells less about its level. */
function sendCoverLoop(core: ClientCore, level: PrivacyLevel): void {
  try {
    const classes = core.consensus().consensus.delayMeansMicros.length;
    const delayClass = drawBelow(core.random, classes);
    const request = { purpose: 'cover', hops: LEVELS[level].hops, classAt: () => delayClass };
    core.outbox.sendNow(loopPacket(core, request, () => {}));
  } catch (error) {
    core.metrics.count('fog_mixnet_client_loops_total', { purpose: 'cover', outcome: 'no-path' });
    core.logger.debug('no path for a cover loop', { error: errorMessage(error) });
  }
}
