import type { RunRequest, RunSink } from './ports.ts';

/**
 * A module that prints "ok": what the probe at start and the health check really run.
 *
 * (module
 *   (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
 *   (memory (export "memory") 1)
 *   (data (i32.const 0) "\08\00\00\00\03\00\00\00ok\0a")
 *   (func (export "_start")
 *     (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))))
 */
export const HEALTH_MODULE = Buffer.from(
  'AGFzbQEAAAABDAJgBH9/f38Bf2AAAAIjARZ3YXNpX3NuYXBzaG90X3ByZXZpZXcxCGZkX3dyaXRlAAADAgEBBQMBAAEHEwIG' +
    'bWVtb3J5AgAGX3N0YXJ0AAEKDwENAEEBQQBBAUEMEAAaCwsRAQBBAAsLCAAAAAMAAABvawo=',
  'base64',
);

/** The request that runs it; `hostPath` is where its bytes were written. */
export function healthRequest(hostPath: string): RunRequest {
  return {
    owner: '',
    runtime: 'wasm',
    module: { content: 'health', hostPath },
    moduleName: 'health.wasm',
    args: [],
    env: {},
    seed: 'health/0',
    inputs: [],
    outputs: [],
    memoryBytes: 2 ** 20,
    timeoutMs: 10_000,
  };
}

/** Collects what the module printed. */
export function healthSink(): RunSink & { text(): string } {
  let text = '';
  return {
    running: () => {},
    output: (_stream, chunk) => {
      text += Buffer.from(chunk).toString('latin1');
    },
    file: () => {},
    text: () => text,
  };
}
