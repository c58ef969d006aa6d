/**
 * Reads one function body of a valid module and finds what must be changed in it: where basic blocks begin and what they
 * cost, which float results need canonical NaN bits, and how much stack a call of it may take.
 */
import { type BinaryReader, MalformedModule } from '../binary-reader.ts';
import { scanOperands } from '../code-scan.ts';
import { BodyEdits, EDIT } from './body-edits.ts';
import { isBlindToNan, scalarShape, vectorShape } from './float-operations.ts';
import { bulkFuel, FUEL_COSTS, OPCODE_FUEL, VECTOR_FUEL } from './fuel-costs.ts';
import {
  F32_TYPE,
  F64_TYPE,
  type FunctionType,
  type ModuleShape,
  typeAt,
  V128_TYPE,
} from './module-shape.ts';
import { NanFlow, PLAIN } from './nan-flow.ts';
import { bulkEffect, STACK_EFFECTS, vectorEffect } from './stack-effects.ts';

/** What the scan learned of a body beside its edits. */
export interface BodyFacts {
  /** Bytes of the local declarations' groups, without their count. */
  readonly groups: { readonly count: number; readonly start: number; readonly end: number };
  readonly locals: number;
  /** Whether it calls anything, so that calls of it can nest. */
  readonly calls: boolean;
  readonly loops: boolean;
  readonly usesVectors: boolean;
  /** Most operands on the stack at once. */
  readonly maxHeight: number;
  /** Instructions that do something. */
  readonly operations: number;
  readonly codeStart: number;
}

interface Block {
  readonly isLoop: boolean;
  /** Height of the stack below its parameters. */
  readonly base: number;
  readonly params: number;
  readonly results: number;
  /** Whether the code around it is unreachable. */
  readonly wasDead: boolean;
}

export class BodyScan {
  readonly edits: BodyEdits = new BodyEdits();
  readonly nans: NanFlow = new NanFlow();
  readonly #module: ModuleShape;
  /** Origins of the operands up to `#height`, see NanFlow. */
  #stack: Int32Array = new Int32Array(256);
  #height = 0;
  /** Height below the innermost block. */
  #base = 0;
  readonly #blocks: Block[] = [];
  readonly #floatLocals = new Set<number>();
  #code: BinaryReader;
  #results = 0;
  #isDead = false;
  #segment = 0;
  #fuel = 0;
  #maxHeight = 0;
  #operations = 0;
  #calls = false;
  #loops = false;
  #usesVectors = false;

  constructor(module: ModuleShape, section: BinaryReader) {
    this.#module = module;
    this.#code = section;
  }

