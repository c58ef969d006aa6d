import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { it } from 'node:test';
import { tempDir } from '@fog/testkit';
import { readAtMost } from '../../src/process/read-at-most.ts';

const NEVER = new AbortController().signal;

it('a file is read up to a limit, also one that has no end', async () => {
  await using dir = await tempDir();
  const file = dir.file('four');
  await writeFile(file, 'four');
  assert.equal(new TextDecoder().decode(await readAtMost(file, 4, NEVER)), 'four');
  assert.equal(await readAtMost(file, 3, NEVER), undefined);
  assert.equal(await readAtMost('/dev/zero', 100_000, NEVER), undefined);
  await assert.rejects(readAtMost(dir.file('none'), 4, NEVER), { code: 'ENOENT' });
});

it('a pipe is read to its end, and waiting for one that nobody writes to ends with the signal', async () => {
  await using dir = await tempDir();
  const pipe = dir.file('pipe');
  execFileSync('mkfifo', [pipe]);
  const stop = new AbortController();
  const waiting = readAtMost(pipe, 4, stop.signal);
  stop.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  const bytes = readAtMost(pipe, 4, NEVER);
  await writeFile(pipe, 'four');
  assert.equal(new TextDecoder().decode(await bytes), 'four');
});
