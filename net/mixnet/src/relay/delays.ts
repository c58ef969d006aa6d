/**
 * What delay a packet owes a hop. Relay and sender compute the same number: the sender knows the delay tag,
 * and (β, π) is published when the mix key is erased.
 */
import { blake2b } from '@fog/crypto';
import { DELAY_CAP_MEANS } from './limits.ts';

/** Buffers of one thread. */
const draw = new Uint8Array(16);
const view = new DataView(draw.buffer);

/**
 * Milliseconds: −mean·ln(u), at most ten means, with u in (0, 1] from the first 53 bits of
 * BLAKE2b-128(delay tag, key = the VRF output β of 64 bytes).
 */
export function owedDelayMs(beta: Uint8Array, delayTag: Uint8Array, meanMicros: number): number {
  if (meanMicros <= 0) return 0;
  blake2b(draw, delayTag, beta);
  const high = view.getUint32(0);
  const low = view.getUint32(4) >>> 11;
  const uniform = (high * 2 ** 21 + low + 1) / 2 ** 53;
  return (Math.min(-Math.log(uniform), DELAY_CAP_MEANS) * meanMicros) / 1000;
}