  scan(body: BinaryReader, type: FunctionType): BodyFacts {
    this.#begin(body, type);
    const count = body.u32();
    const start = body.offset;
    const locals = this.#declare(type, count);
    const groups = { count, start, end: body.offset };
    this.#blocks.push({
      isLoop: false,
      base: 0,
      params: 0,
      results: this.#results,
      wasDead: false,
    });
    this.#openSegment();
    while (!body.done) this.#instruction();
    this.#closeSegment();
    this.nans.settle(locals);
    return {
      groups,
      locals,
      calls: this.#calls,
      loops: this.#loops,
      usesVectors: this.#usesVectors,
      maxHeight: this.#maxHeight,
      operations: this.#operations,
      codeStart: groups.end,
    };
  }

  #begin(body: BinaryReader, type: FunctionType): void {
    this.edits.begin();
    this.nans.begin();
    this.#code = body;
    this.#height = 0;
    this.#base = 0;
    this.#blocks.length = 0;
    this.#floatLocals.clear();
    this.#results = type.results.length;
    this.#isDead = false;
    this.#maxHeight = 0;
    this.#operations = 0;
    this.#calls = false;
    this.#loops = false;
    this.#usesVectors = type.params.includes(V128_TYPE) || type.results.includes(V128_TYPE);
  }

  #declare(type: FunctionType, groups: number): number {
    let locals = 0;
    const add = (count: number, valueType: number): void => {
      if (valueType === V128_TYPE) this.#usesVectors = true;
      if (valueType === F32_TYPE || valueType === F64_TYPE) {
        for (let index = 0; index < count; index += 1) this.#floatLocals.add(locals + index);
      }
      locals += count;
    };
    for (const valueType of type.params) add(1, valueType);
    for (let group = 0; group < groups; group += 1) add(this.#code.u32(), this.#code.u8());
    return locals;
  }

  #instruction(): void {
    const start = this.#code.offset;
    const opcode = this.#code.u8();
    const fuel = OPCODE_FUEL[opcode] ?? 0;
    if (!this.#isDead) this.#fuel += fuel;
    if (fuel > 0) this.#operations += 1;
    if (opcode <= 0x13) this.#control(opcode, start);
    else if (opcode >= 0x20 && opcode <= 0x22) this.#local(opcode);
    else if (opcode === 0xfc) this.#bulk(start);
    else if (opcode === 0xfd) this.#vector();
    else this.#plain(opcode, start);
  }

  #plain(opcode: number, start: number): void {
    scanOperands(this.#code, opcode);
    if (opcode === 0x40) this.edits.add(start, EDIT.grow, this.#code.offset);
    const effect = STACK_EFFECTS[opcode] ?? 0;
    this.#pop(effect >> 1, isBlindToNan(opcode));
    if ((effect & 1) === 0) return;
    this.#push(this.#resultOf(scalarShape(opcode)));
  }

  #resultOf(shape: ReturnType<typeof scalarShape>): number {
    if (shape === undefined || this.#isDead) return PLAIN;
    const origin = this.nans.result(shape);
    this.edits.add(this.#code.offset, EDIT.canonical, origin);
    return origin;
  }

  #local(opcode: number): void {
    const local = this.#code.u32();
    const isFloat = this.#floatLocals.has(local);
    if (opcode === 0x20) return this.#push(isFloat ? this.nans.read(local) : PLAIN);
    const origin = this.#isDead ? PLAIN : (this.#stack[this.#height - 1] ?? PLAIN);
    if (isFloat) this.nans.write(origin, local);
    else this.nans.see(origin);
    if (opcode === 0x21) this.#pop(1, true);
  }

  #bulk(start: number): void {
    const opcode = this.#code.bytes[this.#code.offset] ?? 0;
    scanOperands(this.#code, 0xfc);
    if (!this.#isDead) this.#fuel += bulkFuel(opcode) - (OPCODE_FUEL[0xfc] ?? 0);
    if (opcode === 8 || opcode === 10 || opcode === 11) this.edits.add(start, EDIT.payBytes, 0);
    const isTable = opcode === 12 || opcode === 14 || opcode === 15 || opcode === 17;
    if (isTable) this.edits.add(start, EDIT.payEntries, 0);
    const effect = bulkEffect(opcode);
    this.#pop(effect >> 1, opcode < 8);
    if ((effect & 1) === 1) this.#push(PLAIN);
  }

  #vector(): void {
    const at = this.#code.offset;
    const opcode = this.#code.u32();
    this.#code.offset = at;
    scanOperands(this.#code, 0xfd);
    this.#usesVectors = true;
    if (!this.#isDead) this.#fuel += VECTOR_FUEL - (OPCODE_FUEL[0xfd] ?? 0);
    const effect = vectorEffect(opcode);
    this.#pop(effect >> 1, false);
    if ((effect & 1) === 0) return;
    const origin = this.#resultOf(vectorShape(opcode));
    // Lanes are read in every shape, so the bits of a vector always count as seen.
    this.nans.see(origin);
    this.#push(PLAIN);
  }

  #control(opcode: number, start: number): void {
    switch (opcode) {
      case 0x02:
      case 0x03:
      case 0x04:
        return this.#open(opcode);
      case 0x05:
        return this.#else();
      case 0x0b:
        return this.#close();
      case 0x0c:
        this.#seeLabel(this.#code.u32());
        return this.#die();
      case 0x0d:
        this.#pop(1, true);
        return this.#seeLabel(this.#code.u32());
      case 0x0e:
        return this.#branchTable();
      case 0x0f:
        this.edits.add(start, EDIT.return, this.#blocks.length - 1);
        this.#see(this.#results);
        return this.#die();
      case 0x00:
        return this.#die();
      case 0x01:
        return undefined;
      default:
        return this.#call(opcode, start);
    }
  }

  #branchTable(): void {
    this.#pop(1, true);
    let label = 0;
    for (let left = this.#code.u32(); left >= 0; left -= 1) label = this.#code.u32();
    this.#seeLabel(label);
    this.#die();
  }

  #call(opcode: number, start: number): void {
    const isTail = opcode >= 0x12;
    const isIndirect = (opcode & 1) === 1;
    const index = this.#code.u32();
    if (isIndirect) this.#code.u32();
    const { types, functionTypes, importedFunctions } = this.#module;
    const type = isIndirect ? typeAt(types, index) : typeAt(functionTypes, index);
    const isHost = !isIndirect && index < importedFunctions;
    if (isHost && !this.#isDead) this.#fuel += FUEL_COSTS.host - FUEL_COSTS.call;
    this.#calls = true;
    this.edits.add(start, isTail ? EDIT.leave : EDIT.flush, 0);
    this.#pop(type.params.length + (isIndirect ? 1 : 0), false);
    if (isTail) return this.#die();
    this.edits.add(this.#code.offset, EDIT.reload, 0);
    for (let left = type.results.length; left > 0; left -= 1) this.#push(PLAIN);
  }

  #open(opcode: number): void {
    if (opcode === 0x04) this.#pop(1, true);
    if (opcode === 0x03) this.#loops = true;
    const { params, results } = this.#blockType();
    this.#pop(params, false);
    this.#blocks.push({
      isLoop: opcode === 0x03,
      base: this.#height,
      params,
      results,
      wasDead: this.#isDead,
    });
    this.#base = this.#height;
    for (let left = params; left > 0; left -= 1) this.#push(PLAIN);
    if (opcode !== 0x02) this.#openSegment();
  }

  #blockType(): { readonly params: number; readonly results: number } {
    const first = this.#code.bytes[this.#code.offset] ?? 0;
    if (first >= 0x40 && first < 0x80) {
      this.#code.skip(1);
      return { params: 0, results: first === 0x40 ? 0 : 1 };
    }
    // A type index is a signed number, but never a negative one: read without its sign it is the same.
    const { params, results } = typeAt(this.#module.types, this.#code.u32());
    return { params: params.length, results: results.length };
  }

  #else(): void {
    const block = this.#finish();
    this.#isDead = block.wasDead;
    for (let left = block.params; left > 0; left -= 1) this.#push(PLAIN);
    this.#openSegment();
  }

  #close(): void {
    const block = this.#finish();
    this.#blocks.pop();
    this.#base = this.#blocks.at(-1)?.base ?? 0;
    this.#isDead = block.wasDead;
    for (let left = block.results; left > 0; left -= 1) this.#push(PLAIN);
    if (this.#blocks.length > 0) this.#openSegment();
  }

  /** The values a block ends with leave it; the stack is as it was below the block. */
  #finish(): Block {
    const block = this.#blocks.at(-1);
    if (block === undefined) throw new MalformedModule('it has an end too many', this.#code.offset);
    if (!this.#isDead && this.#height !== block.base + block.results) {
      throw new MalformedModule('it leaves operands behind in a block', this.#code.offset);
    }
    this.#see(block.results);
    this.#height = block.base;
    return block;
  }

  #seeLabel(label: number): void {
    const block = this.#blocks[this.#blocks.length - 1 - label];
    if (block !== undefined) this.#see(block.isLoop ? block.params : block.results);
  }

  /** The top values go where they are not followed. */
  #see(count: number): void {
    if (this.#isDead) return;
    for (let index = this.#height - count; index < this.#height; index += 1) {
      this.nans.see(this.#stack[index] ?? PLAIN);
      // Once is enough: branches see the same operands again and again.
      this.#stack[index] = PLAIN;
    }
  }

  #die(): void {
    this.#isDead = true;
    this.#height = this.#base;
  }

  #pop(count: number, isBlind: boolean): void {
    if (!isBlind) this.#see(count);
    this.#height = Math.max(this.#base, this.#height - count);
  }

  #push(origin: number): void {
    if (this.#height === this.#stack.length) {
      const grown = new Int32Array(this.#height * 2);
      grown.set(this.#stack);
      this.#stack = grown;
    }
    this.#stack[this.#height] = origin;
    this.#height += 1;
    if (this.#height > this.#maxHeight) this.#maxHeight = this.#height;
  }

  #openSegment(): void {
    this.#closeSegment();
    this.#segment = this.edits.add(this.#code.offset, EDIT.charge, 0);
  }

  /** The cost of a basic block is known at its end and paid at its start. */
  #closeSegment(): void {
    if (this.#fuel > 0) this.edits.values[this.#segment] = this.#fuel;
    this.#fuel = 0;
  }
}
