/**
 * Rewrites an admitted module so that a run of it is the same on every machine: each basic block pays fuel, each call takes
 * its frame from a stack of fixed size, float results have canonical NaN bits, and memory grows by the job's limit
 * alone. What a program computes stays the same. Input must be valid: an index beyond its own would reach what is added.
 */
import { BinaryReader, encodeU32, MalformedModule } from '../binary-reader.ts';
import { type Additions, BodyRewrite } from './body-rewrite.ts';
import { BodyScan } from './body-scan.ts';
import { ByteWriter } from './byte-writer.ts';
import { growBody, payBody } from './added-functions.ts';
import {
  copyOf,
  type FunctionType,
  I32_TYPE,
  I64_TYPE,
  type ModuleShape,
  shapeOf,
} from './module-shape.ts';

/** Exports the pass adds. Admission refuses modules with names like these. */
export const ADDED_EXPORTS = {
  /** i64 global: units left; below zero once they are used up. */
  fuel: 'fog:fuel',
  /** i32 global: stack left; below zero once it is full. */
  stack: 'fog:stack',
  /** i32 global: GROWTH of the last memory.grow. */
  growth: 'fog:growth',
  /** The start function, which now runs when the host says so. */
  start: 'fog:start',
} as const;

/**
 * Stack of a strict program, counted in frames that take at least as much as V8's. It is half of what V8 has by
 * itself in a browser worker, so that this limit is always the first.
 */
export const STRICT_STACK_BYTES: number = 512 * 1024;

const SECTION = { type: 1, function: 3, global: 6, export: 7, start: 8, code: 10 } as const;

export function instrumentModule(
  bytes: Uint8Array<ArrayBuffer>,
  maxPages: number,
): Uint8Array<ArrayBuffer> {
  return rewriteModule(bytes, (section, shape, added) => {
    const bodies = rewriteBodies(section, shape, added);
    return codeSection(bodies, [payBody(added), growBody(added, maxPages)]);
  });
}

/**
 * The same for a program that need not be strict: only the `memory.grow`s that `growths` names (see Admission) are replaced, so
 * that the end of the program can be explained. What the machine refuses, the program sees as refused.
 */
export function watchGrowth(
  bytes: Uint8Array<ArrayBuffer>,
  growths: readonly number[],
): Uint8Array<ArrayBuffer> {
  return rewriteModule(bytes, (section, _shape, added) => {
    const bodies = replaceGrowths(section, growths, added.grow);
    return codeSection(bodies, [payBody(added), growBody(added, 0)]);
  });
}

type RewriteCode = (section: BinaryReader, shape: ModuleShape, added: Additions) => Uint8Array;

function rewriteModule(bytes: Uint8Array, rewriteCode: RewriteCode): Uint8Array<ArrayBuffer> {
  const sections = readSections(bytes);
  const shape = shapeOf(sections);
  const blockTypes = new BlockTypes(shape);
  const code = sections.get(SECTION.code);
  // A command has a function of its own.
  if (code === undefined) throw new MalformedModule('it has no code', bytes.length);
  const rewritten = new Map<number, Uint8Array>([
    [SECTION.code, rewriteCode(code, shape, additionsTo(shape, blockTypes))],
    [SECTION.type, typeSection(sections.get(SECTION.type), blockTypes)],
    [SECTION.function, functionSection(sections.get(SECTION.function), shape)],
    [SECTION.global, globalSection(sections.get(SECTION.global))],
    [SECTION.export, exportSection(sections, shape)],
  ]);
  return assemble(bytes, sections, rewritten);
}

/** By id, in their order. Custom sections are left out: what they say of code would no longer be true. */
function readSections(bytes: Uint8Array): Map<number, BinaryReader> {
  const module = new BinaryReader(bytes, 8);
  const sections = new Map<number, BinaryReader>();
  while (!module.done) {
    const id = module.u8();
    const section = module.part(module.u32());
    if (id !== 0) sections.set(id, section);
  }
  return sections;
}

function assemble(
  bytes: Uint8Array,
  sections: ReadonlyMap<number, BinaryReader>,
  rewritten: ReadonlyMap<number, Uint8Array>,
): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(bytes.length * 2);
  out.bytes(bytes.subarray(0, 8));
  const put = (id: number, payload: Uint8Array): void => {
    out.u8(id);
    out.u32(payload.length);
    out.bytes(payload);
  };
  for (const [id, section] of sections) {
    if (id === SECTION.start) continue;
    // Every module exports something, and globals stand right before exports.
    const isNew = id === SECTION.export && !sections.has(SECTION.global);
    if (isNew) put(SECTION.global, rewritten.get(SECTION.global) ?? new Uint8Array());
    put(id, rewritten.get(id) ?? section.bytes.subarray(section.offset, section.end));
  }
  return out.written().slice();
}

/** Number of types that the functions of the pass need: (i32) and (i32) → i32. */
const OWN_TYPES = 2;

/** Types of blocks that stand around bodies with several results: no parameters, the same results. */
class BlockTypes {
  readonly #first: number;
  readonly #indexes = new Map<string, number>();
  readonly added: Uint8Array[] = [];

  constructor(shape: ModuleShape) {
    this.#first = shape.types.length + OWN_TYPES;
  }

  indexOf({ results }: FunctionType): number | undefined {
    if (results.length < 2) return undefined;
    const key = results.join();
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.#first + this.added.push(results) - 1;
    this.#indexes.set(key, index);
    return index;
  }
}

