/**
 * Shapes of the fields of signed objects. A shape gives the value, or one sentence that names the field and
 * what is wrong with it. Nothing may be missing, left over or beyond its bound.
 */
import { utf8 } from '@fog/kernel';

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

export type Shape<T> = (input: unknown, where: string) => Read<T>;

export type ShapeOf<S> = S extends Shape<infer T> ? T : never;

export function good<T>(value: T): Read<T> {
  return { ok: true, value };
}

export function bad<T>(reason: string): Read<T> {
  return { ok: false, reason };
}

/** A copy: what was read does not keep the message it came in. */
export function bytes(sizeBytes: number, maxBytes: number = sizeBytes): Shape<Uint8Array> {
  const size = sizeBytes === maxBytes ? `${sizeBytes}` : `${sizeBytes} to ${maxBytes}`;
  return (input, where) =>
    input instanceof Uint8Array && input.length >= sizeBytes && input.length <= maxBytes
      ? good(new Uint8Array(input))
      : bad(`${where} must be ${size} bytes`);
}

export function integer(min: number, max: number): Shape<number> {
  return (input, where) =>
    typeof input === 'number' && Number.isSafeInteger(input) && input >= min && input <= max
      ? good(input)
      : bad(`${where} must be an integer from ${min} to ${max}`);
}

/** Printable text: control characters would reach terminals and logs. */
export function text(maxBytes: number, pattern = /^[^\p{Cc}\p{Cf}]*$/u): Shape<string> {
  return (input, where) =>
    typeof input === 'string' && utf8(input).length <= maxBytes && pattern.test(input)
      ? good(input)
      : bad(`${where} must be a plain text of at most ${maxBytes} bytes`);
}

/** `identityId`: 26 characters of base32. */
export const identityText: Shape<string> = (input, where) =>
  typeof input === 'string' && /^[a-z2-7]{26}$/.test(input)
    ? good(input)
    : bad(`${where} must be an id of 26 characters of base32`);

export const flag: Shape<boolean> = (input, where) =>
  typeof input === 'boolean' ? good(input) : bad(`${where} must be true or false`);

export function literal<T extends string>(expected: T): Shape<T> {
  return (input, where) =>
    input === expected ? good(expected) : bad(`${where} must be "${expected}"`);
}

export function oneOf<T extends string>(values: readonly T[]): Shape<T> {
  return (input, where) => {
    const found = values.find((value) => value === input);
    return found === undefined ? bad(`${where} must be one of ${values.join(', ')}`) : good(found);
  };
}

export function list<T>(shape: Shape<T>, min: number, max: number): Shape<readonly T[]> {
  return (input, where) => {
    if (!Array.isArray(input) || input.length < min || input.length > max) {
      return bad(`${where} must be a list of ${min} to ${max}`);
    }
    const values: T[] = [];
    for (const [index, each] of input.entries()) {
      const read = shape(each, `${where}[${index}]`);
      if (!read.ok) return read;
      values.push(read.value);
    }
    return good(values);
  };
}

export function record<F extends Readonly<Record<string, Shape<unknown>>>>(
  fields: F,
): Shape<{ readonly [K in keyof F]: ShapeOf<F[K]> }> {
  const names = Object.keys(fields);
  return (input, where) => {
    if (typeof input !== 'object' || input === null || ArrayBuffer.isView(input)) {
      return bad(`${where} must be a map`);
    }
    const extra = Object.keys(input).find((name) => !names.includes(name));
    if (extra !== undefined) return bad(`${where} has an unknown field`);
    const values: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries(fields)) {
      const held = Object.hasOwn(input, name)
        ? (input as Record<string, unknown>)[name]
        : undefined;
      const read = shape(held, `${where}.${name}`);
      if (!read.ok) return read;
      values[name] = read.value;
    }
    return good(values as { readonly [K in keyof F]: ShapeOf<F[K]> });
  };
}

/** A shape with one more rule, which gives the end of a sentence when it is broken. */
export function checked<T>(shape: Shape<T>, rule: (value: T) => string | undefined): Shape<T> {
  return (input, where) => {
    const read = shape(input, where);
    if (!read.ok) return read;
    const broken = rule(read.value);
    return broken === undefined ? read : bad(`${where} ${broken}`);
  };
}

/** Whether the keys are in order and each there once, as all lists of signed objects are. */
export function ascending<T>(items: readonly T[], key: (item: T) => string | number): boolean {
  for (let index = 1; index < items.length; index += 1) {
    if (key(items[index - 1] as T) >= key(items[index] as T)) return false;
  }
  return true;
}
