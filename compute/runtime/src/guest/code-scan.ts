/**
 * Walks every instruction of a code section against an allow-list: WebAssembly 2.0 with tail calls. V8 would also take
 * garbage-collected objects, exceptions, threads and relaxed SIMD, and has no switch for each: they are
 * found here. Types and stack heights are left to V8's validator, which runs after this.
 */
import { type BinaryReader, MalformedModule } from './binary-reader.ts';
import { checkValueType, RefusedFeature } from './features.ts';

/** V8's own bound on locals of one function, applied before it allocates for them. */
const MAX_LOCALS = 50_000;

/** Gives where each `memory.grow` starts and ends, relative to the section. */
export function scanCode(section: BinaryReader, functionCount: number): number[] {
  const start = section.offset;
  const growths: number[] = [];
  const count = section.u32();
  if (count !== functionCount) {
    throw new MalformedModule('its function and code sections disagree', section.offset);
  }
  for (let index = 0; index < count; index += 1) scanBody(section.part(section.u32()), growths);
  return growths.map((offset) => offset - start);
}

const MEMORY_GROW = 0x40;

function scanBody(body: BinaryReader, growths: number[]): void {
  const groups = body.u32();
  let locals = 0;
  for (let index = 0; index < groups; index += 1) {
    locals += body.u32();
    if (locals > MAX_LOCALS) throw new RefusedFeature(`a function with over ${MAX_LOCALS} locals`);
    checkValueType(body);
  }
  while (!body.done) {
    const isGrowth = body.bytes[body.offset] === MEMORY_GROW;
    if (isGrowth) growths.push(body.offset);
    scanInstruction(body);
    if (isGrowth) growths.push(body.offset);
  }
}

const END = 0x0b;

/** Steps over a constant expression and its `end`; it holds no blocks. */
export function scanConstant(reader: BinaryReader): void {
  while (reader.bytes[reader.offset] !== END || reader.done) scanInstruction(reader);
  reader.skip(1);
}

const NONE = 0;
const BLOCK = 1;
const INDEX = 2;
const TWO_INDICES = 3;
const MEMARG = 4;
const I32 = 5;
const I64 = 6;
const F32 = 7;
const F64 = 8;
const BR_TABLE = 9;
const SELECT_TYPES = 10;
const REF_NULL = 11;
const PREFIX_FC = 12;
const PREFIX_FD = 13;
const REFUSED = 255;

const OPERANDS = operandTable();

function operandTable(): Uint8Array {
  const table = new Uint8Array(256).fill(REFUSED);
  const set = (from: number, to: number, kind: number): void => {
    table.fill(kind, from, to + 1);
  };
  set(0x00, 0x01, NONE);
  set(0x02, 0x04, BLOCK);
  set(0x05, 0x05, NONE);
  set(END, END, NONE);
  set(0x0c, 0x0d, INDEX);
  set(0x0e, 0x0e, BR_TABLE);
  set(0x0f, 0x0f, NONE);
  set(0x10, 0x10, INDEX);
  set(0x11, 0x11, TWO_INDICES);
  set(0x12, 0x12, INDEX);
  set(0x13, 0x13, TWO_INDICES);
  set(0x1a, 0x1b, NONE);
  set(0x1c, 0x1c, SELECT_TYPES);
  set(0x20, 0x26, INDEX);
  set(0x28, 0x3e, MEMARG);
  set(0x3f, 0x40, INDEX);
  set(0x41, 0x41, I32);
  set(0x42, 0x42, I64);
  set(0x43, 0x43, F32);
  set(0x44, 0x44, F64);
  set(0x45, 0xc4, NONE);
  set(0xd0, 0xd0, REF_NULL);
  set(0xd1, 0xd1, NONE);
  set(0xd2, 0xd2, INDEX);
  set(0xfc, 0xfc, PREFIX_FC);
  set(0xfd, 0xfd, PREFIX_FD);
  return table;
}

const OPERAND_READERS: readonly ((code: BinaryReader) => void)[] = [
  () => {},
  (code) => code.skipLeb(5),
  (code) => code.skipLeb(5),
  (code) => {
    code.skipLeb(5);
    code.skipLeb(5);
  },
  skipMemarg,
  (code) => code.skipLeb(5),
  (code) => code.skipLeb(10),
  (code) => code.skip(4),
  (code) => code.skip(8),
  (code) => {
    for (let left = code.u32(); left >= 0; left -= 1) code.skipLeb(5);
  },
  (code) => {
    for (let left = code.u32(); left > 0; left -= 1) checkValueType(code);
  },
  checkValueType,
  skipBulkOperands,
  skipVectorOperands,
];

function scanInstruction(code: BinaryReader): void {
  scanOperands(code, code.u8());
}

/** Steps over what follows an opcode; throws RefusedFeature for an instruction outside the allow-list. */
export function scanOperands(code: BinaryReader, opcode: number): void {
  const kind = OPERANDS[opcode] ?? REFUSED;
  if (kind === NONE) return;
  const read = OPERAND_READERS[kind];
  if (read === undefined) throw refusedOpcode(opcode, code.offset);
  read(code);
}

function refusedOpcode(opcode: number, offset: number): Error {
  if (opcode === 0xfe) return new RefusedFeature('threads (atomic instructions)');
  if (opcode === 0xfb) return new RefusedFeature('garbage-collected types (GC)');
  const isException = (opcode >= 0x06 && opcode <= 0x0a) || opcode === 0x18 || opcode === 0x19;
  if (isException || opcode === 0x1f) return new RefusedFeature('exception handling');
  const isTyped = opcode === 0x14 || opcode === 0x15 || (opcode >= 0xd3 && opcode <= 0xd6);
  if (isTyped) return new RefusedFeature('typed function references');
  const hex = opcode.toString(16).padStart(2, '0');
  return new MalformedModule(`it has the unknown instruction 0x${hex}`, offset);
}

/** Bit 6 of the alignment announces a memory index. */
function skipMemarg(code: BinaryReader): void {
  if (code.u32() >= 64) throw new RefusedFeature('more than one memory');
  code.skipLeb(5);
}

/** Number of index operands of the 0xfc instructions: saturating truncation, bulk memory, tables. */
const BULK_OPERANDS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

function skipBulkOperands(code: BinaryReader): void {
  const opcode = code.u32();
  const operands = BULK_OPERANDS[opcode];
  if (operands === undefined) {
    throw new MalformedModule(`it has the unknown instruction 0xfc ${opcode}`, code.offset);
  }
  for (let index = 0; index < operands; index += 1) code.skipLeb(5);
}

function skipVectorOperands(code: BinaryReader): void {
  const opcode = code.u32();
  if (opcode > 0xff) throw new RefusedFeature('relaxed SIMD');
  if (opcode <= 11 || opcode === 92 || opcode === 93) return skipMemarg(code);
  if (opcode <= 13) return code.skip(16);
  if (opcode >= 21 && opcode <= 34) return code.skip(1);
  if (opcode >= 84 && opcode <= 91) {
    skipMemarg(code);
    code.skip(1);
  }
}
