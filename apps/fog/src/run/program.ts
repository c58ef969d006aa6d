import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage, formatSize, isFogError } from '@fog/kernel';
import { MAX_BLOB_BYTES, type RuntimeName } from '@fog/wire';
import { fail } from '../errors.ts';

export interface Program {
  readonly file: string;
  readonly runtime: RuntimeName;
  /** File name without directories. */
  readonly name: string;
}

const HEAD_BYTES = 128;
const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d];
const WASM_CORE_VERSION = [0x01, 0x00, 0x00, 0x00];
const RUNS = 'Fog runs WebAssembly modules (.wasm, WASI preview 1) and Python programs (.py).';

/** Looks at a program before anything is sent. Throws FOG_PROGRAM with what to give instead. */
export async function inspectProgram(file: string): Promise<Program> {
  const { head, sizeBytes } = await readHead(file);
  const name = path.basename(file);
  if (sizeBytes === 0) throw problem(file, 'is empty. Give a program to run.');
  if (sizeBytes > MAX_BLOB_BYTES) {
    throw problem(
      file,
      `has ${formatSize(sizeBytes)}; a program may have ${formatSize(MAX_BLOB_BYTES)}.`,
    );
  }
  return { file, name, runtime: detectRuntime(file, head) };
}

async function readHead(file: string): Promise<{ head: Uint8Array; sizeBytes: number }> {
  let handle;
  try {
    // A pipe without a writer would be waited for here.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (stats.isDirectory()) {
      throw problem(
        file,
        'is a directory. Give the program in it, and send the directory along with --input.',
      );
    }
    if (!stats.isFile()) throw problem(file, 'is not a regular file. Give a program to run.');
    const head = new Uint8Array(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    return { head: head.subarray(0, bytesRead), sizeBytes: stats.size };
  } catch (error) {
    throw readProblem(file, error);
  } finally {
    await handle?.close();
  }
}

function readProblem(file: string, error: unknown): unknown {
  if (isFogError(error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return problem(file, 'does not exist. Check the path.', error);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return problem(file, 'cannot be read: permission denied.', error);
  }
  return problem(file, `cannot be read: ${errorMessage(error)}.`, error);
}

function detectRuntime(file: string, head: Uint8Array): RuntimeName {
  if (startsWith(head, WASM_MAGIC)) {
    if (startsWith(head.subarray(WASM_MAGIC.length), WASM_CORE_VERSION)) return 'wasm';
    throw problem(
      file,
      'is a WebAssembly component or of another version. Build a core module for WASI preview 1 (wasm32-wasip1).',
    );
  }
  if (file.endsWith('.wasm')) {
    throw problem(
      file,
      'is not a WebAssembly module: it does not start with the bytes "\\0asm". Build it again, or give another file.',
    );
  }
  if (file.endsWith('.py') || isPythonScript(head)) return 'python';
  throw problem(file, `is no program fog knows. ${RUNS}`);
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}

function isPythonScript(head: Uint8Array): boolean {
  const line = Buffer.from(head).toString('latin1').split('\n', 1)[0] ?? '';
  return /^#!.*\bpython[\d.]*\b/.test(line);
}

function problem(file: string, what: string, cause?: unknown): Error {
  return fail('FOG_PROGRAM', { message: `${file} ${what}`, details: { file }, cause });
}
