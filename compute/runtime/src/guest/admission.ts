/**
 * Decides from the binary whether a module may run, before V8 sees it, and writes its bounds into it.
 * An allow-list: function types only, one 32-bit unshared memory, small tables, imports of known WASI
 * functions with their known types, known instructions. Any byte sequence gets a verdict, never an exception.
 * Not defended here: errors of V8's compiler, which the process sandbox is for.
 */
import { BinaryReader, MalformedModule } from './binary-reader.ts';
import { scanCode } from './code-scan.ts';
import { RefusedFeature } from './features.ts';
import { PAGE_BYTES } from './pages.ts';
import { assembleModule, type ModulePlan, readSections } from './module-sections.ts';

/** A program larger than this is data in disguise; compiling it would take longer than most tasks. */
export const MAX_MODULE_BYTES = 128 * 1024 * 1024;

export interface Admitted {
  readonly admitted: true;
  /** The module with its memory and table maxima patched. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly maxPages: number;
  /** Start and end of each `memory.grow`, relative to the code section's payload. */
  readonly growths: readonly number[];
}

export type Admission =
  | Admitted
  | { readonly admitted: false; readonly code: 'BAD_MODULE' | 'REFUSED'; readonly message: string };

/** `name` is the module's name in messages, `memoryBytes` what the job may use. */
export function admitModule(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  memoryBytes: number,
): Admission {
  try {
    checkHeader(bytes, name);
    const limitPages = Math.min(Math.floor(memoryBytes / PAGE_BYTES), 65_536);
    const plan = readSections(new BinaryReader(bytes, 8), limitPages);
    const growths = plan.code === undefined ? [] : scanCode(plan.code, plan.functionCount);
    checkEntry(plan, name);
    const { maxPages } = plan;
    return { admitted: true, bytes: assembleModule(bytes, plan), maxPages, growths };
  } catch (error) {
    return verdictOf(error, name);
  }
}

class BadModule extends Error {}

function verdictOf(error: unknown, name: string): Admission {
  if (error instanceof BadModule) return refusal('BAD_MODULE', error.message);
  if (error instanceof RefusedFeature) {
    return refusal('REFUSED', `${name} uses ${error.message}, which fog refuses`);
  }
  if (error instanceof MalformedModule) {
    const where = `${error.message} (at byte ${error.offset})`;
    return refusal('BAD_MODULE', `${name} is not a valid WebAssembly module: ${where}`);
  }
  throw error;
}

function refusal(code: 'BAD_MODULE' | 'REFUSED', message: string): Admission {
  return { admitted: false, code, message };
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d];

function checkHeader(bytes: Uint8Array, name: string): void {
  if (bytes.length === 0) {
    throw new BadModule(`${name} is empty; a WebAssembly module starts with \\0asm`);
  }
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) {
    const start = printable(bytes.subarray(0, 8));
    throw new BadModule(
      `${name} is not a WebAssembly module: it starts with "${start}" instead of "\\0asm"`,
    );
  }
  if (bytes[4] === 0x0d && bytes[6] === 0x01) {
    throw new BadModule(
      `${name} is a WebAssembly component; fog runs core modules: build it for wasm32-wasip1`,
    );
  }
  if (!(bytes[4] === 1 && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0)) {
    throw new BadModule(`${name} is WebAssembly of an unknown version; fog runs version 1`);
  }
  if (bytes.length > MAX_MODULE_BYTES) {
    throw new RefusedFeature(`${bytes.length} bytes, over the ${MAX_MODULE_BYTES} of a module`);
  }
}

function printable(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}

function checkEntry(plan: ModulePlan, name: string): void {
  if (plan.exports.get('_start') !== 'function') {
    const library = plan.exports.get('_initialize') === 'function' ? ' (it is a WASI reactor)' : '';
    throw new BadModule(
      `${name} exports no function "_start"${library}; build it as a WASI command`,
    );
  }
  if (plan.exports.get('memory') !== 'memory') {
    throw new BadModule(`${name} exports no memory named "memory"; build it as a WASI command`);
  }
}
