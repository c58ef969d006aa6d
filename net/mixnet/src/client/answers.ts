/**
 * The answering side: SURBs that came with a request, and the answer, kept for a while so that its
 * asker can have lost parts again. A request that comes twice is answered twice but handed on once.
 */
import { sameBytes } from '@fog/crypto';
import { FRAGMENT_ID_BYTES, PAYLOAD_KIND, splitMessage, surbFirstHop } from '@fog/sphinx';
import { fail } from '../errors.ts';
import { idBytes, idKey } from '../ids.ts';
import type { ClientCore } from './client-core.ts';
import {
  MAX_HELD_ANSWER_BYTES,
  MAX_HELD_ANSWER_MS,
  MAX_HELD_ANSWERS,
  MAX_SURBS_PER_ANSWER,
} from './limits.ts';
import type { Fetch } from './payload-kinds.ts';

export interface Answers {
  /** SURBs of a request; where it was answered already, the answer is sent again on them. */
  collect(id: Uint8Array, surbs: readonly Uint8Array[]): void;
  /** Sends the parts that are asked for, one on each SURB. */
  fetch(fetch: Fetch, surbs: readonly Uint8Array[]): void;
  /** How to answer the request; undefined when no SURB came with it. */
  answerTo(id: Uint8Array): ((bytes: Uint8Array) => Promise<void>) | undefined;
  /** Forgets what is too old. */
  expire(): void;
}

interface Held {
  surbs: Uint8Array[];
  fragments: readonly Uint8Array[] | undefined;
  /** The part that goes out on the next SURB; after the last comes the first. */
  cursor: number;
  sizeBytes: number;
  touchedMs: number;
}

export function createAnswers(core: ClientCore): Answers {
  const { clock, outbox, maker } = core;
  const held = new Map<string, Held>();
  let heldBytes = 0;

  const forget = (key: string): void => {
    heldBytes -= held.get(key)?.sizeBytes ?? 0;
    held.delete(key);
  };
  const forgetOldest = (): void => {
    const [oldest] = held.keys();
    if (oldest !== undefined) forget(oldest);
  };
  const trim = (): void => {
    for (const key of held.keys()) {
      if (heldBytes <= MAX_HELD_ANSWER_BYTES || held.size <= 1) return;
      forget(key);
    }
  };
  const touch = (id: Uint8Array): Held => {
    const key = idKey(id);
    const entry = held.get(key) ?? {
      surbs: [],
      fragments: undefined,
      cursor: 0,
      sizeBytes: 0,
      touchedMs: 0,
    };
    entry.touchedMs = clock.monotonicMs();
    held.delete(key);
    held.set(key, entry);
    if (held.size > MAX_HELD_ANSWERS) forgetOldest();
    return entry;
  };
  const sendPart = (data: Uint8Array, surb: Uint8Array): Promise<void> =>
    outbox.submit((packet, entry) => {
      const home = idBytes(entry) as Uint8Array;
      // A SURB that begins elsewhere would let its maker choose whom this client's gateway talks to.
      const made =
        sameBytes(surbFirstHop(surb), home) &&
        maker.answer(packet, surb, { kind: PAYLOAD_KIND.fragment, surbs: [], data });
      if (!made) {
        const message = 'The request came through another gateway than the present one: ask again.';
        throw fail('MIXNET_ANSWER', { message });
      }
    });
  const sendParts = async (entry: Held, surbs: readonly Uint8Array[]): Promise<void> => {
    const { fragments = [] } = entry;
    const sent = surbs.slice(0, fragments.length).map((surb) => {
      const part = fragments[entry.cursor % fragments.length] as Uint8Array;
      entry.cursor += 1;
      return sendPart(part, surb);
    });
    await Promise.all(sent);
  };
  const quietly = (sending: Promise<void>): void => {
    sending.catch(() =>
      core.metrics.count('fog_mixnet_client_answers_total', { result: 'unsent' }),
    );
  };

  return {
    collect: (id, surbs) => {
      if (surbs.length === 0) return;
      const entry = touch(id);
      const copies = surbs.map((surb) => surb.slice());
      if (entry.fragments !== undefined) return quietly(sendParts(entry, copies));
      entry.surbs = [...copies, ...entry.surbs].slice(0, MAX_SURBS_PER_ANSWER);
    },
    fetch: ({ id, indices }, surbs) => {
      const fragments = held.has(idKey(id)) ? touch(id).fragments : undefined;
      if (fragments === undefined) return;
      for (const [at, index] of indices.entries()) {
        const [fragment, surb] = [fragments[index], surbs[at]];
        if (fragment && surb) quietly(sendPart(fragment, surb.slice()));
      }
    },
    answerTo: (id) => {
      const key = idKey(id);
      if (!held.has(key)) return undefined;
      const requestId = id.slice(0, FRAGMENT_ID_BYTES);
      return async (bytes) => {
        const entry = held.get(key);
        if (entry === undefined || entry.fragments !== undefined) {
          const why = entry === undefined ? 'was given up' : 'was answered already';
          throw fail('MIXNET_ANSWER', { message: `The request ${why}: its asker may ask again.` });
        }
        const fragments = splitMessage(bytes, requestId);
        entry.fragments = fragments;
        entry.sizeBytes = bytes.length;
        heldBytes += bytes.length;
        const surbs = entry.surbs.splice(0);
        trim();
        await sendParts(entry, surbs);
      };
    },
    expire: () => {
      const before = clock.monotonicMs() - MAX_HELD_ANSWER_MS;
      for (const [key, { touchedMs }] of held) if (touchedMs < before) forget(key);
    },
  };
}
