import { serve } from './serve.ts';
import { WasmGuest } from './wasm-guest.ts';

await serve(() => new WasmGuest());
