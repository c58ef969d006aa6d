import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { it } from 'node:test';
import { tempDir } from '@fog/testkit';
import { readAtMost } from '../../src/process/read-at-most.ts';

it('a file is read up to a limit, also one that has no end', async () => {
  await using dir = await tempDir();
  const file = dir.file('four');
  await writeFile(file, 'four');
  assert.equal(new TextDecoder().decode(await readAtMost(file, 4)), 'four');
  assert.equal(await readAtMost(file, 3), undefined);
  assert.equal(await readAtMost('/dev/zero', 100_000), undefined);
  await assert.rejects(readAtMost(dir.file('none'), 4), { code: 'ENOENT' });
});
