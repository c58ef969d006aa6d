import { concatBytes } from '@fog/kernel';
import { FRAGMENT_FRAME_BYTES, FRAGMENT_ID_BYTES, PAYLOAD_KIND, splitMessage } from '@fog/sphinx';
import type { Destination } from './addresses.ts';
import type { ClientCore } from './client-core.ts';
import { drawBytes } from './draws.ts';
import { LEVELS } from './levels.ts';
import type { SendOptions } from './mix-client-api.ts';
import { TALK_KIND } from './payload-kinds.ts';
import { sealedRoom } from './sealed-content.ts';

export interface TalkOptions extends SendOptions {
  /** Id of the conversation the message belongs to. */
  readonly talk?: Uint8Array;
}

/** Sends all fragments, each its own way; resolves when the gateway has them. */
export async function sendFragments(
  core: ClientCore,
  to: Destination,
  message: Uint8Array,
  { level, hops = LEVELS[level].hops, signal, talk }: TalkOptions,
): Promise<void> {
  const leg = { purpose: `level ${level}`, hops, classAt: () => LEVELS[level].delayClass };
  const id = drawBytes(core.random, FRAGMENT_ID_BYTES);
  await Promise.all(
    splitMessage(message, id, partRoom(0, talk)).map((part) =>
      core.outbox.submit((packet, entry) => {
        const route = core.plan({ ...leg, entry, exit: to.relay });
        core.maker.deliver(packet, route, to, { ...fragmentContent(part, talk), surbs: [] });
      }, signal),
    ),
  );
}

/** What a fragment may carry beside so many SURBs. */
export function partRoom(surbCount: number, talk?: Uint8Array): number {
  return sealedRoom(surbCount) - FRAGMENT_FRAME_BYTES - (talk?.length ?? 0);
}

export function fragmentContent(
  part: Uint8Array,
  talk?: Uint8Array,
): { readonly kind: number; readonly data: Uint8Array } {
  if (talk === undefined) return { kind: PAYLOAD_KIND.fragment, data: part };
  return { kind: TALK_KIND, data: concatBytes([talk, part]) };
}
