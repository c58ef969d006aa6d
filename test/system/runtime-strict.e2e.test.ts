/** Strict programs in real sandbox processes: the same request gives the same bytes and fuel in every process and at each level. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { assembleWat, atLevel, echoModule, growModule, program, spinModule } from '@fog/testkit';
import type { SandboxLevel } from '@fog/wire';
import { type Ran, RuntimeHarness, type RunOptions } from './runtime-harness.ts';

const LEVELS: readonly SandboxLevel[] = ['os', 'process'];

/** Prints the clock twice, what a sleep of an hour adds to it, and 16 random bytes. */
const WORLD = assembleWat(`(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 1000)))
    (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 1008)))
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 3600000000000))
    (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
    (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 1016)))
    (drop (call $random (i32.const 1024) (i32.const 16)))
    (i32.store (i32.const 0) (i32.const 1000))
    (i32.store (i32.const 4) (i32.const 40))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`);

/** Prints 64 bytes of memory after `body`. */
function printing(body: string, fields = ''): Uint8Array<ArrayBuffer> {
  return program({
    imports: ['fd_write'],
    fields,
    body: `${body} (i32.store (i32.const 100) (i32.const 0)) (i32.store (i32.const 104) (i32.const 64))
      (drop (call $fd_write (i32.const 1) (i32.const 100) (i32.const 1) (i32.const 108)))`,
  });
}

interface Known {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly options?: RunOptions;
  /** Burnt by version wasm-1; a change of any of these needs a new version. */
  readonly fuel: number;
  readonly code?: string;
}

async function knownPrograms(): Promise<Known[]> {
  const example = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await readFile(new URL(`../../examples/${name}`, import.meta.url)));
  return [
    { name: 'hello', bytes: await example('hello.wasm'), fuel: 101 },
    {
      name: 'mandelbrot',
      bytes: await example('mandelbrot/mandelbrot.wasm'),
      options: { args: ['320', '240'] },
      fuel: 161_645_785,
    },
    { name: 'clock and chance', bytes: WORLD, fuel: 616 },
    {
      name: 'arguments and variables',
      bytes: echoModule(),
      options: { args: ['a', 'b'], env: { B: '2', A: '1' } },
      fuel: 619,
    },
    {
      name: 'NaN',
      bytes: printing(`(f64.store (i32.const 0) (f64.div (f64.const 0) (f64.const 0)))
        (f32.store (i32.const 8) (f32.sqrt (f32.const -1)))`),
      fuel: 120,
    },
    {
      name: 'recursion without end',
      bytes: program({ fields: '(func $deep (call $deep))', body: '(call $deep)' }),
      fuel: 21_845,
      code: 'CALL_DEPTH',
    },
    {
      name: 'a loop without end',
      bytes: spinModule(),
      options: { fuelLimit: 1_000_000 },
      fuel: 1_000_000,
      code: 'FUEL_LIMIT',
    },
    {
      name: 'memory until it is refused',
      bytes: growModule(),
      options: { memoryBytes: 2 ** 21 },
      fuel: 131_129,
      code: 'MEMORY_LIMIT',
    },
  ];
}

const shown = (ran: Ran): unknown[] => [
  ran.exitCode,
  ran.failure?.code,
  ran.failure?.message,
  ran.stdout,
  ran.stderr,
  ran.usage.fuel,
];

const first = new Map<string, unknown[]>();

for (const level of LEVELS) {
  describe(`strict wasm at level ${level}`, atLevel(level), () => {
    let harness: RuntimeHarness;
    before(async () => {
      harness = await RuntimeHarness.start(level);
    });
    after(async () => {
      await harness[Symbol.asyncDispose]();
    });

    it('gives the same bytes, end and fuel in a warm process, in fresh ones and at each level', async () => {
      for (const { name, bytes, options, fuel, code } of await knownPrograms()) {
        const strict = { ...options, determinism: 'strict' } as const;
        const ran = await harness.run(bytes, strict);
        assert.equal(ran.failure?.code, code, `${name}: ${ran.failure?.message}`);
        const expected = first.get(name) ?? shown(ran);
        first.set(name, expected);
        assert.deepEqual(shown(ran), expected, name);
        assert.deepEqual(shown(await harness.run(bytes, strict)), expected, name);
        // Another owner: another process.
        assert.deepEqual(
          shown(await harness.run(bytes, { ...strict, owner: 'bob' })),
          expected,
          name,
        );
        assert.equal(ran.usage.fuel, fuel, name);
      }
    });

    it('computes what the same program computes without it', async () => {
      for (const { name, bytes, options } of await knownPrograms()) {
        if (!['hello', 'mandelbrot', 'arguments and variables'].includes(name)) continue;
        const plain = await harness.run(bytes, options);
        assert.equal(plain.stdout, first.get(name)?.[3], name);
        assert.equal(plain.usage.fuel, undefined);
      }
    });

    it('keeps strict and other runs of one module apart in one process', async () => {
      const nan = printing('(f64.store (i32.const 0) (f64.div (f64.const 0) (f64.const 0)))');
      const strict = await harness.run(nan, { determinism: 'strict' });
      const plain = await harness.run(nan);
      assert.equal(strict.stdout.slice(6, 8), '\xf8\x7f');
      assert.deepEqual([plain.failure, plain.usage.fuel], [undefined, undefined]);
      assert.deepEqual(shown(await harness.run(nan, { determinism: 'strict' })), shown(strict));
    });
  });
}
