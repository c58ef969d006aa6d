import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEnv, readSandbox } from '../../src/run/run-flags.ts';

describe('values of the flags of fog run', () => {
  it('reads variables', () => {
    assert.deepEqual(readEnv(['A=1', 'B=x=y', 'C=', 'A=2']), { A: '2', B: 'x=y', C: '' });
    assert.deepEqual(Object.keys(readEnv(['__proto__=1'])), ['__proto__']);
    for (const wrong of ['A', '=1', '1A=2', 'A-B=1']) {
      assert.throws(() => readEnv([wrong]), /must be (NAME=VALUE|of letters)/);
    }
    assert.throws(() => readEnv(['FOG_INDEX=1']), /set by fog itself/);
  });

  it('reads the sandbox level from the flag, then from the environment', () => {
    assert.equal(readSandbox(undefined, {}), 'auto');
    assert.equal(readSandbox(undefined, { FOG_SANDBOX: 'process' }), 'process');
    assert.equal(readSandbox('os', { FOG_SANDBOX: 'process' }), 'os');
    assert.throws(() => readSandbox('vm', {}), /--sandbox vm: must be one of auto, os, process/);
    assert.throws(() => readSandbox(undefined, { FOG_SANDBOX: 'x' }), /FOG_SANDBOX=x: must be/);
  });
});
