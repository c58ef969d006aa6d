import fc from 'fast-check';

/** Operations by which a program sees the bits of a NaN; without them two engines must agree. */
export type Sight = 'bits' | 'values';

type Type = 'i32' | 'i64' | 'f32' | 'f64';
const TYPES: readonly Type[] = ['i32', 'i64', 'f32', 'f64'];
const LOCALS_OF_TYPE = 3;

/** Locals are `$i32_0`, `$f64_2`, …; helpers take two values of a type. */
function local(type: Type, index: number): string {
  return `$${type}_${index}`;
}

const INTEGER_UNARY = ['clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s'];
const INTEGER_BINARY = 'add sub mul and or xor shl shr_s shr_u rotl rotr div_u rem_s'.split(' ');
const FLOAT_UNARY = 'abs neg ceil floor trunc nearest sqrt'.split(' ');
const FLOAT_BINARY = 'add sub mul div min max copysign'.split(' ');
const COMPARISONS = { integer: ['eq', 'ne', 'lt_s', 'ge_u'], float: ['eq', 'ne', 'lt', 'ge'] };
const CONVERSIONS: Readonly<Record<Type, readonly (readonly [Type, string])[]>> = {
  i32: [
    ['i64', 'i32.wrap_i64'],
    ['f32', 'i32.reinterpret_f32'],
    ['f64', 'i32.trunc_sat_f64_s'],
    ['f32', 'i32.trunc_sat_f32_u'],
  ],
  i64: [
    ['i32', 'i64.extend_i32_s'],
    ['f64', 'i64.reinterpret_f64'],
    ['f32', 'i64.trunc_sat_f32_s'],
  ],
  f32: [
    ['i32', 'f32.reinterpret_i32'],
    ['f64', 'f32.demote_f64'],
    ['i64', 'f32.convert_i64_u'],
  ],
  f64: [
    ['i64', 'f64.reinterpret_i64'],
    ['f32', 'f64.promote_f32'],
    ['i32', 'f64.convert_i32_s'],
  ],
};

const CONSTANTS: Readonly<Record<Type, readonly string[]>> = {
  i32: ['0', '1', '-1', '7', '0x7fc00001', '0x80000000'],
  i64: ['0', '1', '-5', '0x7ff8000000000001', '0xfff0000000000000'],
  f32: ['0', '-0', '1.5', 'inf', '-inf', 'nan', '-nan', 'nan:0x200001', '3e38'],
  f64: ['0', '-0', '2.5', 'inf', '-inf', 'nan', '-nan', 'nan:0x4000000000001', '1e308'],
};

const isFloat = (type: Type): boolean => type.startsWith('f');

const typeArb = fc.constantFrom(...TYPES);

/** An expression of a type, up to `depth` operations deep. */
function expression(type: Type, depth: number, sight: Sight): fc.Arbitrary<string> {
  const leaves = fc.oneof(
    fc.constantFrom(...CONSTANTS[type]).map((value) => `(${type}.const ${value})`),
    fc.nat(LOCALS_OF_TYPE - 1).map((index) => `(local.get ${local(type, index)})`),
  );
  if (depth <= 0) return leaves;
  const below = (other: Type): fc.Arbitrary<string> => expression(other, depth - 1, sight);
  const isShown = (text: string): boolean => sight === 'bits' || !/reinterpret|copysign/.test(text);
  const binary = (isFloat(type) ? FLOAT_BINARY : INTEGER_BINARY).filter(isShown);
  const unary = isFloat(type) ? FLOAT_UNARY : INTEGER_UNARY;
  const branches = [
    leaves,
    fc
      .tuple(fc.constantFrom(...binary), below(type), below(type))
      .map(([name, one, other]) => `(${type}.${name} ${one} ${other})`),
    fc
      .tuple(fc.constantFrom(...unary), below(type))
      .map(([name, one]) => `(${type}.${name} ${one})`),
    fc
      .constantFrom(...CONVERSIONS[type].filter(([, name]) => isShown(name)))
      .chain(([from, name]) => below(from).map((one) => `(${name} ${one})`)),
    fc
      .tuple(below(type), below(type), below('i32'))
      .map(([one, other, which]) => `(select ${one} ${other} ${which})`),
    fc
      .tuple(below('i32'), below(type), below(type))
      .map(([test, one, other]) => `(if (result ${type}) ${test} (then ${one}) (else ${other}))`),
    fc
      .tuple(below(type), below(type))
      .map(([one, other]) => `(call $pick_${type} ${one} ${other})`),
    fc
      .tuple(fc.nat(LOCALS_OF_TYPE - 1), below(type))
      .map(([index, one]) => `(local.tee ${local(type, index)} ${one})`),
    fc
      .tuple(below(type), below('i32'))
      .map(([one, test]) => `(block (result ${type}) (br_if 0 ${one} ${test}))`),
  ];
  if (sight === 'bits' || !isFloat(type)) branches.push(throughMemory(type, below(type)));
  if (type === 'i32') branches.push(comparison(depth, sight));
  return fc.oneof(...branches);
}

