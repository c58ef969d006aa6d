/** The part of the WebAssembly interface this package uses; the compiler's own types come only with a browser's. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
export interface WasmModule {
  readonly [brand]: 'module';
}
declare const brand: unique symbol;

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  validate(bytes: Uint8Array): boolean;
  readonly Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance;
  readonly CompileError: new () => Error;
  readonly RuntimeError: new () => Error;
}

export const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
