/** How many operands each instruction takes from the stack and leaves on it, where the opcode alone tells. */

/** Pops × 2 + pushes, by opcode. Control, calls and the prefixes 0xfc and 0xfd are not in it. */
export const STACK_EFFECTS: Uint8Array = effectTable();

function effect(pops: number, pushes: number): number {
  return pops * 2 + pushes;
}

function effectTable(): Uint8Array {
  const table = new Uint8Array(256);
  const set = (from: number, to: number, pops: number, pushes: number): void => {
    table.fill(effect(pops, pushes), from, to + 1);
  };
  set(0x1a, 0x1a, 1, 0);
  set(0x1b, 0x1c, 3, 1);
  set(0x20, 0x20, 0, 1);
  set(0x21, 0x21, 1, 0);
  set(0x22, 0x22, 1, 1);
  set(0x23, 0x23, 0, 1);
  set(0x24, 0x24, 1, 0);
  set(0x25, 0x25, 1, 1);
  set(0x26, 0x26, 2, 0);
  set(0x28, 0x35, 1, 1);
  set(0x36, 0x3e, 2, 0);
  set(0x3f, 0x3f, 0, 1);
  set(0x40, 0x40, 1, 1);
  set(0x41, 0x44, 0, 1);
  set(0x45, 0xc4, 2, 1);
  const unary: readonly (readonly [number, number])[] = [
    [0x45, 0x45],
    [0x50, 0x50],
    [0x67, 0x69],
    [0x79, 0x7b],
    [0x8b, 0x91],
    [0x99, 0x9f],
    [0xa7, 0xc4],
  ];
  for (const [from, to] of unary) set(from, to, 1, 1);
  set(0xd0, 0xd0, 0, 1);
  set(0xd1, 0xd1, 1, 1);
  set(0xd2, 0xd2, 0, 1);
  return table;
}

/** The same for the instructions behind 0xfc. */
export function bulkEffect(opcode: number): number {
  if (opcode < 8) return effect(1, 1);
  if (opcode === 9 || opcode === 13) return effect(0, 0);
  if (opcode === 15) return effect(2, 1);
  return opcode === 16 ? effect(0, 1) : effect(3, 0);
}

/** Vector instructions with one operand; almost all others have two. */
const VECTOR_UNARY: readonly (readonly [number, number])[] = [
  [0, 10],
  [15, 22],
  [24, 25],
  [27, 27],
  [29, 29],
  [31, 31],
  [33, 33],
  [77, 77],
  [83, 83],
  [92, 100],
  [103, 106],
  [116, 117],
  [122, 122],
  [124, 129],
  [131, 132],
  [135, 138],
  [148, 148],
  [160, 161],
  [163, 164],
  [167, 170],
  [192, 193],
  [195, 196],
  [199, 202],
  [224, 225],
  [227, 227],
  [236, 237],
  [239, 239],
  [248, 255],
];

const VECTOR_EFFECTS: Uint8Array = vectorTable();

function vectorTable(): Uint8Array {
  const table = new Uint8Array(256).fill(effect(2, 1));
  for (const [from, to] of VECTOR_UNARY) table.fill(effect(1, 1), from, to + 1);
  table[11] = effect(2, 0);
  table[12] = effect(0, 1);
  table[82] = effect(3, 1);
  table.fill(effect(2, 0), 88, 92);
  return table;
}

/** The same for the instructions behind 0xfd. */
export function vectorEffect(opcode: number): number {
  return VECTOR_EFFECTS[opcode] ?? effect(2, 1);
}
