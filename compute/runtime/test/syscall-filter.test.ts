import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { syscallFilter } from '../src/syscall-filter.ts';

const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;
const X64 = 0xc000_003e;
const ARM64 = 0xc000_00b7;

/** What the kernel would answer: runs the filter's four kinds of instruction. */
function answerOf(filter: Uint8Array, audit: number, number: number, argument = 0): number {
  const view = new DataView(filter.buffer);
  const data = new Map([
    [0, number],
    [4, audit],
    [16, argument],
  ]);
  let accumulator = 0;
  for (let at = 0; at < filter.length / 8; at += 1) {
    const operand = view.getUint32(at * 8 + 4, true);
    const operation = view.getUint16(at * 8, true);
    const jump = (isTrue: boolean): void => {
      at += view.getUint8(at * 8 + (isTrue ? 2 : 3));
    };
    if (operation === 0x20) accumulator = data.get(operand) ?? assert.fail('reads elsewhere');
    else if (operation === 0x15) jump(accumulator === operand);
    else if (operation === 0x35) jump(accumulator >= operand);
    else if (operation === 0x45) jump((accumulator & operand) !== 0);
    else if (operation === 0x06) return operand;
    else assert.fail(`unknown operation ${operation}`);
  }
  return assert.fail('runs off its end');
}

describe('syscallFilter', () => {
  const x64 = syscallFilter('x64') ?? assert.fail();
  const arm64 = syscallFilter('arm64') ?? assert.fail();

  it('lets through what a running program needs', () => {
    // read, write, mmap, mprotect, brk, futex, exit_group, execve (bubblewrap starts the program under it).
    for (const call of [0, 1, 9, 10, 12, 202, 231, 59]) {
      assert.equal(answerOf(x64, X64, call), ALLOW);
    }
    for (const call of [63, 64, 222, 226, 214, 98, 94, 221]) {
      assert.equal(answerOf(arm64, ARM64, call), ALLOW);
    }
  });

  it('allows threads and refuses processes', () => {
    const thread = 0x003d_0f00;
    assert.equal(answerOf(x64, X64, 56, thread), ALLOW);
    assert.equal(answerOf(x64, X64, 56, 17), EPERM);
    assert.equal(answerOf(x64, X64, 57), EPERM);
    assert.equal(answerOf(x64, X64, 58), EPERM);
    assert.equal(answerOf(x64, X64, 435), ENOSYS);
    assert.equal(answerOf(arm64, ARM64, 220, thread), ALLOW);
    assert.equal(answerOf(arm64, ARM64, 220, 17), EPERM);
    assert.equal(answerOf(arm64, ARM64, 435), ENOSYS);
  });

  it('refuses sockets, hidden memory, tracing and mounts', () => {
    for (const call of [41, 53, 319, 29, 101, 165, 272, 321, 425, 447]) {
      assert.equal(answerOf(x64, X64, call), EPERM);
    }
    for (const call of [198, 199, 279, 194, 117, 40, 97, 280, 425, 447]) {
      assert.equal(answerOf(arm64, ARM64, call), EPERM);
    }
  });

  it('ends a program that calls by other numbers', () => {
    assert.equal(answerOf(x64, 0x4000_0003, 1), KILL);
    assert.equal(answerOf(x64, X64, 0x4000_0029), KILL);
    assert.equal(answerOf(arm64, X64, 1), KILL);
  });

  it('does not exist for other processors', () => {
    assert.equal(syscallFilter('riscv64'), undefined);
  });
});
