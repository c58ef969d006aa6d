import { randomFill, x25519, x25519PublicKey } from '@fog/crypto';
import { median } from '../statistics.ts';

const BATCHES = 40;
const BATCH = 50;

/** What a bare X25519 costs now, in microseconds. */
export function x25519Micros(): number {
  const [shared, secret, point] = [new Uint8Array(32), new Uint8Array(32), new Uint8Array(32)];
  randomFill(secret);
  x25519PublicKey(point, secret);
  const batches = Array.from({ length: BATCHES }, () => {
    const fromMs = performance.now();
    for (let index = 0; index < BATCH; index += 1) x25519(shared, secret, point);
    return ((performance.now() - fromMs) * 1000) / BATCH;
  });
  return median(batches);
}
