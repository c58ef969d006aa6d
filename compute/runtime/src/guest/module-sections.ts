import { type BinaryReader, encodeU32, MalformedModule } from './binary-reader.ts';
import { scanConstant } from './code-scan.ts';
import { mebibytes, PAGE_BYTES } from './pages.ts';
import { checkValueType, RefusedFeature } from './features.ts';
import { WASI_MODULE, WASI_SIGNATURES } from './wasi/signatures.ts';

/** Types of real programs stay far below; V8 allocates for each before it validates. */
const MAX_TYPES = 100_000;
/** Functions: large compiled programs have tens of thousands; V8 allocates for each before it validates. */
const MAX_FUNCTIONS = 200_000;
/** Globals: compilers make a handful; V8 allocates for each before it validates. */
const MAX_GLOBALS = 100_000;
/** Exports: a command needs two; V8 makes an object for each in every run. */
const MAX_EXPORTS = 100_000;
/** Imports: WASI has 46 functions, and a module may name one more than once. */
const MAX_IMPORTS = 1_000;
/** Entries of one table, at start and after `table.grow`: each takes host memory that the job's limit does not see. */
const MAX_TABLE_ENTRIES = 65_536;
/** Tables of one module; compilers make one or two. */
const MAX_TABLES = 16;

export type ExternalKind = 'function' | 'table' | 'memory' | 'global';

/** What the sections say, and what replaces two of them. */
export interface ModulePlan {
  types: string[];
  functionCount: number;
  readonly exports: Map<string, ExternalKind>;
  code: BinaryReader | undefined;
  /** Memory maximum after patching; -1 while no memory was seen. */
  maxPages: number;
  readonly limitPages: number;
  /** Section payloads to write instead of the module's own, by section start. */
  readonly replaced: { start: number; end: number; id: number; payload: number[] }[];
}

const SECTION_READERS: Readonly<Record<number, (section: BinaryReader, plan: ModulePlan) => void>> =
  {
    1: readTypes,
    2: readImports,
    3: (section, plan) => {
      plan.functionCount = counted(section, MAX_FUNCTIONS, 'functions');
    },
    6: readGlobals,
    7: readExports,
    10: (section, plan) => {
      plan.code = section;
    },
  };

/** Reads sections from behind the header. Order and what is not read here is V8's to validate. */
export function readSections(module: BinaryReader, limitPages: number): ModulePlan {
  const plan: ModulePlan = {
    types: [],
    functionCount: 0,
    exports: new Map(),
    code: undefined,
    maxPages: -1,
    limitPages,
    replaced: [],
  };
  const seen = new Set<number>();
  while (!module.done) {
    const start = module.offset;
    const id = module.u8();
    const section = module.part(module.u32());
    if (id === 0) continue;
    if (id === 13) throw new RefusedFeature('exception handling');
    if (id > 12) throw new MalformedModule(`it has the unknown section ${id}`, start);
    if (seen.has(id)) throw new MalformedModule(`it has section ${id} twice`, start);
    seen.add(id);
    SECTION_READERS[id]?.(section, plan);
    const patch =
      id === 4 ? patchTables(section) : id === 5 ? patchMemory(section, plan) : undefined;
    if (patch !== undefined) plan.replaced.push({ start, end: section.end, id, payload: patch });
  }
  return plan;
}

/** The module's bytes with the replaced sections. */
export function assembleModule(
  bytes: Uint8Array<ArrayBuffer>,
  plan: ModulePlan,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const { start, end, id, payload } of plan.replaced) {
    parts.push(bytes.subarray(from, start));
    parts.push(new Uint8Array([id, ...encodeU32(payload.length), ...payload]));
    from = end;
  }
  parts.push(bytes.subarray(from));
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function counted(section: BinaryReader, most: number, what: string): number {
  const count = section.u32();
  if (count > most) throw new RefusedFeature(`${count} ${what} (at most ${most})`);
  return count;
}

function readTypes(section: BinaryReader, plan: ModulePlan): void {
  const count = counted(section, MAX_TYPES, 'types');
  for (let index = 0; index < count; index += 1) {
    const form = section.u8();
    if (form !== 0x60) {
      if (form >= 0x4d && form <= 0x5f) throw new RefusedFeature('garbage-collected types (GC)');
      throw new MalformedModule('it has a type that is no function type', section.offset);
    }
    plan.types.push(`${readTypeList(section)}>${readTypeList(section)}`);
  }
}

function readTypeList(section: BinaryReader): string {
  // V8's own bound on parameters and results.
  const count = counted(section, 1_000, 'parameters of one function');
  let text = '';
  for (let index = 0; index < count; index += 1) {
    const type = checkValueType(section);
    text += type === 0x7f ? 'i' : type === 0x7e ? 'I' : '?';
  }
  return text;
}

