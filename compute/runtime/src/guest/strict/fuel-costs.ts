/**
 * What each instruction costs. Fuel measures work as the program wrote it, not time: the table is part of the
 * runtime's version, the same for every machine, and docs/reference/fuel.md shows it.
 */

/** Fuel of each class of instructions. */
export const FUEL_COSTS = {
  /** block, loop, end, else, nop, drop, constants, reading and writing locals: no work once compiled. */
  free: 0,
  /** Integer and float arithmetic, comparisons, conversions, select, br, br_if, if, return. */
  simple: 1,
  /** Loads, stores, globals, vectors, memory.size, references. */
  memory: 2,
  /** br_table, division, remainder, square root. */
  slow: 4,
  /** Calling a function of the module. */
  call: 5,
  /** Calling through a table, and reading, writing and growing tables. */
  indirect: 10,
  /** Bulk operations before the first byte, and memory.grow before the first page. */
  bulk: 16,
  /** Calling the host. */
  host: 100,
} as const;

/** Bulk operations on memory and host calls cost one unit for this many bytes, bulk operations on tables for each entry. */
export const BYTES_PER_FUEL = 16;
/** A page that memory.grow adds must be cleared. */
export const PAGE_FUEL = 65_536 / BYTES_PER_FUEL;

const { free, simple, memory, slow, call, indirect } = FUEL_COSTS;

/** By opcode; calls to the host, and the instructions behind 0xfc and 0xfd, are told apart elsewhere. */
export const OPCODE_FUEL: Uint8Array = costTable();

function costTable(): Uint8Array {
  const table = new Uint8Array(256).fill(simple);
  const set = (from: number, to: number, fuel: number): void => {
    table.fill(fuel, from, to + 1);
  };
  set(0x00, 0x03, free);
  set(0x05, 0x05, free);
  set(0x0b, 0x0b, free);
  set(0x0e, 0x0e, slow);
  set(0x10, 0x10, call);
  set(0x11, 0x11, indirect);
  set(0x12, 0x12, call);
  set(0x13, 0x13, indirect);
  set(0x1a, 0x1a, free);
  set(0x20, 0x22, free);
  set(0x23, 0x24, memory);
  set(0x25, 0x26, indirect);
  set(0x28, 0x3f, memory);
  set(0x40, 0x40, FUEL_COSTS.bulk);
  set(0x41, 0x44, free);
  // Division and remainder of integers, division and square root of floats.
  set(0x6d, 0x70, slow);
  set(0x7f, 0x82, slow);
  for (const opcode of [0x91, 0x95, 0x9f, 0xa3]) set(opcode, opcode, slow);
  set(0xd0, 0xd2, memory);
  return table;
}

/** Of an instruction behind 0xfc: saturating truncation, then bulk operations, then tables. */
export function bulkFuel(opcode: number): number {
  if (opcode < 8) return simple;
  if (opcode === 9 || opcode === 13) return memory;
  return opcode === 16 ? memory : FUEL_COSTS.bulk;
}

/** Of every instruction behind 0xfd. */
export const VECTOR_FUEL: number = memory;
