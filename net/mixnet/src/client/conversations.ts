/**
 * Long conversations: the peer keeps a standing pool of SURBs, by which it may write at any time. The pool
 * is renewed at a constant rate, whether it is used or not. To the peer all of a conversation is of one
 * sender, whoever that is; what it writes is not confirmed.
 */
import { errorMessage } from '@fog/kernel';
import {
  createReassembler,
  decodeFragment,
  FRAGMENT_ID_BYTES,
  MAX_SURBS,
  PAYLOAD_KIND,
} from '@fog/sphinx';
import { fail } from '../errors.ts';
import { epochAt, epochStart } from '../network.ts';
import { type Destination, destinationOf } from './addresses.ts';
import type { ClientCore } from './client-core.ts';
import { drawBytes, drawExponential } from './draws.ts';
import { LEVELS } from './levels.ts';
import { MAX_CONVERSATIONS, POOL_HALF, POOL_REFILL_MS } from './limits.ts';
import type {
  Conversation,
  ConversationOptions,
  MixAddress,
  PrivacyLevel,
} from './mix-client-api.ts';
import type { MakePacket } from './outbox.ts';
import { TALK_KIND } from './payload-kinds.ts';
import type { Requests } from './requests.ts';
import type { PlannedRoute } from './routes.ts';
import { sendFragments } from './send-message.ts';

export interface Conversations {
  open(destination: MixAddress, options: ConversationOptions): Conversation;
  /** Fills all pools anew: SURBs made for another gateway are worth nothing. */
  refill(): void;
  stop(): void;
}

export interface ConversationDeps {
  readonly requests: Requests;
  /** Called for all that is sent, so that cover goes on as long as the conversation. */
  readonly use: (level: PrivacyLevel) => void;
}

interface Talk {
  readonly id: Uint8Array;
  readonly to: Destination;
  readonly options: ConversationOptions;
  /** Packets of SURBs sent so far: even ones are for this epoch, odd ones for the next. */
  packets: number;
  cancel: () => void;
}

export function createConversations(
  core: ClientCore,
  { requests, use }: ConversationDeps,
): Conversations {
  const talks = new Set<Talk>();
  const messages = createReassembler({ clock: core.clock });

  const arrived = (talk: Talk, data: Uint8Array): void => {
    if (!talks.has(talk) || decodeFragment(data) === undefined) return;
    if (requests.accept(data)) return;
    const result = messages.add(data);
    if (result.state !== 'complete') return;
    try {
      talk.options.onMessage(result.message);
    } catch (error) {
      core.logger.error('a listener of mix messages failed', { error: errorMessage(error) });
    }
  };
  const top = (talk: Talk): void => {
    const ahead = talk.packets % 2;
    talk.packets += 1;
    const sending = core.outbox.submit(
      poolPacket(core, talk, ahead, (data) => arrived(talk, data)),
    );
    sending.catch(() =>
      core.metrics.count('fog_mixnet_client_pool_packets_total', { result: 'unsent' }),
    );
  };
  const fill = (talk: Talk): void => {
    for (let surbs = 0; surbs < 2 * POOL_HALF; surbs += MAX_SURBS) top(talk);
  };
  const renew = (talk: Talk): void => {
    talk.cancel = core.clock.after(drawExponential(core.random, POOL_REFILL_MS), () => {
      use(talk.options.level);
      top(talk);
      renew(talk);
    });
  };
  const close = (talk: Talk): void => {
    talk.cancel();
    talks.delete(talk);
  };
  return {
    open: (destination, options) => {
      if (talks.size >= MAX_CONVERSATIONS) {
        const message = `${talks.size} conversations are open already: close one first.`;
        throw fail('MIXNET_BUSY', { message });
      }
      const to = destinationOf(destination);
      const id = drawBytes(core.random, FRAGMENT_ID_BYTES);
      const talk: Talk = { id, to, options, packets: 0, cancel: () => {} };
      talks.add(talk);
      use(options.level);
      fill(talk);
      renew(talk);
      const inTalk = { ...options, talk: id };
      return {
        send: (message, signal) =>
          sendFragments(core, to, message, { ...inTalk, ...(signal && { signal }) }),
        request: (message, signal) =>
          requests.request(destination, message, { ...inTalk, ...(signal && { signal }) }),
        close: () => close(talk),
      };
    },
    refill: () => talks.forEach(fill),
    stop: () => talks.forEach(close),
  };
}

/** Three SURBs for the epoch in which the packet is at the peer, or for the one after. */
function poolPacket(
  core: ClientCore,
  { id, to, options: { level, hops = LEVELS[level].hops } }: Talk,
  ahead: number,
  arrived: (data: Uint8Array) => void,
): MakePacket {
  const leg = { purpose: `level ${level}`, hops, classAt: () => LEVELS[level].delayClass };
  return (packet, entry) => {
    const { epochMs } = core.consensus().consensus;
    const there = core.plan({ ...leg, entry, exit: to.relay });
    const startMs =
      ahead === 0 ? there.arrivalMs : epochStart(epochMs, epochAt(epochMs, there.arrivalMs) + 1);
    const surbs = Array.from({ length: MAX_SURBS }, () => {
      const back = core.plan({ ...leg, entry: to.relay, exit: entry, startMs });
      return standingSurb(core, back, arrived);
    });
    core.maker.deliver(packet, there, to, { kind: TALK_KIND, surbs, data: id });
  };
}

function standingSurb(
  core: ClientCore,
  back: PlannedRoute,
  arrived: (data: Uint8Array) => void,
): Uint8Array {
  const { id, surb, keys } = core.maker.surb(back, core.mailbox);
  const livesMs = back.expiresMs - core.clock.now() + back.quantileMs;
  core.awaited.add(id, {
    untilMs: core.clock.monotonicMs() + livesMs,
    gone: () => {},
    arrived: (payload) => {
      const content = core.maker.open(payload, keys);
      if (content?.kind !== PAYLOAD_KIND.fragment) return;
      core.health.succeeded(back.relays);
      arrived(content.data);
    },
  });
  return surb;
}
