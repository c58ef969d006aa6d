/** BLAKE2b of RFC 7693 with key, salt and personalisation: every 64-bit word is two numbers, low half first. */

/** The first 64 bits of the fractional parts of the square roots of 2, 3, 5, 7, 11, 13, 17, 19. */
const IV = Int32Array.of(
  0xf3bcc908,
  0x6a09e667,
  0x84caa73b,
  0xbb67ae85,
  0xfe94f82b,
  0x3c6ef372,
  0x5f1d36f1,
  0xa54ff53a,
  0xade682d1,
  0x510e527f,
  0x2b3e6c1f,
  0x9b05688c,
  0xfb41bd6b,
  0x1f83d9ab,
  0x137e2179,
  0x5be0cd19,
);
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/** Columns, then diagonals, of the 4 × 4 matrix of working words. */
const LANES = [
  { a: 0, b: 4, c: 8, d: 12 },
  { a: 1, b: 5, c: 9, d: 13 },
  { a: 2, b: 6, c: 10, d: 14 },
  { a: 3, b: 7, c: 11, d: 15 },
  { a: 0, b: 5, c: 10, d: 15 },
  { a: 1, b: 6, c: 11, d: 12 },
  { a: 2, b: 7, c: 8, d: 13 },
  { a: 3, b: 4, c: 9, d: 14 },
];
type Lane = (typeof LANES)[0];

export interface Blake2bOptions {
  readonly sizeBytes: number;
  readonly key?: Uint8Array;
  readonly salt?: Uint8Array;
  readonly personal?: Uint8Array;
}

export function plainBlake2b(
  message: Uint8Array,
  { sizeBytes, key = new Uint8Array(0), salt, personal }: Blake2bOptions,
): Uint8Array {
  const parameters = new Uint8Array(64);
  parameters.set([sizeBytes, key.length, 1, 1]);
  if (salt !== undefined) parameters.set(salt, 32);
  if (personal !== undefined) parameters.set(personal, 48);
  const words = new Int32Array(parameters.buffer);
  const state = IV.map((word, index) => word ^ (words[index] as number));

  const keyBytes = key.length === 0 ? 0 : 128;
  const blocks = Math.max(1, Math.ceil((keyBytes + message.length) / 128));
  const input = new Uint8Array(blocks * 128);
  input.set(key);
  input.set(message, keyBytes);
  for (let index = 0; index < blocks; index += 1) {
    const last = index === blocks - 1;
    const count = last ? keyBytes + message.length : (index + 1) * 128;
    compress(state, new Int32Array(input.buffer, index * 128, 32), count, last);
  }
  return new Uint8Array(state.buffer).slice(0, sizeBytes);
}

function compress(state: Int32Array, m: Int32Array, count: number, last: boolean): void {
  const v = new Int32Array(32);
  v.set(state);
  v.set(IV, 16);
  v[24] = (v[24] as number) ^ count;
  if (last) {
    v[28] = ~(v[28] as number);
    v[29] = ~(v[29] as number);
  }
  for (let round = 0; round < 12; round += 1) {
    const sigma = SIGMA[round % 10] as number[];
    for (let lane = 0; lane < 8; lane += 1) {
      mix(v, m, LANES[lane] as Lane, {
        x: sigma[lane * 2] as number,
        y: sigma[lane * 2 + 1] as number,
      });
    }
  }
  for (let index = 0; index < 16; index += 1) {
    state[index] = (state[index] as number) ^ (v[index] as number) ^ (v[index + 16] as number);
  }
}

/** G of the RFC: a quarter of a round on the words a, b, c, d with the message words x and y. */
function mix(
  v: Int32Array,
  m: Int32Array,
  { a, b, c, d }: Lane,
  { x, y }: { readonly x: number; readonly y: number },
): void {
  let aLow = v[a * 2] as number;
  let aHigh = v[a * 2 + 1] as number;
  let bLow = v[b * 2] as number;
  let bHigh = v[b * 2 + 1] as number;
  let cLow = v[c * 2] as number;
  let cHigh = v[c * 2 + 1] as number;
  let dLow = v[d * 2] as number;
  let dHigh = v[d * 2 + 1] as number;
  let low: number;

  low = (aLow + bLow) | 0;
  aHigh = (aHigh + bHigh + carry(low, bLow)) | 0;
  aLow = (low + (m[x * 2] as number)) | 0;
  aHigh = (aHigh + (m[x * 2 + 1] as number) + carry(aLow, low)) | 0;
  low = dLow ^ aLow;
  dLow = dHigh ^ aHigh;
  dHigh = low;
  cLow = (cLow + dLow) | 0;
  cHigh = (cHigh + dHigh + carry(cLow, dLow)) | 0;
  low = bLow ^ cLow;
  bHigh ^= cHigh;
  bLow = (low >>> 24) | (bHigh << 8);
  bHigh = (bHigh >>> 24) | (low << 8);

  low = (aLow + bLow) | 0;
  aHigh = (aHigh + bHigh + carry(low, bLow)) | 0;
  aLow = (low + (m[y * 2] as number)) | 0;
  aHigh = (aHigh + (m[y * 2 + 1] as number) + carry(aLow, low)) | 0;
  low = dLow ^ aLow;
  dHigh ^= aHigh;
  dLow = (low >>> 16) | (dHigh << 16);
  dHigh = (dHigh >>> 16) | (low << 16);
  cLow = (cLow + dLow) | 0;
  cHigh = (cHigh + dHigh + carry(cLow, dLow)) | 0;
  low = bLow ^ cLow;
  bHigh ^= cHigh;
  bLow = (low << 1) | (bHigh >>> 31);
  bHigh = (bHigh << 1) | (low >>> 31);

  v[a * 2] = aLow;
  v[a * 2 + 1] = aHigh;
  v[b * 2] = bLow;
  v[b * 2 + 1] = bHigh;
  v[c * 2] = cLow;
  v[c * 2 + 1] = cHigh;
  v[d * 2] = dLow;
  v[d * 2 + 1] = dHigh;
}

/** 1 when a sum is below one of its terms, both taken as unsigned: it went over 2³². */
function carry(sum: number, term: number): number {
  return sum >>> 0 < term >>> 0 ? 1 : 0;
}
