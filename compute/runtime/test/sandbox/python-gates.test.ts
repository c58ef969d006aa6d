import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HostFunctions, installGates } from '../../src/sandbox/python-gates.ts';

function functionsOf(...names: readonly string[]): HostFunctions {
  const entries = names.map((name) => [name, Object.assign(() => name, { sig: 'ip' })] as const);
  return Object.fromEntries(entries);
}

function call(functions: HostFunctions, name: string, ...args: readonly number[]): unknown {
  const found = functions[name];
  assert.ok(found !== undefined);
  return (found as (...args: readonly number[]) => unknown)(...args);
}

describe('the gates of the interpreter', () => {
  it('are open while it starts', () => {
    const functions = functionsOf('JsProxy_GetAttr_js', '_emscripten_system', 'ffi_call_js');
    installGates(functions, () => {});
    assert.equal(call(functions, 'JsProxy_GetAttr_js'), 'JsProxy_GetAttr_js');
    assert.equal(call(functions, '_emscripten_system'), '_emscripten_system');
    assert.equal(call(functions, 'ffi_call_js', 0, 77), 'ffi_call_js');
  });

  it('refuse once locked: JavaScript by dying, system calls by their error', () => {
    const functions = functionsOf(
      'JsProxy_GetAttr_js',
      '_emscripten_system',
      '__syscall_socket',
      '_dlsym_js',
      'other',
    );
    installGates(functions, () => {}).lock([]);
    assert.throws(() => call(functions, 'JsProxy_GetAttr_js'), /reached for JavaScript/);
    assert.equal(call(functions, '_emscripten_system'), -52);
    assert.equal(call(functions, '__syscall_socket'), -52);
    assert.equal(call(functions, '_dlsym_js'), 0);
    assert.equal(call(functions, 'other'), 'other');
  });

  it('let ctypes call the listed addresses only', () => {
    const functions = functionsOf('ffi_call_js');
    installGates(functions, () => {}).lock([77]);
    assert.equal(call(functions, 'ffi_call_js', 0, 77), 'ffi_call_js');
    assert.throws(() => call(functions, 'ffi_call_js', 0, 78), /foreign function/);
  });

  it('keep the signatures by which the interpreter is linked', () => {
    const functions = functionsOf('raw_call_js', '__syscall_poll');
    installGates(functions, () => {});
    assert.equal(functions['raw_call_js']?.sig, 'ip');
    assert.equal(functions['__syscall_poll']?.sig, 'ip');
  });

  it('wait when nothing is polled', () => {
    const functions = functionsOf('__syscall_poll');
    const waits: number[] = [];
    installGates(functions, (durationMs) => waits.push(durationMs));
    assert.equal(call(functions, '__syscall_poll', 0, 0, 7), 0);
    assert.equal(call(functions, '__syscall_poll', 0, 1, 1), '__syscall_poll');
    assert.equal(call(functions, '__syscall_poll', 0, 0, 0), '__syscall_poll');
    assert.deepEqual(waits, [7]);
  });

  it('give graphics functions an address no table has', () => {
    const functions = functionsOf('emscripten_glClear', 'emscripten_get_now');
    installGates(functions, () => {});
    assert.equal(functions['emscripten_glClear'], 0x7fff_ffff);
    assert.equal(call(functions, 'emscripten_get_now'), 'emscripten_get_now');
  });
});
