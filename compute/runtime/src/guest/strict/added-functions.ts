/** The two functions the pass adds to a module, as bodies without their size. */
import { encodeU32 } from '../binary-reader.ts';
import type { Additions } from './body-rewrite.ts';
import { ByteWriter } from './byte-writer.ts';
import { PAGE_FUEL } from './fuel-costs.ts';
import { I32_TYPE, I64_TYPE } from './module-shape.ts';

/** What became of the last `memory.grow`. */
export const GROWTH = { granted: 0, overLimit: 1, hostRefused: 2 } as const;

/** (func (param $units i32)): fuel -= units; traps below zero. */
export function payBody({ fuel }: Additions): number[] {
  const global = encodeU32(fuel);
  return [
    [1, 1, I64_TYPE],
    // (global.set $fuel (local.tee 1 (i64.sub (global.get $fuel) (i64.extend_i32_u (local.get $units)))))
    [0x23, ...global, 0x20, 0, 0xad, 0x7d, 0x22, 1, 0x24, ...global],
    // (if (i64.lt_s (local.get 1) (i64.const 0)) (then unreachable))
    [0x20, 1, 0x42, 0, 0x53, 0x04, 0x40, 0x00, 0x0b, 0x0b],
  ].flat();
}

/**
 * (func (param $pages i32) (result i32)): memory.grow. Refused although the limit allows it: the machine has no
 * memory left, which is no answer a program may see. Granted pages are paid for.
 */
export function growBody(added: Additions, maxPages: number): number[] {
  const growth = encodeU32(added.growth);
  return [
    [1, 1, I32_TYPE],
    // (if (result i32) (i32.eq (local.tee 1 (memory.grow (local.get $pages))) (i32.const -1))
    [0x20, 0, 0x40, 0, 0x22, 1, 0x41, 0x7f, 0x46, 0x04, I32_TYPE],
    // (if (i64.le_u (i64.add (memory.size) (local.get $pages)) (i64.const maxPages))
    [0x3f, 0, 0xad, 0x20, 0, 0xad, 0x7c, 0x42, ...signed(maxPages), 0x58, 0x04, 0x40],
    [0x41, GROWTH.hostRefused, 0x24, ...growth, 0x00, 0x0b],
    [0x41, GROWTH.overLimit, 0x24, ...growth, 0x41, 0x7f],
    [0x05, 0x41, GROWTH.granted, 0x24, ...growth],
    // (call $pay (i32.mul (local.get $pages) (i32.const PAGE_FUEL))) (local.get 1)
    [0x20, 0, 0x41, ...signed(PAGE_FUEL), 0x6c, 0x10, ...encodeU32(added.pay), 0x20, 1],
    [0x0b, 0x0b],
  ].flat();
}

function signed(value: number): Uint8Array {
  const out = new ByteWriter(8);
  out.signed(value);
  return out.written();
}
