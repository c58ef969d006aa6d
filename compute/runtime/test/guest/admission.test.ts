import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  assembleWat,
  echoModule,
  growModule,
  helloModule,
  program,
  rawModule,
  storeModule,
} from '@fog/testkit';
import { type Admission, admitModule } from '../../src/guest/admission.ts';
import { webAssembly } from '../../src/guest/web-assembly.ts';

const MIB = 2 ** 20;

function verdict(bytes: Uint8Array<ArrayBuffer>, memoryBytes = 64 * MIB): string {
  const admission = admitModule(bytes, 'a.wasm', memoryBytes);
  return admission.admitted ? 'admitted' : `${admission.code}: ${admission.message}`;
}

function text(string: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(string));
}

/** A command with more fields or another memory. */
function command(fields: string, memory = '(memory (export "memory") 1)'): Uint8Array<ArrayBuffer> {
  return assembleWat(`(module ${fields} ${memory} (func (export "_start")))`);
}

describe('admitModule', () => {
  it('admits real commands', () => {
    for (const bytes of [helloModule(), echoModule(), growModule(), storeModule('a')]) {
      assert.equal(verdict(bytes), 'admitted');
    }
  });

  it('admits SIMD, bulk memory, reference types, tail calls and multiple values', () => {
    const bytes = program({
      fields: `(table 2 funcref) (elem func $two) (type $pair (func (result i32 i32)))
        (func $two (type $pair) i32.const 1 i32.const 2)
        (func $tail (type $pair) return_call $two)
        (func $typed (param externref) (result externref)
          (select (result externref) (local.get 0) (ref.null extern) (i32.const 1)))
        (func $simd (result v128) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
          (v128.const i32x4 1 2 3 4) (v128.load8_lane 3 (i32.const 0) (v128.const i64x2 0 0))))
        (func $bulk (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))
          (table.init 0 0 (i32.const 0) (i32.const 0) (i32.const 0)) (elem.drop 0))
        (func $table (param i32) (block (block (br_table 0 1 0 (local.get 0)))))`,
    });
    assert.equal(verdict(bytes), 'admitted');
  });

  it('patches the memory maximum to the memory of the job', () => {
    const admission = admitModule(growModule(), 'a.wasm', 2 * MIB);
    assert.ok(admission.admitted);
    assert.equal(admission.maxPages, 32);
    const memory = exportOf(admission, 'memory') as { grow(pages: number): number };
    assert.equal(memory.grow(31), 1);
    assert.throws(() => memory.grow(1), RangeError);
  });

  it('keeps a smaller maximum of the module', () => {
    const admission = admitModule(command('', '(memory (export "memory") 1 3)'), 'a', 64 * MIB);
    assert.ok(admission.admitted);
    assert.equal(admission.maxPages, 3);
  });

  it('bounds tables that would grow', () => {
    const admission = admitModule(command('(table (export "t") 1 funcref)'), 'a', MIB);
    assert.ok(admission.admitted);
    const table = exportOf(admission, 't') as { grow(entries: number): number };
    assert.equal(table.grow(65_535), 1);
    assert.throws(() => table.grow(1), RangeError);
  });

  const refused: readonly (readonly [string, Uint8Array<ArrayBuffer>, RegExp])[] = [
    ['text', text('hello world'), /^BAD_MODULE: a\.wasm is not.*starts with "hello wo"/],
    ['nothing', text(''), /^BAD_MODULE: a\.wasm is empty/],
    ['a script', text('#!/bin/sh\n'), /starts with "#!\/bin\/s"/],
    ['a native program', text('\x7fELF\x02\x01'), /starts with "\\x7fELF\\x02\\x01"/],
    [
      'a component',
      new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]),
      /^BAD_MODULE: .*component.*wasm32-wasip1/,
    ],
    ['another version', new Uint8Array([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]), /unknown version/],
    ['a cut module', helloModule().subarray(0, 40), /^BAD_MODULE: .*ends too early/],
    ['no _start', assembleWat('(module (memory (export "memory") 1))'), /no function "_start"/],
    [
      'a reactor',
      assembleWat('(module (memory (export "memory") 1) (func (export "_initialize")))'),
      /WASI reactor/,
    ],
    ['no memory', assembleWat('(module (func (export "_start")))'), /no memory named "memory"/],
    [
      'another import module',
      command('(import "env" "f" (func))'),
      /^REFUSED: .*import env\.f .*wasi_snapshot_preview1 only/,
    ],
    ['the old WASI', command('(import "wasi_unstable" "fd_write" (func))'), /wasi_unstable/],
    [
      'an unknown WASI function',
      command('(import "wasi_snapshot_preview1" "sock_open" (func))'),
      /sock_open/,
    ],
    [
      'a property every object has',
      command('(import "wasi_snapshot_preview1" "constructor" (func))'),
      /constructor/,
    ],
    [
      'a WASI function with another type',
      command('(import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32)))'),
      /fd_close with a type/,
    ],
    [
      'an imported global',
      command('(import "wasi_snapshot_preview1" "g" (global i32))'),
      /imported global/,
    ],
    [
      'an imported memory',
      assembleWat('(module (import "env" "memory" (memory 1)) (func (export "_start")))'),
      /imported memory env\.memory/,
    ],
    ['two memories', command('(memory 1)'), /2 memories/],
    ['a shared memory', command('', '(memory (export "memory") 1 2 shared)'), /threads/],
    ['a 64-bit memory', command('', '(memory (export "memory") i64 1)'), /64-bit memory/],
    [
      'more memory than the job has',
      command('', '(memory (export "memory") 2048)'),
      /^REFUSED: .*128 MiB of memory at its start where the job may have 64 MiB/,
    ],
    ['a huge table', command('(table 65537 funcref)'), /a table of 65537 entries/],
    ['many tables', command('(table 1 funcref)'.repeat(17)), /17 tables/],
    ['atomics', command('(func (drop (i32.atomic.load (i32.const 0))))'), /threads \(atomic/],
    [
      'relaxed SIMD',
      command(`(func (param v128) (result v128)
        (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))`),
      /relaxed SIMD/,
    ],
    ['exceptions', command('(tag $t) (func (throw $t))'), /exception handling/],
    ['a struct type', rawModule([1, 1, 0x5f, 0]), /garbage-collected types/],
    ['a recursive group', rawModule([1, 1, 0x4e, 0]), /garbage-collected types/],
    ['an array type', rawModule([1, 1, 0x5e, 0x7f, 1]), /garbage-collected types/],
    ['a GC value type', rawModule([1, 1, 0x60, 1, 0x6e, 0]), /garbage-collected types/],
    [
      'a GC instruction',
      rawModule([1, 1, 0x60, 0, 0], [3, 1, 0], [10, 1, 6, 0, 0x41, 1, 0xfb, 28, 0x0b]),
      /garbage-collected types/,
    ],
    ['a section twice', rawModule([1, 0], [1, 0]), /section 1 twice/],
    ['an unknown section', rawModule([14]), /unknown section 14/],
    ['a number that is too long', rawModule([1, 0x80, 0x80, 0x80, 0x80, 0x80, 1]), /32 bits/],
    ['a count beyond reason', rawModule([3, 0xff, 0xff, 0xff, 0x7f]), /functions \(at most/],
    [
      'a function with millions of locals',
      rawModule([1, 1, 0x60, 0, 0], [3, 1, 0], [10, 1, 7, 1, 0x80, 0x89, 0x7a, 0x7f, 0x0b, 0x0b]),
      /locals/,
    ],
  ];
  for (const [name, bytes, expected] of refused) {
    it(`refuses ${name}`, () => assert.match(verdict(bytes), expected));
  }

  it('gives a verdict on random bytes', () => {
    const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.ok(verdict(new Uint8Array(bytes)).length > 0);
        assert.ok(verdict(new Uint8Array([...header, ...bytes])).length > 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives a verdict on mutated modules, and what it admits V8 compiles or rejects cleanly', () => {
    const seeds = [helloModule(), echoModule(), growModule(), command('(table 2 4 funcref)')];
    const mutation = fc.record({
      seed: fc.constantFrom(...seeds),
      edits: fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
    });
    fc.assert(
      fc.property(mutation, ({ seed, edits }) => {
        const bytes = new Uint8Array(seed);
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        const admission = admitModule(bytes, 'a.wasm', MIB);
        if (!admission.admitted) return;
        try {
          exportOf(admission, 'memory');
        } catch (error) {
          assert.ok(error instanceof Error, 'V8 rejects what is not valid');
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function exportOf(admission: Admission, name: string): unknown {
  assert.ok(admission.admitted);
  const nothing = new Proxy({}, { get: () => () => 0 });
  const module = new webAssembly.Module(admission.bytes);
  const imports = { wasi_snapshot_preview1: nothing };
  return new webAssembly.Instance(module, imports).exports[name];
}
