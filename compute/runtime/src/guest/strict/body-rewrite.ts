/** Writes a function body again with the edits its scan found. */
import { EDIT } from './body-edits.ts';
import type { BodyFacts, BodyScan } from './body-scan.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { FloatShape } from './float-operations.ts';
import { BYTES_PER_FUEL } from './fuel-costs.ts';
import {
  F32_TYPE,
  F64_TYPE,
  type FunctionType,
  I32_TYPE,
  I64_TYPE,
  V128_TYPE,
} from './module-shape.ts';

/** Indexes of what the pass adds to a module. */
export interface Additions {
  /** i64 global: units left. */
  readonly fuel: number;
  /** i32 global: stack left. */
  readonly stack: number;
  /** i32 global: what became of the last memory.grow. */
  readonly growth: number;
  /** Function (i32): pays units. */
  readonly pay: number;
  /** Function (i32) → i32: `memory.grow` that pays and tells who refused. */
  readonly grow: number;
  /** Type index of a block without parameters that has these results; undefined where a byte says it. */
  blockType(type: FunctionType): number | undefined;
}

/** What a frame takes beside its values: return address, saved registers, V8's own slots, and what the pass adds. */
const FRAME_BYTES = 112;
/** A frame of a function that calls nothing lies on top of all others; up to this size it is left uncounted. */
const LEAF_FRAME_BYTES = 4096;

/** An optimizing compiler keeps results it needs again; real code has far fewer of them than one in this many. */
const OPERATIONS_PER_SLOT = 8;

/** Bytes a call may take on the stack: every local and operand in memory, parameters and results twice. */
function frameBytes(facts: BodyFacts, type: FunctionType): number {
  const kept = Math.ceil(facts.operations / OPERATIONS_PER_SLOT);
  const values = facts.locals + facts.maxHeight + type.params.length + type.results.length;
  const slots = values + kept;
  return FRAME_BYTES + slots * (facts.usesVectors ? 16 : 8);
}

const OP = {
  unreachable: 0x00,
  block: 0x02,
  if: 0x04,
  end: 0x0b,
  br: 0x0c,
  call: 0x10,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32LtS: 0x48,
  i64LtS: 0x53,
  f32Eq: 0x5b,
  f64Eq: 0x61,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32ShrU: 0x76,
  i64Sub: 0x7d,
  vector: 0xfd,
} as const;
const EMPTY_BLOCK = 0x40;
const BYTES_SHIFT = Math.log2(BYTES_PER_FUEL);

const NAN32 = [0x00, 0x00, 0xc0, 0x7f];
const NAN64 = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
const V128_CONST = 12;
const BITSELECT = 82;
const F32X4_EQ = 65;
const F64X2_EQ = 71;

/** For each shape: type of the temporary, the constant NaN, "equals itself", "take it or the constant". */
const CANONICAL: readonly {
  readonly type: number;
  readonly nan: readonly number[];
  readonly equal: readonly number[];
  readonly choose: readonly number[];
}[] = [
  { type: F32_TYPE, nan: [OP.f32Const, ...NAN32], equal: [OP.f32Eq], choose: [OP.select] },
  { type: F64_TYPE, nan: [OP.f64Const, ...NAN64], equal: [OP.f64Eq], choose: [OP.select] },
  {
    type: V128_TYPE,
    nan: [OP.vector, V128_CONST, ...NAN32, ...NAN32, ...NAN32, ...NAN32],
    equal: [OP.vector, F32X4_EQ],
    choose: [OP.vector, BITSELECT],
  },
  {
    type: V128_TYPE,
    nan: [OP.vector, V128_CONST, ...NAN64, ...NAN64],
    equal: [OP.vector, F64X2_EQ],
    choose: [OP.vector, BITSELECT],
  },
];

/** Types of the temporaries the edits need. */
function temporariesOf(scan: BodyScan, isCounted: boolean, keepsFuel: boolean): number[] {
  const types = new Set<number>(keepsFuel ? [I64_TYPE] : []);
  if (isCounted) types.add(I32_TYPE);
  const { kinds, values } = scan.edits;
  for (const [index, kind] of kinds.entries()) {
    const value = values[index] as number;
    if (kind === EDIT.charge && value > 0) types.add(I64_TYPE);
    else if (kind === EDIT.payBytes || kind === EDIT.payEntries) types.add(I32_TYPE);
    else if (kind === EDIT.canonical && scan.nans.isSeen(value)) {
      types.add(CANONICAL[scan.nans.shapeOf(value)]?.type ?? F64_TYPE);
    }
  }
  return [...types];
}

/** Rewrites one body; `out` holds nothing else. */
export class BodyRewrite {
  readonly #out: ByteWriter;
  readonly #added: Additions;
  /** Bytes the call takes from the stack; 0 for a leaf, which is not counted. */
  #frameBytes = 0;
  #keepsFuel = false;
  readonly #temporary = new Map<number, number>();

  constructor(out: ByteWriter, added: Additions) {
    this.#out = out;
    this.#added = added;
  }

