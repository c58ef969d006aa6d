/**
 * What a hostile WebAssembly program may try, and what must come of it, at both sandbox levels. Level `os` needs
 * bubblewrap: without it these tests say so.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  atLevel,
  assembleWat,
  descendants,
  echoModule,
  floodModule,
  growModule,
  leb,
  program,
  rawModule,
  showModule,
  spinModule,
  trapModule,
  waitFor,
} from '@fog/testkit';
import type { FailureCode, SandboxLevel } from '@fog/wire';
import { RuntimeHarness, type RunOptions } from '../system/runtime-harness.ts';

const MIB = 2 ** 20;
const NOT_FOUND = 44;

interface Probe {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly options?: RunOptions;
  readonly code: FailureCode | 'ends well';
  readonly exitCode: number;
  readonly message?: RegExp;
}

/** A command that only declares something. */
function declares(fields: string, memory = '(memory (export "memory") 1)'): Uint8Array {
  return assembleWat(`(module ${fields} ${memory} (func (export "_start")))`);
}

const OPEN = '(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)';

/** Links `l` to `target`, opens it, and ends with the error number. */
function throughLink(target: string): Uint8Array {
  return assembleWat(`(module
    (import "wasi_snapshot_preview1" "path_symlink" (func $link (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open" (func $open ${OPEN}))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 64) "l${target}")
    (func (export "_start")
      (drop (call $link (i32.const 65) (i32.const ${target.length}) (i32.const 3) (i32.const 64) (i32.const 1)))
      (call $exit (call $open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))))`);
}

/** Writes zeros into one file after another until one is refused, then traps. */
function fileHog(): Uint8Array {
  return program({
    imports: ['path_open', 'fd_write'],
    memory: '17',
    fields: '(data (i32.const 512) "big")',
    body: `(drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const 3)
        (i32.const 9) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)))
      (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 1000000))
      (loop $more (br_if $more (i32.eqz (call $fd_write (i32.load (i32.const 16))
        (i32.const 0) (i32.const 1) (i32.const 8)))))
      unreachable`,
  });
}

/** Makes empty files until one is refused, then traps. */
function inodeHog(): Uint8Array {
  return assembleWat(`(module
    (import "wasi_snapshot_preview1" "path_create_directory" (func $make (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
      (loop $more
        (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
        (i32.store (i32.const 72) (i32.or (i32.and (i32.load (i32.const 64)) (i32.const 0x0f0f0f0f)) (i32.const 0x40404040)))
        (i32.store (i32.const 76) (i32.or (i32.and (i32.shr_u (i32.load (i32.const 64)) (i32.const 4)) (i32.const 0x0f0f0f0f)) (i32.const 0x40404040)))
        (br_if $more (i32.eqz (call $make (i32.const 3) (i32.const 72) (i32.const 8)))))
      unreachable))`);
}

/** One function with so many nested blocks that a recursive compiler would lose its stack. */
function nestingBomb(depth: number): Uint8Array {
  const blocks = Array.from({ length: depth * 2 }, (_, at) => (at % 2 === 0 ? 0x02 : 0x40));
  const ends = Array.from({ length: depth + 1 }, () => 0x0b);
  const body = [0].concat(blocks, ends);
  return rawModule(
    [1, 1, 0x60, 0, 0],
    [3, 1, 0],
    [5, 1, 0, 1],
    [7, 2, ...named('_start', 0, 0), ...named('memory', 2, 0)],
    [10, 1, ...leb(body.length)].concat(body),
  );
}

function named(name: string, kind: number, index: number): number[] {
  return [name.length, ...Buffer.from(name), kind, index];
}

const tableGrower = program({
  imports: ['proc_exit'],
  fields: '(table $t 1 externref)',
  body: `(call $proc_exit (i32.add (i32.const 7)
    (table.grow $t (ref.null extern) (i32.const 100000000))))`,
});

