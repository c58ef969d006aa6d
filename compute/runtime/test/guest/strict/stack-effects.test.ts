import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { leb, rawModule } from '@fog/testkit';
import {
  bulkEffect,
  STACK_EFFECTS,
  vectorEffect,
} from '../../../src/guest/strict/stack-effects.ts';
import { webAssembly } from '../../../src/guest/web-assembly.ts';

const VALUE_TYPES = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70];

/** Every list of `count` value types. */
function typeLists(count: number): number[][] {
  if (count === 0) return [[]];
  return typeLists(count - 1).flatMap((list) => VALUE_TYPES.map((type) => [...list, type]));
}

/** Whether the engine takes an instruction that turns these operands into these results. */
function isValid(instruction: readonly number[], params: number[], results: number[]): boolean {
  const operands = params.flatMap((_, index) => [0x20, index]);
  const code = [0, ...operands, ...instruction, 0x0b];
  return webAssembly.validate(
    rawModule(
      [1, 1, 0x60, params.length, ...params, results.length, ...results],
      [3, 1, 0],
      [4, 1, 0x70, 0, 1],
      [5, 1, 0, 1],
      [6, 1, params[0] === 0x7e ? 0x7e : 0x7f, 1, params[0] === 0x7e ? 0x42 : 0x41, 0, 0x0b],
      [9, 1, 1, 0, 1, 0],
      [12, 1],
      [10, 1, ...leb(code.length), ...code],
      [11, 1, 1, 0],
    ),
  );
}

function hasEffect(instruction: readonly number[], effect: number): boolean {
  const results = typeLists(effect & 1);
  return typeLists(effect >> 1).some((params) =>
    results.some((result) => isValid(instruction, params, result)),
  );
}

/** Whether the engine knows the instruction with any effect at all. */
function isKnown(instruction: readonly number[]): boolean {
  return [0, 1, 2, 3, 4, 5, 6, 7].some((effect) => hasEffect(instruction, effect));
}

const memarg = [0, 0];
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

function vectorOperands(opcode: number): number[] {
  if (opcode <= 11 || opcode === 92 || opcode === 93) return memarg;
  if (opcode <= 13) return zeros(16);
  if (opcode >= 84 && opcode <= 91) return [...memarg, 0];
  return opcode >= 21 && opcode <= 34 ? [0] : [];
}

function plainOperands(opcode: number): number[] {
  if (opcode >= 0x28 && opcode <= 0x3e) return memarg;
  if (opcode === 0x1c) return [1, 0x7f];
  if (opcode >= 0x43 && opcode <= 0x44) return zeros(opcode === 0x43 ? 4 : 8);
  if (opcode === 0xd0) return [0x70];
  return opcode <= 0x42 && opcode >= 0x20 ? [0] : opcode === 0xd2 ? [0] : [];
}

describe('stack effects', () => {
  it('are those of the engine for every plain instruction', () => {
    for (let opcode = 0x1a; opcode <= 0xd2; opcode += 1) {
      // Locals are read by what stands in front of the instruction; `local.get` of none has no operand here.
      if (opcode >= 0x20 && opcode <= 0x22) continue;
      const instruction = [opcode, ...plainOperands(opcode)];
      const effect = STACK_EFFECTS[opcode] ?? 0;
      const agrees = hasEffect(instruction, effect) || !isKnown(instruction);
      assert.ok(agrees, `0x${opcode.toString(16)} with ${effect}`);
    }
  });

  it('are those of the engine for bulk operations', () => {
    const operands = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];
    for (const [opcode, count] of operands.entries()) {
      assert.ok(hasEffect([0xfc, opcode, ...zeros(count)], bulkEffect(opcode)), `0xfc ${opcode}`);
    }
  });

  it('are those of the engine for every vector instruction', () => {
    let known = 0;
    for (let opcode = 0; opcode < 256; opcode += 1) {
      const instruction = [0xfd, ...leb(opcode), ...vectorOperands(opcode)];
      const agrees = hasEffect(instruction, vectorEffect(opcode));
      if (agrees) known += 1;
      else assert.ok(!isKnown(instruction), `0xfd ${opcode}`);
    }
    assert.equal(known, 236);
  });
});
