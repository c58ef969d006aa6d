/** What comes from the gateway: items in order, each once, put together to messages and answers. */
import {
  createReassembler,
  decodeFragment,
  decodePayload,
  PAYLOAD_KIND,
  type Reassembler,
} from '@fog/sphinx';
import { errorMessage } from '@fog/kernel';
import { decodeItem, encodeTaken, type ItemFrame } from '../gateway/frame-bodies.ts';
import { CLIENT_FRAME } from '../link/client-frames.ts';
import type { Answers } from './answers.ts';
import type { ClientCore } from './client-core.ts';
import type { MixClient } from './mix-client-api.ts';
import type { ActiveLink } from './outbox.ts';
import { decodeFetch, decodeTalk, FETCH_KIND, SEALED_KIND, TALK_KIND } from './payload-kinds.ts';
import type { ContentOpener } from './sealed-content.ts';

export type MessageListener = Parameters<MixClient['onMessage']>[0];

export interface Incoming {
  onFrame(kind: number, body: Uint8Array): void;
  onMessage(listener: MessageListener): () => void;
  /** Begins a new session: its items may come again. */
  reset(): void;
  /** Something is to be confirmed. */
  readonly unconfirmed: boolean;
  /** Tells the gateway what arrived. */
  confirm(active: ActiveLink): void;
}

export interface IncomingDeps {
  readonly answers: Answers;
  readonly opener: ContentOpener;
  /** Called when something is to be confirmed. */
  readonly onItem: () => void;
}

export function createIncoming(
  core: ClientCore,
  { answers, opener, onItem }: IncomingDeps,
): Incoming {
  const listeners = new Set<MessageListener>();
  let last = 0;
  let confirmed = 0;

  const hand = (id: Uint8Array, message: Uint8Array, talk: Uint8Array | undefined): void => {
    const answer = answers.answerTo(id, talk);
    const write = talk && answers.writeTo(talk);
    for (const listener of listeners) {
      try {
        listener(message, answer, write);
      } catch (error) {
        core.logger.error('a listener of mix messages failed', { error: errorMessage(error) });
      }
    }
  };
  const deliver = createUnpacker({ answers, opener, hand, messages: createReassembler(core) });
  const take = ({ sequence, surbId, payload }: ItemFrame): string => {
    if (sequence <= last) return 'again';
    last = sequence;
    if (surbId === undefined) return deliver(payload);
    return core.awaited.arrive(surbId, payload) ? 'reply' : 'unknown-surb';
  };
  return {
    onFrame: (kind, body) => {
      if (kind !== CLIENT_FRAME.item) return;
      const item = decodeItem(body);
      const result = item === undefined ? 'malformed' : take(item);
      core.metrics.count('fog_mixnet_client_items_total', { result });
      onItem();
    },
    onMessage: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    reset: () => {
      last = 0;
      confirmed = 0;
    },
    get unconfirmed() {
      return last > confirmed;
    },
    confirm: ({ link }) => {
      if (link.sendFrame(CLIENT_FRAME.taken, encodeTaken(last))) confirmed = last;
    },
  };
}

interface UnpackerDeps extends Pick<IncomingDeps, 'answers' | 'opener'> {
  readonly messages: Reassembler;
  /** Takes whole messages. */
  readonly hand: (id: Uint8Array, message: Uint8Array, talk: Uint8Array | undefined) => void;
}

/** What becomes of a payload for this mailbox, as metrics name it. */
function createUnpacker({
  answers,
  opener,
  messages,
  hand,
}: UnpackerDeps): (payload: Uint8Array) => string {
  const fragment = (data: Uint8Array, surbs: readonly Uint8Array[], talk?: Uint8Array): string => {
    const id = decodeFragment(data)?.id;
    if (id === undefined) return 'malformed';
    answers.collect(id, surbs);
    const result = messages.add(data);
    if (result.state === 'complete') hand(id.slice(), result.message, talk?.slice());
    return result.state;
  };
  const talk = (data: Uint8Array, surbs: readonly Uint8Array[]): string => {
    const part = decodeTalk(data);
    if (part === undefined) return 'malformed';
    if (part.fragment !== undefined) return fragment(part.fragment, surbs, part.id);
    answers.keep(part.id, surbs);
    return 'pool';
  };
  return (payload) => {
    const outer = decodePayload(payload);
    if (outer === undefined) return 'malformed';
    // What is not sealed was open to the gateway, or made by it.
    if (outer.kind !== SEALED_KIND) return 'unsealed';
    const content = opener.open(outer.data);
    if (content === undefined) return 'not-ours';
    if (content.kind === PAYLOAD_KIND.fragment) return fragment(content.data, content.surbs);
    if (content.kind === TALK_KIND) return talk(content.data, content.surbs);
    const fetch = content.kind === FETCH_KIND ? decodeFetch(content.data) : undefined;
    if (fetch === undefined) return 'unknown-kind';
    answers.fetch(fetch, content.surbs);
    return 'fetch';
  };
}
