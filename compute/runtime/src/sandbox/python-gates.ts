/**
 * The interpreter reaches the world outside its memory through the functions it is linked with, and through
 * nothing else. Once the process is locked, those that lead to JavaScript, programs, sockets or foreign code
 * refuse. This is the layer below Python: removing modules there only makes messages plain.
 * Not defended here: bugs of V8. The process sandbox is the boundary.
 */

export interface Gates {
  /** Refuses from now on. `foreignCalls` are the function addresses ctypes may call. */
  lock(foreignCalls: readonly number[]): void;
}

/** Graphics: never linked as functions, only by address, and each address costs a compiled wrapper at every start. */
const BY_ADDRESS_ONLY = /^emscripten_gl/;
/** An address outside of the function table: a call traps. */
const NO_FUNCTION = 0x7fff_ffff;

type HostFunction = ((...args: never[]) => unknown) & { sig?: string };
export type HostFunctions = Record<string, HostFunction>;

/** Reading and writing properties of JavaScript objects, and calling them. */
const JAVASCRIPT = [
  'raw_call_js',
  'JsProxy_GetAttr_js',
  'JsProxy_SetAttr_js',
  'JsProxy_DelAttr_js',
  'JsProxy_Dir_js',
  'JsProxy_subscript_js',
  'JsProxy_GetIter_js',
  'JsProxy_GetAsyncIter_js',
  'JsModule_GetAll_js',
  'JsvFunction_CallBound',
  'JsvFunction_Call_OneArg',
  'JsvFunction_Construct',
  'JsvObject_CallMethod',
  'JsvObject_CallMethod_NoArgs',
  'JsvObject_CallMethod_OneArg',
  'JsvObject_CallMethod_TwoArgs',
  'JsvObject_SetAttr',
  'JsvObject_Entries',
  'JsvObject_Keys',
  'JsvObject_Values',
  'JsvObject_toString',
  'JsObjMap_GetIter_js',
  'JsObjMap_subscript_js',
  'JsObjMap_ass_subscript_js',
  'JsvBuffer_assignToPtr',
  'JsvBuffer_assignFromPtr',
  'JsvBuffer_writeToFile',
  'JsvBuffer_readFromFile',
  'JsvBuffer_intoFile',
  'emscripten_run_script',
  'emscripten_run_script_int',
  'emscripten_run_script_string',
  'emscripten_async_run_script',
  'emscripten_async_load_script',
] as const;

const ENOSYS = 52;
const EAI_FAIL = -4;

/** System calls and library functions → what they answer. */
const REFUSALS: Readonly<Record<string, number>> = {
  _emscripten_system: -ENOSYS,
  _dlopen_js: 0,
  _dlsym_js: 0,
  _emscripten_dlopen_js: 0,
  emscripten_debugger: 0,
  emscripten_set_up_async_input_device_js: 0,
  getaddrinfo: EAI_FAIL,
  getnameinfo: EAI_FAIL,
  getprotobyname: 0,
  // A pipe keeps its bytes outside the memory that is counted, and there is no second process to talk to.
  __syscall_pipe: -ENOSYS,
  __syscall_accept4: -ENOSYS,
  __syscall_bind: -ENOSYS,
  __syscall_connect: -ENOSYS,
  __syscall_getpeername: -ENOSYS,
  __syscall_getsockname: -ENOSYS,
  __syscall_getsockopt: -ENOSYS,
  __syscall_listen: -ENOSYS,
  __syscall_recvfrom: -ENOSYS,
  __syscall_recvmsg: -ENOSYS,
  __syscall_sendmsg: -ENOSYS,
  __syscall_sendto: -ENOSYS,
  __syscall_socket: -ENOSYS,
};

/** Replaces the gated functions in the import object, before the interpreter is linked with it. */
export function installGates(functions: HostFunctions, wait: (durationMs: number) => void): Gates {
  let foreignCalls: ReadonlySet<number> | undefined;
  const gate = (name: string, refuse: () => number): void => {
    const open = functions[name];
    if (open === undefined) return;
    functions[name] = withSignature(open, (...args) =>
      foreignCalls === undefined ? open(...args) : refuse(),
    );
  };
  for (const name of Object.keys(functions)) {
    if (BY_ADDRESS_ONLY.test(name)) Reflect.set(functions, name, NO_FUNCTION);
  }
  for (const name of JAVASCRIPT) gate(name, refuseJavaScript);
  for (const [name, answer] of Object.entries(REFUSALS)) gate(name, () => answer);
  gateForeignCalls(functions, () => foreignCalls);
  waitForReal(functions, wait);
  return {
    lock: (addresses) => {
      foreignCalls = new Set(addresses);
    },
  };
}

/** Not an error of Python: it ends the interpreter, because only a hostile program comes here. */
function refuseJavaScript(): never {
  throw new Error('the program reached for JavaScript, which fog refuses');
}

function gateForeignCalls(
  functions: HostFunctions,
  allowed: () => ReadonlySet<number> | undefined,
): void {
  const open = functions['ffi_call_js'];
  if (open === undefined) return;
  functions['ffi_call_js'] = withSignature(open, (...args) => {
    const address = ((args as readonly number[])[1] ?? 0) >>> 0;
    if (allowed()?.has(address) === false) {
      throw new Error('the program called a foreign function, which fog refuses');
    }
    return open(...args);
  });
}

/** `poll` of nothing is how the guest's `time.sleep` waits: the thread rests instead of spinning. */
function waitForReal(functions: HostFunctions, wait: (durationMs: number) => void): void {
  const open = functions['__syscall_poll'];
  if (open === undefined) return;
  functions['__syscall_poll'] = withSignature(open, (...args) => {
    const [, count = 0, timeoutMs = 0] = args as readonly number[];
    if (count !== 0 || timeoutMs <= 0) return open(...args);
    wait(timeoutMs);
    return 0;
  });
}

function withSignature(open: HostFunction, gated: (...args: never[]) => unknown): HostFunction {
  return open.sig === undefined ? gated : Object.assign(gated, { sig: open.sig });
}
