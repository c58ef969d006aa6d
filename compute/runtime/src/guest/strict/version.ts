/**
 * Raised with every change by which a strict program could see or cost something else: the pass, the cost table, the
 * WASI host, the logical clock, the random generator. A test holds the fuel and output of known programs against it.
 */
export const STRICT_WASM_VERSION = 'wasm-1';