  /** `source` is the module up to the end of the body. */
  write(source: Uint8Array, scan: BodyScan, facts: BodyFacts, type: FunctionType): void {
    const out = this.#out;
    out.clear();
    const sizeBytes = frameBytes(facts, type);
    const isCounted = facts.calls || sizeBytes > LEAF_FRAME_BYTES;
    this.#frameBytes = isCounted ? sizeBytes : 0;
    this.#keepsFuel = facts.loops;
    const isWrapped = isCounted || facts.loops;
    this.#declare(source, facts, temporariesOf(scan, isCounted, facts.loops));
    if (isWrapped) this.#enter(type);
    let from = facts.codeStart;
    const { at, kinds, values } = scan.edits;
    for (let index = 0; index < at.length; index += 1) {
      const kind = kinds[index] as number;
      const value = values[index] as number;
      if (!this.#applies(kind, value, scan)) continue;
      const offset = at[index] as number;
      out.bytes(source.subarray(from, offset));
      from = this.#edit(kind, value, offset, scan);
    }
    out.bytes(source.subarray(from));
    if (!isWrapped) return;
    this.#leave();
    out.u8(OP.end);
  }

  #applies(kind: number, value: number, scan: BodyScan): boolean {
    if (kind === EDIT.charge) return value > 0;
    if (kind === EDIT.canonical) return scan.nans.isSeen(value);
    if (kind === EDIT.flush || kind === EDIT.reload) return this.#keepsFuel;
    if (kind === EDIT.return || kind === EDIT.leave) return this.#keepsFuel || this.#frameBytes > 0;
    return true;
  }

  /** Gives where the source goes on. */
  #edit(kind: number, value: number, offset: number, scan: BodyScan): number {
    switch (kind) {
      case EDIT.charge:
        this.#charge(value);
        return offset;
      case EDIT.canonical:
        this.#canonical(scan.nans.shapeOf(value));
        return offset;
      case EDIT.leave:
        this.#leave();
        return offset;
      case EDIT.flush:
        this.#flush();
        return offset;
      case EDIT.reload:
        this.#reload();
        return offset;
      case EDIT.return:
        this.#access(OP.br, value);
        return offset + 1;
      case EDIT.grow:
        this.#callHelper(this.#added.grow);
        return value;
      default:
        this.#payAmount(kind === EDIT.payBytes);
        return offset;
    }
  }

  #declare(source: Uint8Array, facts: BodyFacts, used: readonly number[]): void {
    const { count, start, end } = facts.groups;
    this.#out.u32(count + used.length);
    this.#out.bytes(source.subarray(start, end));
    this.#temporary.clear();
    for (const [index, type] of used.entries()) {
      this.#temporary.set(type, facts.locals + index);
      this.#out.bytes([1, type]);
    }
  }

  #access(opcode: number, index: number): void {
    this.#out.u8(opcode);
    this.#out.u32(index);
  }

  #local(opcode: number, type: number): void {
    this.#access(opcode, this.#temporary.get(type) ?? 0);
  }

  /**
   * A function with a loop keeps the fuel in a local and so in a register: a loop that writes to memory in each
   * turn runs at half the speed.
   */
  #charge(units: number): void {
    const { fuel } = this.#added;
    if (this.#keepsFuel) this.#local(OP.localGet, I64_TYPE);
    else this.#access(OP.globalGet, fuel);
    this.#out.u8(OP.i64Const);
    this.#out.signed(units);
    this.#out.u8(OP.i64Sub);
    this.#local(OP.localTee, I64_TYPE);
    if (!this.#keepsFuel) {
      this.#access(OP.globalSet, fuel);
      this.#local(OP.localGet, I64_TYPE);
    }
    this.#out.bytes([OP.i64Const, 0, OP.i64LtS, OP.if, EMPTY_BLOCK]);
    if (this.#keepsFuel) this.#flush();
    this.#out.bytes([OP.unreachable, OP.end]);
  }

  #flush(): void {
    if (!this.#keepsFuel) return;
    this.#local(OP.localGet, I64_TYPE);
    this.#access(OP.globalSet, this.#added.fuel);
  }

  #reload(): void {
    if (!this.#keepsFuel) return;
    this.#access(OP.globalGet, this.#added.fuel);
    this.#local(OP.localSet, I64_TYPE);
  }

  /** Takes this frame from what is left of the stack; the body becomes a block, so that every way out passes its end. */
  #enter(type: FunctionType): void {
    const { stack } = this.#added;
    if (this.#frameBytes > 0) {
      this.#access(OP.globalGet, stack);
      this.#out.u8(OP.i32Const);
      this.#out.signed(this.#frameBytes);
      this.#out.u8(OP.i32Sub);
      this.#local(OP.localTee, I32_TYPE);
      this.#access(OP.globalSet, stack);
      this.#local(OP.localGet, I32_TYPE);
      this.#out.bytes([OP.i32Const, 0, OP.i32LtS, OP.if, EMPTY_BLOCK, OP.unreachable, OP.end]);
    }
    this.#reload();
    this.#out.u8(OP.block);
    const index = this.#added.blockType(type);
    if (index !== undefined) this.#out.signed(index);
    else this.#out.u8(type.results[0] ?? EMPTY_BLOCK);
  }

  #leave(): void {
    this.#flush();
    if (this.#frameBytes === 0) return;
    const { stack } = this.#added;
    this.#access(OP.globalGet, stack);
    this.#out.u8(OP.i32Const);
    this.#out.signed(this.#frameBytes);
    this.#out.u8(OP.i32Add);
    this.#access(OP.globalSet, stack);
  }

  #callHelper(index: number): void {
    this.#flush();
    this.#access(OP.call, index);
    this.#reload();
  }

  #canonical(shape: FloatShape): void {
    const recipe = CANONICAL[shape];
    if (recipe === undefined) return;
    this.#local(OP.localTee, recipe.type);
    this.#out.bytes(recipe.nan);
    this.#local(OP.localGet, recipe.type);
    this.#local(OP.localGet, recipe.type);
    this.#out.bytes(recipe.equal);
    this.#out.bytes(recipe.choose);
  }

  #payAmount(isBytes: boolean): void {
    this.#local(OP.localTee, I32_TYPE);
    this.#local(OP.localGet, I32_TYPE);
    if (isBytes) this.#out.bytes([OP.i32Const, BYTES_SHIFT, OP.i32ShrU]);
    this.#callHelper(this.#added.pay);
  }
}
