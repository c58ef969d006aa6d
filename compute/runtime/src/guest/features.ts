import { type BinaryReader, MalformedModule } from './binary-reader.ts';

/** The module is well-formed so far but asks for something outside the allow-list. The message names it. */
export class RefusedFeature extends Error {
  override readonly name = 'RefusedFeature';
}

/** i32, i64, f32, f64, v128, funcref, externref. */
const VALUE_TYPES: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f]);

/** Reads one value type; the reference types of GC, exceptions and typed functions are refused. */
export function checkValueType(reader: BinaryReader): number {
  const type = reader.u8();
  if (VALUE_TYPES.has(type)) return type;
  if (type === 0x69 || type === 0x74) throw new RefusedFeature('exception handling');
  if (type >= 0x60 && type <= 0x73) throw new RefusedFeature('garbage-collected types (GC)');
  const hex = type.toString(16).padStart(2, '0');
  throw new MalformedModule(`it has the unknown value type 0x${hex}`, reader.offset);
}
