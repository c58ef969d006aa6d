import { BinaryReader, MalformedModule } from '../binary-reader.ts';

/** Value types of the binary format. */
export const I32_TYPE = 0x7f;
export const I64_TYPE = 0x7e;
export const F32_TYPE = 0x7d;
export const F64_TYPE = 0x7c;
export const V128_TYPE = 0x7b;

export interface FunctionType {
  readonly params: Uint8Array;
  readonly results: Uint8Array;
}

/** What the pass over function bodies must know of the rest of the module. */
export interface ModuleShape {
  readonly types: readonly FunctionType[];
  /** Type of every function, imported ones first. */
  readonly functionTypes: readonly FunctionType[];
  /** Index of each function's type. */
  readonly typeIndexes: readonly number[];
  readonly importedFunctions: number;
  readonly globals: number;
}

/** Reads an admitted and validated module. */
export function shapeOf(sections: ReadonlyMap<number, BinaryReader>): ModuleShape {
  const types = readTypes(sections.get(1));
  const imported = readImports(sections.get(2));
  const typeIndexes = [...imported, ...readIndexes(sections.get(3))];
  const functionTypes = typeIndexes.map((index) => typeAt(types, index));
  const globals = copyOf(sections.get(6))?.u32() ?? 0;
  return { types, functionTypes, typeIndexes, importedFunctions: imported.length, globals };
}

export function typeAt(types: readonly FunctionType[], index: number): FunctionType {
  const type = types[index];
  if (type === undefined) throw new MalformedModule(`it has no type ${index}`, 0);
  return type;
}

/** A reader of its own, so that a section can be read again. */
export function copyOf(section: BinaryReader | undefined): BinaryReader | undefined {
  return section && new BinaryReader(section.bytes, section.offset, section.end);
}

function readTypes(section: BinaryReader | undefined): FunctionType[] {
  const reader = copyOf(section);
  if (reader === undefined) return [];
  const readList = (): Uint8Array => {
    const count = reader.u32();
    const start = reader.offset;
    reader.skip(count);
    return reader.bytes.subarray(start, reader.offset);
  };
  return Array.from({ length: reader.u32() }, () => {
    reader.skip(1);
    return { params: readList(), results: readList() };
  });
}

/** Only functions are imported: admission refused the rest. */
function readImports(section: BinaryReader | undefined): number[] {
  const reader = copyOf(section);
  if (reader === undefined) return [];
  return Array.from({ length: reader.u32() }, () => {
    reader.skip(reader.u32());
    reader.skip(reader.u32());
    reader.skip(1);
    return reader.u32();
  });
}

function readIndexes(section: BinaryReader | undefined): number[] {
  const reader = copyOf(section);
  if (reader === undefined) return [];
  return Array.from({ length: reader.u32() }, () => reader.u32());
}
