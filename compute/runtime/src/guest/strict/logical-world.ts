/**
 * Time and chance of a strict program: both follow from the task alone. Its random bytes are good enough for sampling
 * and shuffling; they are no secret, for whoever knows the task knows them.
 */

/** Time of day at which every strict program starts: 2000-01-01T00:00:00Z. */
export const EPOCH_NS = 946_684_800_000_000_000n;
/** Time passes by looking at the clock, so that a loop that waits for it ends. */
export const TICK_NS = 1_000n;

const STATE_WORDS = 4;

export class LogicalWorld {
  #nowNs = 0n;
  readonly #state = new Uint32Array(STATE_WORDS);

  /** A new program begins. `seed` names the task. */
  begin(seed: string): void {
    this.#nowNs = 0n;
    for (let word = 0; word < STATE_WORDS; word += 1) this.#state[word] = hashOf(seed, word);
    // The one state the generator could not leave.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  monotonicNs(): bigint {
    this.#nowNs += TICK_NS;
    return this.#nowNs;
  }

  realtimeNs(): bigint {
    return EPOCH_NS + this.monotonicNs();
  }

  /** Nobody waits: the time is simply over. */
  waitMs(durationMs: number): void {
    this.#nowNs += BigInt(Math.ceil(durationMs * 1e6));
  }

  fillRandom(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 4) {
      const word = this.#next();
      for (let byte = 0; byte < 4 && at + byte < bytes.length; byte += 1) {
        bytes[at + byte] = word >>> (8 * byte);
      }
    }
  }

  /** xoshiro128** (Blackman and Vigna). */
  #next(): number {
    const state = this.#state;
    const [s0, s1, s2, s3] = state as unknown as [number, number, number, number];
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9);
    const two = s2 ^ s0;
    const three = s3 ^ s1;
    state[1] = s1 ^ two;
    state[0] = s0 ^ three;
    state[2] = two ^ (s1 << 9);
    state[3] = rotate(three, 11);
    return result >>> 0;
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** FNV-1a over the text, then mixed so that neighbouring indexes share no bits. */
function hashOf(text: string, salt: number): number {
  let hash = Math.imul(salt + 1, 0x9e37_79b1) ^ 0x811c_9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
