/**
 * Where the bits of a NaN may differ between processors: the results of float arithmetic. Reading memory, constants,
 * abs, neg, copysign, pmin, pmax and select keep or define every bit.
 */

/** How results are made canonical, by the type they have. */
export type FloatShape = 0 | 1 | 2 | 3;
export const F32: FloatShape = 0;
export const F64: FloatShape = 1;
export const F32X4: FloatShape = 2;
export const F64X2: FloatShape = 3;

const NO_SHAPE = -1;
const SCALAR_SHAPES: Int8Array = scalarShapes();

function scalarShapes(): Int8Array {
  const table = new Int8Array(256).fill(NO_SHAPE);
  table.fill(F32, 0x8d, 0x98);
  table.fill(F64, 0x9b, 0xa6);
  // demote and promote
  table[0xb6] = F32;
  table[0xbb] = F64;
  return table;
}

/** The shape of the arithmetic result of an instruction, undefined for all others. */
export function scalarShape(opcode: number): FloatShape | undefined {
  const shape = SCALAR_SHAPES[opcode] ?? NO_SHAPE;
  return shape === NO_SHAPE ? undefined : (shape as FloatShape);
}

const F32X4_ARITHMETIC: ReadonlySet<number> = new Set([
  94, 103, 104, 105, 106, 227, 228, 229, 230, 231, 232, 233,
]);
const F64X2_ARITHMETIC: ReadonlySet<number> = new Set([
  95, 116, 117, 122, 148, 239, 240, 241, 242, 243, 244, 245,
]);

/** The same for instructions behind 0xfd. */
export function vectorShape(opcode: number): FloatShape | undefined {
  if (F32X4_ARITHMETIC.has(opcode)) return F32X4;
  return F64X2_ARITHMETIC.has(opcode) ? F64X2 : undefined;
}

const BLIND: Uint8Array = blindTable();

/** Instructions that only ask of a float whether it is NaN, never with which bits: their own result is made canonical or is no float. */
function blindTable(): Uint8Array {
  const table = new Uint8Array(256);
  // Comparisons, arithmetic, truncation to integers, demote and promote, drop.
  table.fill(1, 0x5b, 0x67);
  table.fill(1, 0x8d, 0x98);
  table.fill(1, 0x9b, 0xa6);
  table.fill(1, 0xa8, 0xac);
  table.fill(1, 0xae, 0xb2);
  for (const opcode of [0xb6, 0xbb, 0x1a]) table[opcode] = 1;
  return table;
}

export function isBlindToNan(opcode: number): boolean {
  return BLIND[opcode] === 1;
}
