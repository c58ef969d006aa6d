import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { tempDir, waitFor, within } from '../src/index.ts';

describe('waitFor', () => {
  it('returns what the probe found', async () => {
    let calls = 0;
    assert.equal(await waitFor('third call', () => (++calls === 3 ? 'here' : undefined)), 'here');
  });

  it('names what did not come, and what was seen last', async () => {
    const waiting = waitFor('the end', () => false, {
      deadlineMs: 1,
      describe: () => 'seen: dawn',
    });
    await assert.rejects(waiting, /the end: not within 1 ms\nseen: dawn/);
  });
});

describe('within', () => {
  it('passes a result and a failure through', async () => {
    assert.equal(await within('one', Promise.resolve(1), 1000), 1);
    await assert.rejects(within('bad', Promise.reject(new Error('inner')), 1000), /inner/);
  });

  it('rejects what never settles', async () => {
    await assert.rejects(within('forever', new Promise(() => {}), 1), /forever: not within 1 ms/);
  });
});

describe('tempDir', () => {
  it('is gone with its files at the end of its scope', async () => {
    let kept: string;
    {
      await using dir = await tempDir();
      kept = dir.path;
      await writeFile(dir.file('a.txt'), 'a');
      assert.ok(existsSync(dir.file('a.txt')));
    }
    assert.ok(!existsSync(kept));
  });
});
