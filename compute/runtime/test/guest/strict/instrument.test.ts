import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { assembleWat } from '@fog/testkit';
import { admitModule } from '../../../src/guest/admission.ts';
import { Budget } from '../../../src/guest/strict/budget.ts';
import { instrumentModule, watchGrowth } from '../../../src/guest/strict/instrument.ts';
import { NanFlow } from '../../../src/guest/strict/nan-flow.ts';
import { webAssembly, type WasmMemory } from '../../../src/guest/web-assembly.ts';
import { FLOATS_AT, FLOATS_OF_TYPE, randomProgram } from './random-program.ts';

const MIB = 2 ** 20;

interface Ended {
  readonly trap: string;
  readonly memory: Buffer;
  readonly budget: Budget | undefined;
}

function admitted(bytes: Uint8Array<ArrayBuffer>, memoryBytes = MIB) {
  const admission = admitModule(bytes, 'a.wasm', memoryBytes);
  assert.ok(admission.admitted, admission.admitted ? '' : admission.message);
  return admission;
}

/** Runs a module without imports, as it is or instrumented. */
function run(bytes: Uint8Array<ArrayBuffer>, isStrict: boolean, fuelLimit?: number): Ended {
  const { bytes: plain, maxPages } = admitted(bytes);
  const module = new webAssembly.Module(isStrict ? instrumentModule(plain, maxPages) : plain);
  const { exports } = new webAssembly.Instance(module, {});
  const budget = isStrict ? new Budget(exports, fuelLimit) : undefined;
  let trap = '';
  try {
    budget?.start();
    (exports['_start'] as () => void)();
  } catch (error) {
    trap = (error as Error).message;
  }
  const memory = Buffer.from((exports['memory'] as WasmMemory).buffer).subarray(0, 65_536);
  return { trap, memory, budget };
}

function command(body: string, fields = ''): Uint8Array<ArrayBuffer> {
  return assembleWat(
    `(module (memory (export "memory") 1) ${fields} (func (export "_start") ${body}))`,
  );
}

/** The memory with the one NaN in place of every NaN among the float locals. */
function withOneNan(memory: Buffer): Buffer {
  const copy = Buffer.from(memory);
  for (let index = 0; index < FLOATS_OF_TYPE; index += 1) {
    const single = FLOATS_AT + index * 8;
    const double = single + FLOATS_OF_TYPE * 8;
    if (Number.isNaN(copy.readFloatLE(single))) copy.writeFloatLE(NaN, single);
    if (Number.isNaN(copy.readDoubleLE(double))) copy.writeDoubleLE(NaN, double);
  }
  return copy;
}

const ONE_NAN = { f32: 0x7fc0_0000n, f64: 0x7ff8_0000_0000_0000n } as const;
const ONE = 0x3ff0_0000_0000_0000n;

/** What a body left at address 0, after the pass. */
function bitsOf(type: 'f32' | 'f64', body: string): bigint {
  const fields = `(global $g (mut f64) (f64.const 0))
    (func $same (param f64) (result f64) (local.get 0))
    (func $leaves (param $zero f64) (result f64) (return (f64.div (local.get $zero) (local.get $zero))))`;
  const locals = '(local $zero f64) (local $a f64) (local $b f64)';
  const { memory } = run(command(`${locals} ${body}`, fields), true);
  return type === 'f32' ? BigInt(memory.readUInt32LE(0)) : memory.readBigUInt64LE(0);
}