function throughMemory(type: Type, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(63), value).map(
    ([at, one]) => `(block (result ${type}) (${type}.store offset=${at * 8} (i32.const 0) ${one})
        (${type}.load offset=${at * 8} (i32.const 0)))`,
  );
}

function comparison(depth: number, sight: Sight): fc.Arbitrary<string> {
  return typeArb.chain((type) =>
    fc
      .tuple(
        fc.constantFrom(...COMPARISONS[isFloat(type) ? 'float' : 'integer']),
        expression(type, depth - 1, sight),
        expression(type, depth - 1, sight),
      )
      .map(([name, one, other]) => `(${type}.${name} ${one} ${other})`),
  );
}

/** A statement; `$turns` bounds all loops together. */
function statement(depth: number, sight: Sight): fc.Arbitrary<string> {
  const assignment = typeArb.chain((type) =>
    fc
      .tuple(fc.nat(LOCALS_OF_TYPE - 1), expression(type, depth, sight))
      .map(([index, value]) => `(local.set ${local(type, index)} ${value})`),
  );
  const fill = fc
    .tuple(fc.nat(400), fc.nat(100))
    .map(([at, size]) => `(memory.fill (i32.const ${at}) (i32.const 255) (i32.const ${size}))`);
  const grow = fc.nat(12).map((pages) => `(local.set $i32_0 (memory.grow (i32.const ${pages})))`);
  const leave = expression('i32', 1, sight).map((test) => `(br_if $out ${test})`);
  const simple = fc.oneof({ weight: 6, arbitrary: assignment }, fill, grow, leave);
  if (depth <= 0) return simple;
  const some = fc
    .array(statement(depth - 1, sight), { maxLength: 3 })
    .map((list) => list.join('\n'));
  return fc.oneof(
    { weight: 4, arbitrary: simple },
    fc
      .tuple(expression('i32', 1, sight), some, some)
      .map(([test, one, other]) => `(if ${test} (then ${one}) (else ${other}))`),
    some.map(
      (inside) => `(block (loop (br_if 1 (i32.ge_u (local.get $turns) (i32.const 20)))
        (local.set $turns (i32.add (local.get $turns) (i32.const 1))) ${inside} (br 0)))`,
    ),
    fc.tuple(expression('i32', 1, sight), some).map(
      ([index, inside]) => `(block (block (block (br_table 0 1 2 (i32.and ${index} (i32.const 3))))
        ${inside} (br 1)) ${inside})`,
    ),
  );
}

const DECLARATIONS = TYPES.map((type) =>
  Array.from({ length: LOCALS_OF_TYPE }, (_, at) => `(local ${local(type, at)} ${type})`).join(' '),
).join(' ');

/** Where the program leaves its float locals: `f32` ones first, eight bytes each. */
export const FLOATS_AT: number = 1024 + 2 * LOCALS_OF_TYPE * 8;
export const FLOATS_OF_TYPE: number = LOCALS_OF_TYPE;

/** Every local goes to memory in the end, floats with all their bits. */
const EPILOGUE = TYPES.map((type, row) =>
  Array.from(
    { length: LOCALS_OF_TYPE },
    (_, index) =>
      `(${type}.store offset=${1024 + (row * LOCALS_OF_TYPE + index) * 8} (i32.const 0) (local.get ${local(type, index)}))`,
  ).join('\n'),
).join('\n');

const PICKS = TYPES.map(
  (type) => `(func $pick_${type} (param ${type} ${type}) (result ${type})
    (if (i32.and (i32.load8_u (i32.const 3)) (i32.const 1)) (then (return (local.get 0)))) (local.get 1))`,
).join('\n');

/** Text of small programs that are valid, end, and leave what they computed in memory. */
export function randomProgram(sight: Sight): fc.Arbitrary<string> {
  return fc.array(statement(3, sight), { minLength: 1, maxLength: 5 }).map(
    (statements) => `(module (memory (export "memory") 1) ${PICKS}
      (func $body ${DECLARATIONS} (local $turns i32)
        (block $out ${statements.join('\n')}) ${EPILOGUE})
      (func (export "_start") (call $body)))`,
  );
}
