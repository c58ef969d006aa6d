import { assembleWat } from './wasm.ts';

const IMPORTS = {
  fd_write: '(param i32 i32 i32 i32) (result i32)',
  fd_read: '(param i32 i32 i32 i32) (result i32)',
  proc_exit: '(param i32)',
  poll_oneoff: '(param i32 i32 i32 i32) (result i32)',
  path_open: '(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)',
  args_sizes_get: '(param i32 i32) (result i32)',
  args_get: '(param i32 i32) (result i32)',
  environ_sizes_get: '(param i32 i32) (result i32)',
  environ_get: '(param i32 i32) (result i32)',
} as const;
export type WasiImport = keyof typeof IMPORTS;

export interface ProgramParts {
  readonly imports?: readonly WasiImport[];
  /** Limits of the memory as in the text format: `1` or `1 10`. */
  readonly memory?: string;
  /** Further fields of the module: data, globals, functions. */
  readonly fields?: string;
  /** Instructions of `_start`. */
  readonly body?: string;
}

/** The text of a WASI command. */
export function programText(parts: ProgramParts): string {
  const { imports = [], memory = '1', fields = '', body = '' } = parts;
  const imported = imports.map(
    (name) => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${IMPORTS[name]}))`,
  );
  return `(module ${imported.join('\n')}
    (memory (export "memory") ${memory}) ${fields}
    (func (export "_start") ${body}))`;
}

export function program(parts: ProgramParts): Uint8Array<ArrayBuffer> {
  return assembleWat(programText(parts));
}

/** Ends at once with exit code 0. */
export function noopModule(): Uint8Array<ArrayBuffer> {
  return program({});
}

/** Prints `text` (ASCII, no quotes) to stdout or, as descriptor 2, to stderr. */
export function printModule(text: string, descriptor = 1): Uint8Array<ArrayBuffer> {
  return program({
    imports: ['fd_write'],
    fields: `(data (i32.const 16) "${text.replaceAll('\n', '\\n')}")`,
    body: `(i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const ${text.length}))
      (drop (call $fd_write (i32.const ${descriptor}) (i32.const 0) (i32.const 1) (i32.const 8)))`,
  });
}

/** Prints `hello from fog`, as `examples/hello.wasm` does. */
export function helloModule(): Uint8Array<ArrayBuffer> {
  return printModule('hello from fog\n');
}

/** Ends with this exit code. */
export function exitModule(exitCode: number): Uint8Array<ArrayBuffer> {
  return program({ imports: ['proc_exit'], body: `(call $proc_exit (i32.const ${exitCode}))` });
}

/** Never ends. */
export function spinModule(): Uint8Array<ArrayBuffer> {
  return program({ body: '(loop $forever (br $forever))' });
}

/** Traps with `unreachable`. */
export function trapModule(): Uint8Array<ArrayBuffer> {
  return program({ body: 'unreachable' });
}

/** Sleeps, then ends with exit code 0. */
export function sleepModule(durationMs: number): Uint8Array<ArrayBuffer> {
  return program({
    imports: ['poll_oneoff'],
    // A subscription to the monotonic clock: type at 8, clock at 16, timeout at 24.
    body: `(i32.store (i32.const 16) (i32.const 1))
      (i64.store (i32.const 24) (i64.const ${BigInt(durationMs) * 1_000_000n}))
      (drop (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))`,
  });
}

/** Copies stdin to stdout. */
export function catModule(): Uint8Array<ArrayBuffer> {
  return program({
    imports: ['fd_read', 'fd_write'],
    body: `(loop $more
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.const 32768))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (if (i32.load (i32.const 8)) (then
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
        (br $more))))`,
  });
}

/** Writes stdin into the file at `path` (ASCII, below the root) and ends with the error number of opening it. */
export function storeModule(path: string): Uint8Array<ArrayBuffer> {
  return program({
    imports: ['fd_read', 'fd_write', 'path_open', 'proc_exit'],
    fields: `(data (i32.const 512) "${path}")
      (global $errno (mut i32) (i32.const 0))`,
    // Create and truncate; the right to write. The descriptor arrives at 16.
    body: `(global.set $errno (call $path_open (i32.const 3) (i32.const 0)
        (i32.const 512) (i32.const ${path.length}) (i32.const 9)
        (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)))
      (if (global.get $errno) (then (call $proc_exit (global.get $errno))))
      (loop $more
        (i32.store (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 4) (i32.const 32768))
        (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (if (i32.load (i32.const 8)) (then
          (i32.store (i32.const 4) (i32.load (i32.const 8)))
          (drop (call $fd_write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 12)))
          (br $more))))`,
  });
}

/** Prints the file at `path` and ends with the error number of opening it. */
export function showModule(path: string): Uint8Array<ArrayBuffer> {
  return program({
    imports: ['fd_read', 'fd_write', 'path_open', 'proc_exit'],
    fields: `(data (i32.const 512) "${path}")
      (global $errno (mut i32) (i32.const 0))`,
    // Follow links; the right to read. The descriptor arrives at 16.
    body: `(global.set $errno (call $path_open (i32.const 3) (i32.const 1)
        (i32.const 512) (i32.const ${path.length}) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
      (if (global.get $errno) (then (call $proc_exit (global.get $errno))))
      (loop $more
        (i32.store (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 4) (i32.const 32768))
        (drop (call $fd_read (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8)))
        (if (i32.load (i32.const 8)) (then
          (i32.store (i32.const 4) (i32.load (i32.const 8)))
          (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
          (br $more))))`,
  });
}

/** Prints its arguments and environment, each closed by a NUL. */
export function echoModule(): Uint8Array<ArrayBuffer> {
  const print = (name: string): string => `
    (drop (call $${name}_sizes_get (i32.const 0) (i32.const 4)))
    (drop (call $${name}_get (i32.const 64) (i32.const 16384)))
    (i32.store (i32.const 8) (i32.const 16384))
    (i32.store (i32.const 12) (i32.load (i32.const 4)))
    (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))`;
  return program({
    imports: ['args_sizes_get', 'args_get', 'environ_sizes_get', 'environ_get', 'fd_write'],
    body: print('args') + print('environ'),
  });
}

/** Grows its memory page by page, writing to each, until it is refused; then traps. */
export function growModule(): Uint8Array<ArrayBuffer> {
  return program({
    body: `(loop $more
      (if (i32.ne (memory.grow (i32.const 16)) (i32.const -1)) (then
        (memory.fill (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1048576))
          (i32.const 1) (i32.const 1048576))
        (br $more))))
      unreachable`,
  });
}

/** Writes `sizeMib` MiB to stdout. */
export function floodModule(sizeMib: number): Uint8Array<ArrayBuffer> {
  return program({
    imports: ['fd_write'],
    memory: '17',
    fields: '(global $left (mut i32) (i32.const 0))',
    body: `(global.set $left (i32.const ${sizeMib}))
      (i32.store (i32.const 0) (i32.const 65536))
      (i32.store (i32.const 4) (i32.const 1048576))
      (loop $more
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (global.set $left (i32.sub (global.get $left) (i32.const 1)))
        (br_if $more (global.get $left)))`,
  });
}
