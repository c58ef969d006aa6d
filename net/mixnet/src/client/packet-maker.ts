/** Makes this client's packets and opens its answers, in buffers that are used again. */
import type { RandomFill } from '@fog/crypto';
import {
  createBuildSpace,
  createPacket,
  createSurb,
  decodePayload,
  encodePayload,
  hopDelayTag,
  openReply,
  PAYLOAD_BYTES,
  type PayloadContent,
  replyWithSurb,
  SURB_BYTES,
  SURB_ID_BYTES,
  SURB_KEYS_BYTES,
} from '@fog/sphinx';
import type { Destination } from './addresses.ts';
import { drawBytes } from './draws.ts';
import { SEALED_KIND } from './payload-kinds.ts';
import type { PlannedRoute } from './routes.ts';
import { sealContent } from './sealed-content.ts';

export interface MadeSurb {
  readonly id: Uint8Array;
  readonly surb: Uint8Array;
  readonly keys: Uint8Array;
}

export interface PacketMaker {
  /** A packet that ends at a mailbox, sealed for its client, or at a service. */
  deliver(packet: Uint8Array, route: PlannedRoute, to: Destination, content: PayloadContent): void;
  /** A packet that comes home to the mailbox as an answer does, and looks like one; returns its SURB id. */
  loop(packet: Uint8Array, route: PlannedRoute, mailbox: Uint8Array): Uint8Array;
  /** Delay tags of the packet made last, copied. */
  delayTags(hops: number): Uint8Array[];
  surb(route: PlannedRoute, mailbox: Uint8Array): MadeSurb;
  /** A packet along a peer's SURB; false when it is no SURB. */
  answer(packet: Uint8Array, surb: Uint8Array, content: PayloadContent): boolean;
  /** Views of what an answer holds, or undefined when it was tampered with. Works in place. */
  open(payload: Uint8Array, keys: Uint8Array): PayloadContent | undefined;
}

export function createPacketMaker(random: RandomFill): PacketMaker {
  const space = createBuildSpace(random);
  const payload = new Uint8Array(PAYLOAD_BYTES);
  return {
    deliver: (packet, { hops }, { id, sealTo }, content) => {
      const data = sealTo && sealContent(content, sealTo, random);
      encodePayload(payload, data ? { kind: SEALED_KIND, surbs: [], data } : content);
      createPacket(packet, { hops, end: { command: 'deliver', id } }, payload, space);
    },
    loop: (packet, { hops }, mailbox) => {
      const surbId = drawBytes(random, SURB_ID_BYTES);
      // Noise, as an answer is to everyone but its receiver: the gateway cannot tell loops from answers.
      random(payload);
      createPacket(
        packet,
        { hops, end: { command: 'reply', id: mailbox, surbId } },
        payload,
        space,
      );
      return surbId;
    },
    delayTags: (hops) => Array.from({ length: hops }, (_, hop) => hopDelayTag(space, hop).slice()),
    surb: ({ hops }, mailbox) => {
      const id = drawBytes(random, SURB_ID_BYTES);
      const [surb, keys] = [new Uint8Array(SURB_BYTES), new Uint8Array(SURB_KEYS_BYTES)];
      createSurb(surb, keys, { hops, end: { command: 'reply', id: mailbox, surbId: id } }, space);
      return { id, surb, keys };
    },
    answer: (packet, surb, content) => {
      encodePayload(payload, content);
      return replyWithSurb(packet, surb, payload, space) === 'ok';
    },
    open: (reply, keys) =>
      openReply(reply, keys, space) === 'ok' ? decodePayload(reply) : undefined,
  };
}
