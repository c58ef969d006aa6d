/**
 * Tags of the packets one mix key has peeled, as a Bloom filter that grows: each segment has twice the tags
 * and half the false positives of the one before, so that all of them together stay below the bound. A false
 * positive is a lost packet; a replay is never let through. Full, it takes no packet any more.
 */

export interface ReplayFilterOptions {
  readonly firstTags: number;
  readonly maxTags: number;
  readonly maxFalsePositives: number;
}

export type ReplayVerdict = 'fresh' | 'replay' | 'full';

/** As it goes to the key file. */
export interface SavedSegment {
  readonly tags: number;
  readonly words: Uint32Array;
}

export interface ReplayFilter {
  readonly tags: number;
  readonly sizeBytes: number;
  /** Tests and records a tag of 16 bytes. */
  take(tag: Uint8Array): ReplayVerdict;
  save(): { readonly secret: Uint32Array; readonly segments: readonly SavedSegment[] };
}

interface Segment {
  readonly capacity: number;
  readonly probes: number;
  readonly bits: number;
  readonly words: Uint32Array;
  tags: number;
}

/** Probes of the first segment; each next has one more, which halves its rate at about the same density. */
const FIRST_PROBES = 10;
const TWO_32 = 2 ** 32;
/** The usual formula is an estimate, and filters differ by some per cent: aimed this much below the bound. */
const MARGIN = 0.9;

/** `secret`, 4 random words, keeps senders from choosing where their tags fall. */
export function createReplayFilter(
  options: ReplayFilterOptions,
  secret: Uint32Array,
  saved: readonly SavedSegment[] = [],
): ReplayFilter {
  return new BloomFilter(options, secret, saved);
}

class BloomFilter implements ReplayFilter {
  readonly #options: ReplayFilterOptions;
  readonly #secret: Uint32Array;
  readonly #segments: Segment[] = [];
  readonly #hash = new Uint32Array(3);
  #tags = 0;

  constructor(
    options: ReplayFilterOptions,
    secret: Uint32Array,
    saved: readonly SavedSegment[] = [],
  ) {
    this.#options = options;
    this.#secret = secret;
    for (const { tags, words } of saved) {
      const segment = createSegment(options, this.#segments.length, words);
      segment.tags = tags;
      this.#tags += tags;
      this.#segments.push(segment);
    }
  }

  get tags(): number {
    return this.#tags;
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, { words }) => sum + words.byteLength, 0);
  }

  take(tag: Uint8Array): ReplayVerdict {
    this.#mix(tag);
    for (const segment of this.#segments) if (this.#has(segment)) return 'replay';
    if (this.#tags >= this.#options.maxTags) return 'full';
    this.#record(this.#room());
    this.#tags += 1;
    return 'fresh';
  }

  save(): { readonly secret: Uint32Array; readonly segments: readonly SavedSegment[] } {
    const segments = this.#segments.map(({ tags, words }) => ({ tags, words }));
    return { secret: this.#secret, segments };
  }

  /** The segment that still takes tags; memory for the first is spent with the first tag. */
  #room(): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.tags < last.capacity) return last;
    const next = createSegment(this.#options, this.#segments.length);
    this.#segments.push(next);
    return next;
  }

  #has({ words, bits, probes }: Segment): boolean {
    let at = this.#hash[0] ?? 0;
    let step = this.#hash[1] ?? 0;
    const turn = this.#hash[2] ?? 0;
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = Math.floor((at / TWO_32) * bits);
      if (((words[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
      at = (at + step) >>> 0;
      step = (step + turn) >>> 0;
    }
    return true;
  }

  #record(segment: Segment): void {
    const { words, bits, probes } = segment;
    let at = this.#hash[0] ?? 0;
    let step = this.#hash[1] ?? 0;
    const turn = this.#hash[2] ?? 0;
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = Math.floor((at / TWO_32) * bits);
      const word = bit >>> 5;
      words[word] = (words[word] ?? 0) | (1 << (bit & 31));
      at = (at + step) >>> 0;
      step = (step + turn) >>> 0;
    }
    segment.tags += 1;
  }

  /** Start, step and change of step of the probes. Tags are pseudo-random already; the secret hides the places. */
  #mix(tag: Uint8Array): void {
    const a = this.#secret[0] ?? 0;
    const b = this.#secret[1] ?? 0;
    const d = this.#secret[3] ?? 0;
    const w = word(tag, 0) ^ a;
    const x = word(tag, 4) ^ b;
    const y = word(tag, 8) ^ (this.#secret[2] ?? 0);
    const z = word(tag, 12) ^ d;
    this.#hash[0] = scramble(w ^ scramble(x ^ d));
    this.#hash[1] = scramble(x ^ scramble(y ^ a));
    this.#hash[2] = scramble(y ^ scramble(z ^ scramble(w ^ b)));
  }
}

function createSegment(
  { firstTags, maxTags, maxFalsePositives }: ReplayFilterOptions,
  index: number,
  saved?: Uint32Array,
): Segment {
  const before = firstTags * (2 ** index - 1);
  const capacity = Math.min(firstTags * 2 ** index, maxTags - before);
  const probes = FIRST_PROBES + index;
  const rate = (MARGIN * maxFalsePositives) / 2 ** (index + 1);
  const bitsPerTag = -probes / Math.log(1 - rate ** (1 / probes));
  const bits = Math.ceil((capacity * bitsPerTag) / 32) * 32;
  return { capacity, probes, bits, words: saved ?? new Uint32Array(bits / 32), tags: 0 };
}

/** Words a saved segment must have. */
export function segmentWords(options: ReplayFilterOptions, index: number): number {
  return createSegment(options, index, new Uint32Array(0)).bits / 32;
}

function word(tag: Uint8Array, at: number): number {
  const top = (tag[at + 3] ?? 0) << 24;
  return top | ((tag[at + 2] ?? 0) << 16) | ((tag[at + 1] ?? 0) << 8) | (tag[at] ?? 0);
}

/** A bijection of 32-bit words in which each bit of the input reaches each of the output. */
function scramble(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
