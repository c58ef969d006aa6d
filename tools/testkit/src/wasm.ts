import makeWabt from 'wabt';

const wabt = await makeWabt();

/** Everything wabt can write, so that tests can also make what fog refuses. */
const FEATURES = {
  exceptions: true,
  threads: true,
  tail_call: true,
  memory64: true,
  multi_memory: true,
  relaxed_simd: true,
  extended_const: true,
};

/** Assembles WebAssembly text. Throws with the place of the mistake. */
export function assembleWat(text: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat('test.wat', text, FEATURES);
  try {
    return new Uint8Array(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

/** A binary module from sections, for what the text format cannot say: `[id, ...payload]` each. */
export function rawModule(...sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const parts = sections.map((section) => {
    const payload = section.slice(1);
    return Buffer.from([section[0] ?? 0, ...leb(payload.length)].concat(payload));
  });
  return new Uint8Array(Buffer.concat([Buffer.from(header), ...parts]));
}

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const low = value % 128;
  return value < 128 ? [low] : [low + 128, ...leb(Math.floor(value / 128))];
}
