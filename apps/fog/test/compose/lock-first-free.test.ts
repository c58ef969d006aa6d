import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { lockFirstFree } from '../../src/compose/lock-first-free.ts';

describe('lockFirstFree', () => {
  it('gives each holder a directory of its own, and one that was freed again', async () => {
    await using dir = await tempDir();
    using _first = lockFirstFree(dir.path);
    const second = lockFirstFree(dir.path);
    using third = lockFirstFree(dir.path);
    assert.equal(second.dir, dir.file('2'));
    assert.equal(third.dir, dir.file('3'));
    second[Symbol.dispose]();
    using again = lockFirstFree(dir.path);
    assert.equal(again.dir, dir.file('2'));
  });

  it('says which directory cannot be used', async () => {
    await using dir = await tempDir();
    await writeFile(dir.file('file'), '');
    assert.throws(
      () => lockFirstFree(dir.file('file')),
      (error) => isFogError(error, 'FOG_DATA_DIR') && error.message.includes(dir.file('file')),
    );
  });

  it('ends somewhere', async () => {
    await using dir = await tempDir();
    using stack = new DisposableStack();
    for (let count = 0; count < 64; count += 1) stack.use(lockFirstFree(dir.path));
    assert.throws(
      () => lockFirstFree(dir.path),
      (error) => isFogError(error, 'FOG_NO_AGENT_SLOT'),
    );
  });
});
