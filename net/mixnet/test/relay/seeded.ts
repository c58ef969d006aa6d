import { chacha20, type RandomFill } from '@fog/crypto';

/** The same bytes in every run. */
export function seededRandom(seed: number): RandomFill {
  const key = new Uint8Array(32).fill(seed);
  const nonce = new Uint8Array(8);
  const counter = new DataView(nonce.buffer);
  let calls = 0;
  return (bytes) => {
    calls += 1;
    counter.setUint32(0, calls);
    chacha20(bytes, new Uint8Array(bytes.length), nonce, key);
  };
}
