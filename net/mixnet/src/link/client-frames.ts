/**
 * A client's link to its gateway, after the TLS and version handshakes: frames of one constant size in both
 * directions, so that an observer sees neither kind nor length. Relay links carry bare packets instead.
 */
import { PACKET_BYTES } from '@fog/sphinx';

/** kind 1 ‖ body PACKET_BYTES */
export const CLIENT_FRAME_BYTES: number = 1 + PACKET_BYTES;

export const CLIENT_FRAME = {
  /** Client → gateway: first hop id 16 bytes are not needed, the gateway is the first hop. Body: the packet. */
  packet: 0,
  /** Gateway → client: sequence 8 ‖ delivered flag 1 (0 deliver, 1 reply) ‖ SURB id 16 ‖ payload PAYLOAD_BYTES ‖ random. */
  item: 1,
  /** Client → gateway: highest sequence 8 it has taken ‖ random. The gateway forgets up to it. */
  taken: 2,
  /** Either: padding, ignored. */
  padding: 3,
  /**
   * Client → gateway: frames a second 4, in thousandths ‖ random. From then on the gateway sends items, and
   * padding where there is none, at the times of a Poisson process of that rate; 0 ends it.
   */
  pace: 4,
} as const;
