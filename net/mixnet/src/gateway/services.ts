/**
 * What a relay does with packets for one of its services. `echo` sends each payload back on the SURB
 * that came with it, `null` drops it; both are there for measuring.
 */
import { sameBytes } from '@fog/crypto';
import {
  createPayloadSpace,
  decodePayload,
  encodePayload,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  replyWithSurb,
  surbFirstHop,
} from '@fog/sphinx';
import { idBytes, idKey, serviceId } from '../ids.ts';
import type { MixMetrics } from '../ports.ts';
import type { RelayInside } from '../relay/relay-ports.ts';

export const ECHO_SERVICE: Uint8Array = serviceId('echo');
export const NULL_SERVICE: Uint8Array = serviceId('null');

/** Takes a payload with all layers off; it is the service's to keep. */
export type MixService = (payload: Uint8Array) => void;

export interface MixServices {
  /** Before this, no service can answer. */
  attach(relay: RelayInside): void;
  /** False when the relay has no such service. */
  deliver(id: Uint8Array, payload: Uint8Array): boolean;
  /** Replaces a service of the same id; returns the end of it. */
  add(id: Uint8Array, service: MixService): () => void;
}

export function createServices({ metrics }: { readonly metrics: MixMetrics }): MixServices {
  const services = new Map<string, MixService>();
  const add: MixServices['add'] = (id, service) => {
    const key = idKey(id);
    services.set(key, service);
    return () => {
      if (services.get(key) === service) services.delete(key);
    };
  };
  add(NULL_SERVICE, () => metrics.count('fog_mixnet_service_null_total'));
  return {
    add,
    attach: (relay) => {
      const echo = createEcho(relay);
      add(ECHO_SERVICE, (payload) => {
        metrics.count('fog_mixnet_service_echo_total', { result: echo(payload) });
      });
    },
    deliver: (id, payload) => {
      const service = services.get(idKey(id));
      service?.(payload);
      return service !== undefined;
    },
  };
}

function createEcho({ id, inject }: RelayInside): (payload: Uint8Array) => string {
  const space = createPayloadSpace();
  const packet = new Uint8Array(PACKET_BYTES);
  const answer = new Uint8Array(PAYLOAD_BYTES);
  const relay = idBytes(id) ?? new Uint8Array(0);
  return (payload) => {
    const content = decodePayload(payload);
    const surb = content?.surbs[0];
    if (content === undefined || surb === undefined) return 'no-surb';
    // A SURB that begins elsewhere would let its maker choose whom this relay talks to.
    if (!sameBytes(surbFirstHop(surb), relay)) return 'wrong-first-hop';
    encodePayload(answer, { kind: content.kind, surbs: [], data: content.data });
    if (replyWithSurb(packet, surb, answer, space) !== 'ok') return 'bad-surb';
    return inject(packet) ? 'ok' : 'queue-full';
  };
}