function readImports(section: BinaryReader, plan: ModulePlan): void {
  const count = counted(section, MAX_IMPORTS, 'imports');
  for (let index = 0; index < count; index += 1) {
    const module = section.name();
    const name = section.name();
    const kind = section.u8();
    checkImport(module, name, kind);
    const known: string | undefined = (WASI_SIGNATURES as Record<string, string>)[name];
    const type = plan.types[section.u32()];
    if (type !== known) {
      throw new RefusedFeature(
        `the import ${module}.${name} with a type that WASI does not give it`,
      );
    }
  }
}

const IMPORT_KINDS = ['function', 'table', 'memory', 'global', 'tag'];

function checkImport(module: string, name: string, kind: number): void {
  const full = `${quoted(module)}.${quoted(name)}`;
  if (module === 'wasi_unstable') {
    throw new RefusedFeature(`the old WASI module wasi_unstable (build it for ${WASI_MODULE})`);
  }
  if (kind !== 0) {
    throw new RefusedFeature(`the imported ${IMPORT_KINDS[kind] ?? 'item'} ${full}`);
  }
  if (module !== WASI_MODULE || !Object.hasOwn(WASI_SIGNATURES, name)) {
    throw new RefusedFeature(
      `the import ${full} (fog offers the functions of ${WASI_MODULE} only)`,
    );
  }
}

/** A name of the module as it may stand in a message: short, one line, plain characters. */
function quoted(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, '?').slice(0, 64);
}

function readGlobals(section: BinaryReader): void {
  const count = counted(section, MAX_GLOBALS, 'globals');
  for (let index = 0; index < count; index += 1) {
    checkValueType(section);
    section.skip(1);
    scanConstant(section);
  }
}

/** What fog adds to a module has such names: a module that had them too could pass for one of fog's making. */
const OWN_PREFIX = 'fog:';

const EXPORT_KINDS: readonly ExternalKind[] = ['function', 'table', 'memory', 'global'];

function readExports(section: BinaryReader, plan: ModulePlan): void {
  const count = counted(section, MAX_EXPORTS, 'exports');
  for (let index = 0; index < count; index += 1) {
    const name = section.name();
    const kind = EXPORT_KINDS[section.u8()];
    section.u32();
    if (name.startsWith(OWN_PREFIX)) {
      throw new RefusedFeature(
        `the export ${quoted(name)} (names with "${OWN_PREFIX}" are fog's own)`,
      );
    }
    if (kind === undefined) throw new MalformedModule('it exports an unknown kind', section.offset);
    plan.exports.set(name, kind);
  }
}

function patchMemory(section: BinaryReader, plan: ModulePlan): number[] {
  const count = section.u32();
  if (count > 1) throw new RefusedFeature(`${count} memories (one is allowed)`);
  if (count === 0) return [0];
  const flags = section.u8();
  if ((flags & 2) !== 0) throw new RefusedFeature('threads (a shared memory)');
  if ((flags & 4) !== 0) throw new RefusedFeature('a 64-bit memory');
  if (flags > 1) throw new RefusedFeature('a memory of an unknown kind');
  const initial = section.u32();
  if (initial > plan.limitPages) {
    const needs = `${mebibytes(initial * PAGE_BYTES)} of memory at its start`;
    throw new RefusedFeature(
      `${needs} where the job may have ${mebibytes(plan.limitPages * PAGE_BYTES)} (--memory)`,
    );
  }
  const own = flags === 1 ? section.u32() : 65_536;
  plan.maxPages = Math.min(own, plan.limitPages);
  return [1, 1, ...encodeU32(initial), ...encodeU32(plan.maxPages)];
}

function patchTables(section: BinaryReader): number[] {
  const count = counted(section, MAX_TABLES, 'tables');
  const payload = encodeU32(count);
  for (let index = 0; index < count; index += 1) {
    const type = section.u8();
    if (type !== 0x70 && type !== 0x6f) throw new RefusedFeature('typed function references');
    const flags = section.u8();
    if (flags > 1) throw new RefusedFeature('a table of an unknown kind');
    const initial = section.u32();
    if (initial > MAX_TABLE_ENTRIES) {
      throw new RefusedFeature(`a table of ${initial} entries (at most ${MAX_TABLE_ENTRIES})`);
    }
    const own = flags === 1 ? section.u32() : MAX_TABLE_ENTRIES;
    const most = Math.min(own, MAX_TABLE_ENTRIES);
    payload.push(type, 1, ...encodeU32(initial), ...encodeU32(most));
  }
  return payload;
}
