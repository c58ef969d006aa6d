import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  readCount,
  readEnv,
  readMemoryBytes,
  readRetries,
  readSandbox,
  readTimeoutMs,
} from '../../src/run/run-flags.ts';

describe('values of the flags of fog run', () => {
  it('reads numbers in their range', () => {
    assert.equal(readCount(undefined), undefined);
    assert.equal(readCount('100000'), 100_000);
    assert.equal(readRetries('0'), 0);
    for (const wrong of ['0', '-5', '100001', '1.5', '1e3', 'ten', '', ' 3']) {
      assert.throws(() => readCount(wrong), /must be a whole number from 1 to 100000/);
    }
    assert.throws(() => readRetries('21'), /from 0 to 20/);
  });

  it('reads durations and sizes', () => {
    assert.equal(readTimeoutMs('2s'), 2000);
    assert.equal(readTimeoutMs('500ms'), 500);
    assert.equal(readMemoryBytes('64M'), 64 * 2 ** 20);
    assert.throws(() => readTimeoutMs('soon'), /must be a duration like/);
    assert.throws(() => readTimeoutMs('0'), /more than nothing/);
    assert.throws(() => readTimeoutMs('8d'), /at most 7d/);
    assert.throws(() => readMemoryBytes('lots'), /must be a size like/);
    assert.throws(() => readMemoryBytes('10G'), /from 64 KiB to 4 GiB/);
    assert.throws(() => readMemoryBytes('1K'), /from 64 KiB to 4 GiB/);
  });

  it('reads variables', () => {
    assert.deepEqual(readEnv(['A=1', 'B=x=y', 'C=', 'A=2']), { A: '2', B: 'x=y', C: '' });
    assert.deepEqual(Object.keys(readEnv(['__proto__=1'])), ['__proto__']);
    for (const wrong of ['A', '=1', '1A=2', 'A-B=1']) {
      assert.throws(() => readEnv([wrong]), /must be NAME=VALUE/);
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