describe('instrumentModule', () => {
  it('keeps what programs compute', () => {
    fc.assert(
      fc.property(randomProgram('values'), (text) => {
        const bytes = assembleWat(text);
        const plain = run(bytes, false);
        const strict = run(bytes, true);
        assert.equal(strict.trap, plain.trap);
        if (plain.trap === '')
          assert.deepEqual(withOneNan(strict.memory), withOneNan(plain.memory));
      }),
      { numRuns: 150 },
    );
  });

  it('lets every run of a program see the same bits and burn the same fuel', () => {
    fc.assert(
      fc.property(randomProgram('bits'), (text) => {
        const bytes = assembleWat(text);
        const one = run(bytes, true);
        const other = run(bytes, true);
        assert.deepEqual([one.memory, one.trap], [other.memory, other.trap]);
        assert.equal(one.budget?.burnt, other.budget?.burnt);
        assert.ok((one.budget?.burnt ?? 0) > 0);
      }),
      { numRuns: 50 },
    );
  });

  it('shows the same bits as if every result were made canonical', () => {
    fc.assert(
      fc.property(randomProgram('bits'), (text) => {
        const bytes = assembleWat(text);
        const one = run(bytes, true);
        const everywhere = mock.method(NanFlow.prototype, 'isSeen', () => true);
        const other = run(bytes, true);
        everywhere.mock.restore();
        assert.deepEqual([one.memory, one.trap], [other.memory, other.trap]);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves one NaN of all that arithmetic makes', () => {
    const nans = ['nan', '-nan', 'nan:0x200001'];
    const unary = ['ceil', 'floor', 'trunc', 'nearest', 'sqrt'];
    const binary = ['add', 'sub', 'mul', 'div', 'min', 'max'];
    for (const type of ['f32', 'f64'] as const) {
      const results = [
        ...unary.flatMap((name) => nans.map((nan) => `(${type}.${name} (${type}.const ${nan}))`)),
        ...binary.flatMap((name) =>
          nans.map((nan) => `(${type}.${name} (${type}.const 1) (${type}.const ${nan}))`),
        ),
        `(${type}.div (${type}.const 0) (${type}.const 0))`,
        `(${type}.sub (${type}.const inf) (${type}.const inf))`,
        type === 'f32' ? '(f32.demote_f64 (f64.const -nan))' : '(f64.promote_f32 (f32.const -nan))',
      ];
      for (const result of results) {
        assert.equal(
          bitsOf(type, `(${type}.store (i32.const 0) ${result})`),
          ONE_NAN[type],
          result,
        );
      }
    }
  });

  it('leaves one NaN in every lane', () => {
    const unary = ['ceil', 'floor', 'trunc', 'nearest', 'sqrt'];
    const binary = ['add', 'sub', 'mul', 'div', 'min', 'max'];
    const lanes = { f32x4: 0x7fc0_0000_7fc0_0000n, f64x2: ONE_NAN.f64 };
    for (const shape of ['f32x4', 'f64x2'] as const) {
      const type = shape.slice(0, 3);
      const nan = `(${shape}.splat (${type}.const -nan:${type === 'f32' ? '0x200001' : '0x4000000000001'}))`;
      const results = [
        ...unary.map((name) => `(${shape}.${name} ${nan})`),
        ...binary.map((name) => `(${shape}.${name} ${nan} ${nan})`),
      ];
      for (const result of results) {
        assert.equal(bitsOf('f64', `(v128.store (i32.const 0) ${result})`), lanes[shape], result);
      }
    }
    const demoted = '(f32x4.demote_f64x2_zero (f64x2.splat (f64.const -nan)))';
    assert.equal(bitsOf('f64', `(v128.store (i32.const 0) ${demoted})`), lanes.f32x4);
  });

  it('finds every way by which a NaN is seen', () => {
    const nan = '(f64.div (local.get $zero) (local.get $zero))';
    const seen: readonly string[] = [
      `(f64.store (i32.const 0) ${nan})`,
      `(i64.store (i32.const 0) (i64.reinterpret_f64 ${nan}))`,
      `(global.set $g ${nan}) (f64.store (i32.const 0) (global.get $g))`,
      `(f64.store (i32.const 0) (call $same ${nan}))`,
      `(f64.store (i32.const 0) (select ${nan} (f64.const 1) (i32.const 1)))`,
      `(f64.store (i32.const 0) (block (result f64) (br 0 ${nan})))`,
      `(f64.store (i32.const 0) (block (result f64) (br_if 0 ${nan} (i32.const 1))))`,
      `(f64.store (i32.const 0) (block (result f64) (br_table 0 0 ${nan} (i32.const 1))))`,
      `(f64.store (i32.const 0) (if (result f64) (i32.const 1) (then ${nan}) (else (f64.const 1))))`,
      `(f64.store (i32.const 0) ${nan} (loop (param f64) (result f64)))`,
      `(local.set $a ${nan}) (f64.store (i32.const 0) (local.get $a))`,
      `(local.set $b (local.tee $a ${nan})) (f64.store (i32.const 0) (local.get $b))`,
      `(local.set $a ${nan}) (local.set $b (local.get $a)) (f64.store (i32.const 0) (local.get $b))`,
      `(local.set $a (f64.add (local.tee $b ${nan}) (f64.const 1))) (f64.store (i32.const 0) (local.get $b))`,
      `(f64.store (i32.const 0) (call $leaves (f64.const 0)))`,
      `(drop (f64.add (f64.const 1) ${nan})) (f64.store (i32.const 0) ${nan})`,
      `(v128.store (i32.const 0) (f64x2.splat ${nan}))`,
      `(v128.store (i32.const 0) (f64x2.div (v128.const i64x2 0 0) (v128.const i64x2 0 0)))`,
      `(v128.store (i32.const 0) (f64x2.promote_low_f32x4 (f32x4.div (v128.const i64x2 0 0) (v128.const i64x2 0 0))))`,
    ];
    for (const body of seen) assert.equal(bitsOf('f64', body), ONE_NAN.f64, body);
    // The sign of a NaN shows through copysign; a sign that the program sets itself stays.
    assert.equal(
      bitsOf('f64', `(f64.store (i32.const 0) (f64.copysign (f64.const 1) ${nan}))`),
      ONE,
    );
    assert.equal(bitsOf('f64', `(f64.store (i32.const 0) (f64.neg ${nan}))`), 0xfff8n << 48n);
    const lanes = '(v128.store (i32.const 0) (f32x4.sqrt (f32x4.splat (f32.const -1))))';
    assert.equal(bitsOf('f64', lanes), 0x7fc0_0000_7fc0_0000n);
  });

  it('leaves bits alone that no arithmetic made', () => {
    const kept = 0xfff4_0000_0000_0001n;
    const moved = `(local.set $a (f64.load (i32.const 8))) (f64.store (i32.const 0) (local.get $a))`;
    assert.equal(bitsOf('f64', `(i64.store (i32.const 8) (i64.const ${kept})) ${moved}`), kept);
  });

  it('writes no check where nobody looks', () => {
    const turn = `(local.set $a (f64.mul (local.get $a) (f64.const 2)))`;
    const blind = `(loop ${turn} (br_if 0 (f64.lt (local.get $a) (f64.const 100))))`;
    const bytes = command(`(local $a f64) ${blind}`);
    const seeing = command(`(local $a f64) ${blind} (f64.store (i32.const 0) (local.get $a))`);
    const added = (module: Uint8Array<ArrayBuffer>): number =>
      instrumentModule(admitted(module).bytes, 1).length - module.length;
    assert.ok(added(seeing) - added(bytes) >= 16);
  });

  it('ends a loop without end by its fuel', () => {
    const { trap, budget } = run(command('(loop (br 0))'), true, 1_000_000);
    assert.equal(trap, 'unreachable');
    assert.deepEqual([budget?.isFuelGone, budget?.burnt], [true, 1_000_000]);
    const tail = command('(call $f)', '(func $f (return_call $f))');
    assert.equal(run(tail, true, 1_000_000).budget?.isFuelGone, true);
  });

  it('charges by length what works by length', () => {
    const fill = (size: number): number =>
      run(command(`(memory.fill (i32.const 0) (i32.const 1) (i32.const ${size}))`), true).budget
        ?.burnt ?? 0;
    assert.equal(fill(65_536) - fill(0), 4096);
    const grow = (pages: number): number =>
      run(command(`(drop (memory.grow (i32.const ${pages})))`), true).budget?.burnt ?? 0;
    assert.equal(grow(2) - grow(0), 8192);
    // Refused: nothing was cleared.
    assert.equal(grow(1000), grow(0));
  });

  it('knows whether memory was refused last', () => {
    const refused = run(command('(drop (memory.grow (i32.const 1000)))'), true);
    assert.equal(refused.budget?.wasGrowthRefused, true);
    const granted = '(drop (memory.grow (i32.const 1000))) (drop (memory.grow (i32.const 1)))';
    assert.equal(run(command(granted), true).budget?.wasGrowthRefused, false);
  });

  it('ends a recursion at the same depth however it was compiled', () => {
    const deep = `(func $f (param i32) (i32.store (i32.const 0) (local.get 0))
      (call $f (i32.add (local.get 0) (i32.const 1))))`;
    const first = run(command('(call $f (i32.const 0))', deep), true);
    const depth = first.memory.readUInt32LE(0);
    assert.equal(first.budget?.isStackFull, true);
    assert.ok(depth > 2_000, `${depth} calls`);
    const second = run(command('(call $f (i32.const 0))', deep), true);
    assert.equal(second.memory.readUInt32LE(0), depth);
    assert.equal(second.budget?.burnt, first.budget?.burnt);
  });

  it('stops before V8 does, also where frames are large', () => {
    const many = (count: number, make: (index: number) => string): string =>
      Array.from({ length: count }, (_, index) => make(index)).join(' ');
    const product = (index: number, at: number): string =>
      `(f64.store offset=${at + index * 8} (i32.const 0) (f64.mul (local.get 0) (f64.const ${index}.5)))`;
    const functions: Readonly<Record<string, string>> = {
      'live values': `(func $f (param f64) (local ${'i64 '.repeat(100)})
        ${many(100, (index) => `(local.set ${index + 1} (i64.load offset=${index * 8} (i32.const 0)))`)}
        (call $f (local.get 0))
        ${many(100, (index) => `(i64.store offset=${index * 8} (i32.const 0) (local.get ${index + 1}))`)})`,
      'shared products': `(func $f (param f64) ${many(60, (index) => product(index, 0))}
        (call $f (f64.add (local.get 0) (f64.const 1))) ${many(60, (index) => product(index, 1000))})`,
      'large leaves': `(func $leaf (local ${'v128 '.repeat(300)}))
        (func $f (param f64) (call $leaf) (call $f (local.get 0)))`,
    };
    for (const [name, text] of Object.entries(functions)) {
      const { trap, budget } = run(command('(call $f (f64.const 2))', text), true);
      assert.deepEqual([trap, budget?.isStackFull], ['unreachable', true], name);
    }
  });

  it('gives the stack back on every way out of a function', () => {
    const ways = `(func $f (param i32) (result i32)
      (block (br_table 0 0 0 (i32.rem_u (local.get 0) (i32.const 4))))
      (if (i32.and (local.get 0) (i32.const 1)) (then (return (i32.const 1))))
      (drop (br_if 0 (i32.const 2) (i32.and (local.get 0) (i32.const 2))))
      (return_call $g))
      (func $g (result i32) (call $h) (drop) (drop) (i32.const 3))
      (func $h (result i32 i32) (call $two) (return (i32.const 1) (i32.const 2)))
      (func $two (call $none)) (func $none)`;
    const body = `(local $n i32) (loop (drop (call $f (local.get $n)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get $n) (i32.const 100000))))`;
    const { trap, budget } = run(command(body, ways), true);
    assert.deepEqual([trap, budget?.isStackFull], ['', false]);
  });

  it('runs a start function with the budget in place', () => {
    const bytes = command(
      '(i32.store (i32.const 4) (i32.const 2))',
      `(start $first)
      (func $first (i32.store (i32.const 0) (i32.const 1)))`,
    );
    const { memory, budget } = run(bytes, true);
    assert.deepEqual([memory.readUInt32LE(0), memory.readUInt32LE(4)], [1, 2]);
    assert.ok((budget?.burnt ?? 0) >= 4);
  });

  it('meets no module that uses its names', () => {
    const bytes = command('', '(global (export "fog:fuel") (mut i64) (i64.const 0))');
    const admission = admitModule(bytes, 'a.wasm', MIB);
    assert.ok(!admission.admitted);
    assert.match(admission.message, /the export fog:fuel/);
  });

  it('takes the programs of the examples', async () => {
    for (const name of ['hello.wasm', 'mandelbrot/mandelbrot.wasm']) {
      const bytes = await readFile(new URL(`../../../../../examples/${name}`, import.meta.url));
      const { bytes: plain, maxPages } = admitted(new Uint8Array(bytes), 64 * MIB);
      assert.ok(webAssembly.validate(instrumentModule(plain, maxPages)), name);
    }
  });
});

describe('watchGrowth', () => {
  const watched = (bytes: Uint8Array<ArrayBuffer>) => {
    const { bytes: plain, growths } = admitted(bytes);
    const module = new webAssembly.Module(watchGrowth(plain, growths));
    return new webAssembly.Instance(module, {}).exports;
  };

  it('changes nothing but what is known of the last growth', () => {
    const grow = (pages: number): string =>
      `(i32.store (i32.const 0) (memory.grow (i32.const ${pages})))`;
    const cases: readonly (readonly [string, number, boolean])[] = [
      [grow(2), 1, false],
      [grow(1000), 0xffff_ffff, true],
      [`${grow(1000)} (call $again)`, 1, false],
    ];
    for (const [body, answer, isRefused] of cases) {
      const fields = `(func $none) (func $again ${grow(1)}) (func $after (result i32) (memory.grow (i32.const 0)))`;
      const exports = watched(command(body, fields));
      const budget = Budget.of(exports, undefined);
      (exports['_start'] as () => void)();
      const memory = Buffer.from((exports['memory'] as WasmMemory).buffer);
      assert.deepEqual([memory.readUInt32LE(0), budget?.wasGrowthRefused], [answer, isRefused]);
    }
  });

  it('keeps what programs compute', () => {
    fc.assert(
      fc.property(randomProgram('values'), (text) => {
        const bytes = assembleWat(text);
        const plain = run(bytes, false);
        const exports = watched(bytes);
        assert.ok(Budget.of(exports, undefined) !== undefined);
        let trap = '';
        try {
          (exports['_start'] as () => void)();
        } catch (error) {
          trap = (error as Error).message;
        }
        const memory = Buffer.from((exports['memory'] as WasmMemory).buffer).subarray(0, 65_536);
        assert.deepEqual([withOneNan(memory), trap], [withOneNan(plain.memory), plain.trap]);
      }),
      { numRuns: 50 },
    );
  });
});
