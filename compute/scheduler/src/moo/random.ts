/** Seeded generator; equal seeds give equal draws on every machine. */
export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** An integer, at least 0 and below `n`. */
  below(n: number): number;
}

const WORD = 2 ** 32;

/** Draws after which the first states no longer resemble their seeds. */
const WARM_UP = 15;

/** Small Fast Counter of 32-bit words (Doty-Humphrey, PractRand). For search, not for secrets. */
export function seededRandom(seed: number): Random {
  const state = Int32Array.of(seed, seed / WORD, 0x9e3779b9, 1);
  const next = (): number => {
    const a = state[0] as number;
    const b = state[1] as number;
    const c = state[2] as number;
    const counter = state[3] as number;
    const sum = (a + b + counter) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + sum;
    state[3] = counter + 1;
    return (sum >>> 0) / WORD;
  };
  for (let draw = 0; draw < WARM_UP; draw += 1) next();
  return { next, below: (n) => Math.floor(next() * n) };
}
