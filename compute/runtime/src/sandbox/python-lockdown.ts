/**
 * Takes from the sandbox process what a program that got hold of JavaScript would use next. Defence in depth:
 * the boundary is the process sandbox. Not defended here: bugs of V8, and intrinsics such as Array.prototype.
 */
import { constants } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';

/** Names of the global object that reach the network, other threads, or code. */
const GLOBALS = [
  'WebSocket',
  'WebSocketStream',
  'EventSource',
  'fetch',
  'Request',
  'Response',
  'Headers',
  'FormData',
  'MessageChannel',
  'MessagePort',
  'BroadcastChannel',
  'Worker',
  'SharedWorker',
  'Storage',
  'localStorage',
  'sessionStorage',
  'indexedDB',
  'caches',
  'navigator',
  'require',
  'module',
  'gc',
] as const;

/** Parts of `process` that load code, reach other processes, or describe this machine. */
const PROCESS = [
  '_linkedBinding',
  '_kill',
  '_debugProcess',
  '_debugEnd',
  'abort',
  'chdir',
  'dlopen',
  'execve',
  'getBuiltinModule',
  'initgroups',
  'loadEnvFile',
  'openStdin',
  'setegid',
  'seteuid',
  'setgid',
  'setgroups',
  'setuid',
  'setSourceMapsEnabled',
] as const;

const PROCESS_VALUES = ['mainModule', 'report', 'permission', 'stdin', 'stdout', 'stderr'] as const;

function refused(): never {
  throw new Error('fog: out of reach');
}

function replace(target: object, name: string, value: unknown): void {
  const known = Object.getOwnPropertyDescriptor(target, name);
  if (known === undefined || known.configurable === true) {
    Object.defineProperty(target, name, { value, writable: false, configurable: false });
  } else if (known.writable === true) {
    Object.assign(target, { [name]: value });
  }
}

/**
 * Before the interpreter loads. Its file system wants the constants of `process.binding('constants')`; the rest
 * of `process.binding` is the way to raw sockets and processes, and stops working under Node's permission model.
 * Its console would open the process's own streams, which carry the agent's frames.
 */
export function prepareProcess(): void {
  for (const [name, value] of Object.entries(console)) {
    if (typeof value === 'function') replace(console, name, () => undefined);
  }
  const fs = Object.freeze({ ...constants });
  replace(process, 'binding', (name: string) => (name === 'constants' ? { fs } : refused()));
}

/** After the interpreter loaded: nothing is imported, compiled from text or opened by name any more. */
export function lockProcess(): void {
  for (const name of GLOBALS) Reflect.deleteProperty(globalThis, name);
  for (const name of PROCESS) replace(process, name, refused);
  for (const name of PROCESS_VALUES) replace(process, name, undefined);
  replace(process, 'env', Object.freeze({}));
  replace(process, 'kill', ownDeathOnly(process.kill.bind(process)));
  closeFileModule();
  registerHooks({ resolve: refused, load: refused });
}

/** The sandbox loop ends its own process by a signal; no other process is its business. */
function ownDeathOnly(kill: typeof process.kill): typeof process.kill {
  return (pid, signal) => (pid === process.pid ? kill(pid, signal) : refused());
}

/**
 * The interpreter's code holds the module object of `node:fs`. The sandbox loop imported the two functions it
 * needs by name, and those bindings stay.
 */
function closeFileModule(): void {
  const fs = createRequire(import.meta.url)('node:fs') as Record<string, unknown>;
  for (const name of Object.keys(fs)) {
    if (typeof fs[name] === 'function') replace(fs, name, refused);
  }
  replace(fs, 'promises', undefined);
}