function additionsTo(shape: ModuleShape, blockTypes: BlockTypes): Additions {
  return {
    fuel: shape.globals,
    stack: shape.globals + 1,
    growth: shape.globals + 2,
    pay: shape.functionTypes.length,
    grow: shape.functionTypes.length + 1,
    blockType: (type) => blockTypes.indexOf(type),
  };
}

/** A section whose vector has `extra` more items than the module's own. */
function extended(
  section: BinaryReader | undefined,
  extra: number,
  items: readonly (readonly number[])[],
): Uint8Array {
  const reader = copyOf(section);
  const count = reader?.u32() ?? 0;
  const own = reader?.bytes.subarray(reader.offset, reader.end) ?? new Uint8Array();
  const out = new ByteWriter(own.length + 64);
  out.u32(count + extra);
  out.bytes(own);
  for (const item of items) out.bytes(item);
  return out.written();
}

const FUNCTION_FORM = 0x60;

function typeSection(section: BinaryReader | undefined, { added }: BlockTypes): Uint8Array {
  const items = [
    [FUNCTION_FORM, 1, I32_TYPE, 0],
    [FUNCTION_FORM, 1, I32_TYPE, 1, I32_TYPE],
    ...added.map((results) => [FUNCTION_FORM, 0, ...encodeU32(results.length), ...results]),
  ];
  return extended(section, items.length, items);
}

function functionSection(section: BinaryReader | undefined, { types }: ModuleShape): Uint8Array {
  return extended(section, 2, [encodeU32(types.length), encodeU32(types.length + 1)]);
}

const MUTABLE = 1;

function globalSection(section: BinaryReader | undefined): Uint8Array {
  const stack = new ByteWriter(8);
  stack.signed(STRICT_STACK_BYTES);
  return extended(section, 3, [
    [I64_TYPE, MUTABLE, 0x42, 0, 0x0b],
    [I32_TYPE, MUTABLE, 0x41, ...stack.written(), 0x0b],
    [I32_TYPE, MUTABLE, 0x41, 0, 0x0b],
  ]);
}

const FUNCTION_KIND = 0;
const GLOBAL_KIND = 3;

function exportSection(
  sections: ReadonlyMap<number, BinaryReader>,
  { globals }: ModuleShape,
): Uint8Array {
  const items = [
    exportOf(ADDED_EXPORTS.fuel, GLOBAL_KIND, globals),
    exportOf(ADDED_EXPORTS.stack, GLOBAL_KIND, globals + 1),
    exportOf(ADDED_EXPORTS.growth, GLOBAL_KIND, globals + 2),
  ];
  const start = copyOf(sections.get(SECTION.start))?.u32();
  if (start !== undefined) items.push(exportOf(ADDED_EXPORTS.start, FUNCTION_KIND, start));
  return extended(sections.get(SECTION.export), items.length, items);
}

function exportOf(name: string, kind: number, index: number): number[] {
  const text = new TextEncoder().encode(name);
  return [...encodeU32(text.length), ...text, kind, ...encodeU32(index)];
}

/** Bodies with their sizes. */
interface Bodies {
  readonly count: number;
  readonly bytes: Uint8Array;
}

function codeSection(bodies: Bodies, helpers: readonly (readonly number[])[]): Uint8Array {
  const out = new ByteWriter(bodies.bytes.length + 256);
  out.u32(bodies.count + helpers.length);
  out.bytes(bodies.bytes);
  for (const helper of helpers) {
    out.u32(helper.length);
    out.bytes(helper);
  }
  return out.written();
}

function rewriteBodies(section: BinaryReader, shape: ModuleShape, added: Additions): Bodies {
  const reader = new BinaryReader(section.bytes, section.offset, section.end);
  const count = reader.u32();
  const out = new ByteWriter(section.bytes.length * 2);
  const body = new ByteWriter(1024);
  const scan = new BodyScan(shape, reader);
  const rewrite = new BodyRewrite(body, added);
  for (let index = 0; index < count; index += 1) {
    const type = shape.functionTypes[shape.importedFunctions + index] as FunctionType;
    const source = reader.part(reader.u32());
    const facts = scan.scan(source, type);
    rewrite.write(source.bytes.subarray(0, source.end), scan, facts, type);
    out.u32(body.sizeBytes);
    out.bytes(body.written());
  }
  return { count, bytes: out.written() };
}

const CALL = 0x10;

function replaceGrowths(section: BinaryReader, growths: readonly number[], grow: number): Bodies {
  const reader = new BinaryReader(section.bytes, section.offset, section.end);
  const count = reader.u32();
  const out = new ByteWriter(section.end - section.offset + 1024);
  const call = [CALL, ...encodeU32(grow)];
  let next = 0;
  for (let index = 0; index < count; index += 1) {
    const { bytes, offset, end } = reader.part(reader.u32());
    const parts: Uint8Array[] = [];
    let from = offset;
    for (; section.offset + (growths[next] ?? Infinity) < end; next += 2) {
      parts.push(bytes.subarray(from, section.offset + (growths[next] ?? 0)), new Uint8Array(call));
      from = section.offset + (growths[next + 1] ?? 0);
    }
    parts.push(bytes.subarray(from, end));
    out.u32(parts.reduce((sum, part) => sum + part.length, 0));
    for (const part of parts) out.bytes(part);
  }
  return { count, bytes: out.written() };
}