const PROBES: readonly Probe[] = [
  {
    name: 'a file of this machine',
    bytes: showModule('etc/passwd'),
    code: 'EXIT_CODE',
    exitCode: NOT_FOUND,
  },
  {
    name: 'a file of this machine, by its absolute path',
    bytes: showModule('/etc/passwd'),
    code: 'EXIT_CODE',
    exitCode: NOT_FOUND,
  },
  {
    name: 'a file above the root',
    bytes: showModule('../../../../etc/passwd'),
    code: 'EXIT_CODE',
    exitCode: NOT_FOUND,
  },
  {
    name: 'a link to a file of this machine',
    bytes: throughLink('/etc/passwd'),
    code: 'EXIT_CODE',
    exitCode: NOT_FOUND,
  },
  {
    name: 'a link that climbs',
    bytes: throughLink('../../../etc/passwd'),
    code: 'EXIT_CODE',
    exitCode: NOT_FOUND,
  },
  {
    name: 'a network function',
    bytes: declares(
      '(import "wasi_snapshot_preview1" "sock_open" (func (param i32) (result i32)))',
    ),
    code: 'REFUSED',
    exitCode: 126,
    message: /sock_open/,
  },
  {
    name: 'a function of the process it runs in',
    bytes: declares('(import "process" "exit" (func (param i32)))'),
    code: 'REFUSED',
    exitCode: 126,
    message: /process\.exit/,
  },
  { name: 'memory by memory.grow', bytes: growModule(), code: 'MEMORY_LIMIT', exitCode: 137 },
  {
    name: 'memory at its start',
    bytes: declares('', '(memory (export "memory") 65536)'),
    code: 'REFUSED',
    exitCode: 126,
    message: /4096 MiB .*64 MiB/,
  },
  { name: 'memory by table.grow', bytes: tableGrower, code: 'EXIT_CODE', exitCode: 6 },
  {
    name: 'memory by a huge table',
    bytes: declares('(table 100000000 funcref)'),
    code: 'REFUSED',
    exitCode: 126,
    message: /table of 100000000/,
  },
  {
    name: 'memory by garbage-collected arrays',
    bytes: rawModule([1, 1, 0x5e, 0x7f, 1]),
    code: 'REFUSED',
    exitCode: 126,
    message: /GC/,
  },
  {
    name: 'memory by a second memory',
    bytes: declares('(memory 1)'),
    code: 'REFUSED',
    exitCode: 126,
    message: /2 memories/,
  },
  {
    name: 'memory by a 64-bit memory',
    bytes: declares('', '(memory (export "memory") i64 1)'),
    code: 'REFUSED',
    exitCode: 126,
  },
  { name: 'memory by files', bytes: fileHog(), code: 'MEMORY_LIMIT', exitCode: 137 },
  { name: 'memory by many files', bytes: inodeHog(), code: 'DISK_LIMIT', exitCode: 137 },
  {
    name: 'threads',
    bytes: declares('', '(memory (export "memory") 1 2 shared)'),
    code: 'REFUSED',
    exitCode: 126,
  },
  { name: '1 GB of output', bytes: floodModule(1024), code: 'OUTPUT_LIMIT', exitCode: 137 },
  {
    name: 'all processor time',
    bytes: spinModule(),
    options: { timeoutMs: 300 },
    code: 'TIMEOUT',
    exitCode: 124,
  },
  {
    name: 'the stack of the process',
    bytes: program({ fields: '(func $deep (call $deep))', body: '(call $deep)' }),
    code: 'CALL_DEPTH',
    exitCode: 134,
    message: /called too deep/,
  },
  { name: 'a trap', bytes: trapModule(), code: 'TRAP', exitCode: 134 },
  {
    name: 'the stack of the compiler',
    bytes: nestingBomb(20_000),
    code: 'ends well',
    exitCode: 0,
  },
  {
    name: 'a function larger than compilers take',
    bytes: nestingBomb(3_000_000),
    code: 'BAD_MODULE',
    exitCode: 126,
  },
  {
    name: 'random bytes',
    bytes: Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251),
    code: 'BAD_MODULE',
    exitCode: 126,
  },
];

const LEVELS: readonly SandboxLevel[] = ['os', 'process'];

for (const level of LEVELS) {
  describe(`a hostile wasm program at level ${level}`, atLevel(level), () => {
    let harness: RuntimeHarness;
    before(async () => {
      harness = await RuntimeHarness.start(level);
    });
    after(async () => {
      await harness[Symbol.asyncDispose]();
      await waitFor('the last sandbox process to end', () => descendants(process.pid).length === 0);
    });

    for (const probe of PROBES) {
      it(`asks for ${probe.name}: ${probe.code}`, async () => {
        const ran = await harness.run(probe.bytes, { memoryBytes: 64 * MIB, ...probe.options });
        assert.equal(ran.failure?.code ?? 'ends well', probe.code, ran.failure?.message);
        assert.equal(ran.exitCode, probe.exitCode);
        if (probe.message) assert.match(ran.failure?.message ?? '', probe.message);
      });
    }

    it('asks for memory by what its compiler needs, and harms itself only', async () => {
      const ran = await harness.run(nestingBomb(1_000_000), { memoryBytes: 64 * MIB });
      assert.notEqual(ran.failure?.class, 'fog', ran.failure?.message);
    });

    it('sees no environment but its own', async () => {
      const ran = await harness.run(echoModule(), { env: { FOG_INDEX: '0' } });
      assert.equal(ran.stdout, 'test.wasm\0FOG_INDEX=0\0');
    });

    it('leaves the runtime healthy', async () => {
      const { state } = await harness.runtime.health(AbortSignal.timeout(30_000));
      assert.equal(state, level === 'os' ? 'healthy' : 'degraded');
    });
  });
}
