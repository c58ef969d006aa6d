/**
 * The answering side: SURBs that came with a request, and the answer, kept for a while so that its
 * asker can have lost parts again. A request that comes twice is answered twice but handed on once.
 */
import { sameBytes } from '@fog/crypto';
import { FRAGMENT_ID_BYTES, PAYLOAD_KIND, splitMessage, surbFirstHop } from '@fog/sphinx';
import { fail } from '../errors.ts';
import { idBytes } from '../ids.ts';
import type { ClientCore } from './client-core.ts';
import { drawBytes } from './draws.ts';
import { createHeldAnswers, type HeldAnswer } from './held-answers.ts';
import { MAX_SURBS_PER_ANSWER } from './limits.ts';
import type { WriteBack } from './mix-client-api.ts';
import type { Fetch } from './payload-kinds.ts';
import { createSurbPools } from './surb-pools.ts';

export interface Answers {
  /** SURBs of a request; where it was answered already, the answer is sent again on them. */
  collect(id: Uint8Array, surbs: readonly Uint8Array[]): void;
  /** Sends the parts that are asked for, one on each SURB. */
  fetch(fetch: Fetch, surbs: readonly Uint8Array[]): void;
  /** SURBs for the standing pool of a conversation. */
  keep(talk: Uint8Array, surbs: readonly Uint8Array[]): void;
  /** How to answer the request; undefined when no SURB came with it. */
  answerTo(id: Uint8Array, talk: Uint8Array | undefined): WriteBack | undefined;
  /** How to write to the maker of the pool. */
  writeTo(talk: Uint8Array): WriteBack;
  /** Forgets what is too old. */
  expire(): void;
}

export function createAnswers(core: ClientCore): Answers {
  const held = createHeldAnswers(core.clock);
  const pools = createSurbPools(core.clock, () => core.epochMs());
  const quietly = (sending: Promise<void>): void => {
    sending.catch(() =>
      core.metrics.count('fog_mixnet_client_answers_total', { result: 'unsent' }),
    );
  };
  return {
    collect: (id, surbs) => {
      if (surbs.length === 0) return;
      const entry = held.touch(id);
      const copies = surbs.map((surb) => surb.slice());
      if (entry.fragments !== undefined) return quietly(sendParts(core, entry, copies));
      entry.surbs = [...copies, ...entry.surbs].slice(0, MAX_SURBS_PER_ANSWER);
    },
    fetch: ({ id, indices }, surbs) => {
      const fragments = held.get(id)?.fragments;
      if (fragments === undefined) return;
      held.touch(id);
      for (const [at, index] of indices.entries()) {
        const [fragment, surb] = [fragments[index], surbs[at]];
        if (fragment && surb) quietly(sendPart(core, fragment, surb.slice()));
      }
    },
    keep: (talk, surbs) => pools.add(talk, surbs),
    answerTo: (id, talk) => {
      const requestId = id.slice(0, FRAGMENT_ID_BYTES);
      if (held.get(requestId) === undefined) return undefined;
      return async (bytes) => {
        const entry = held.get(requestId);
        if (entry === undefined || entry.fragments !== undefined) {
          const why = entry === undefined ? 'was given up' : 'was answered already';
          throw fail('MIXNET_ANSWER', { message: `The request ${why}: its asker may ask again.` });
        }
        const fragments = splitMessage(bytes, requestId);
        held.fill(entry, fragments);
        const enclosed = entry.surbs.splice(0);
        const lacking = Math.max(0, fragments.length - enclosed.length);
        const standing = talk === undefined ? [] : pools.take(talk, lacking);
        await sendParts(core, entry, [...enclosed, ...standing]);
      };
    },
    writeTo: (talk) => async (bytes) => {
      const fragments = splitMessage(bytes, drawBytes(core.random, FRAGMENT_ID_BYTES));
      const ready = pools.ready(talk);
      if (ready < fragments.length) {
        const message = `${fragments.length} single-use replies are needed and ${ready} are there: write less, or after the other side has sent more.`;
        throw fail('MIXNET_ANSWER', { message });
      }
      const surbs = pools.take(talk, fragments.length);
      await Promise.all(surbs.map((surb, at) => sendPart(core, fragments[at] as Uint8Array, surb)));
    },
    expire: () => {
      held.expire();
      pools.expire();
    },
  };
}

async function sendParts(
  core: ClientCore,
  entry: HeldAnswer,
  surbs: readonly Uint8Array[],
): Promise<void> {
  const { fragments = [] } = entry;
  const sent = surbs.slice(0, fragments.length).map((surb) => {
    const part = fragments[entry.cursor % fragments.length] as Uint8Array;
    entry.cursor += 1;
    return sendPart(core, part, surb);
  });
  await Promise.all(sent);
}

function sendPart(core: ClientCore, data: Uint8Array, surb: Uint8Array): Promise<void> {
  const content = { kind: PAYLOAD_KIND.fragment, surbs: [], data };
  return core.outbox.submit((packet, entry) => {
    // A SURB that begins elsewhere would let its maker choose whom this client's gateway talks to.
    const isOurs = sameBytes(surbFirstHop(surb), idBytes(entry) as Uint8Array);
    if (isOurs && core.maker.answer(packet, surb, content)) return;
    const message = 'The request came through another gateway than the present one: ask again.';
    throw fail('MIXNET_ANSWER', { message });
  });
}
