import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { removeUnfinished, replacePrivateFile } from '@fog/kernel/files';

let dir: string;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'fog-private-'));
});
after(() => rm(dir, { recursive: true }));

test('a private file is its user’s alone, in a directory of its user’s alone', async () => {
  const file = path.join(dir, 'made', 'key');
  await replacePrivateFile(file, 'first\n');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(path.dirname(file))).mode & 0o777, 0o700);
  await writeFile(file, 'open to all', { mode: 0o644 });
  await replacePrivateFile(file, [Uint8Array.of(97), Uint8Array.of(98)]);
  assert.equal(await readFile(file, 'utf8'), 'ab');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(path.dirname(file)), ['key']);
});

test('of many that replace it at once one wins, and nothing is left over', async () => {
  const file = path.join(dir, 'race', 'key');
  const texts = Array.from({ length: 20 }, (_, at) => `${at}`.repeat(10_000));
  await Promise.all(texts.map((text) => replacePrivateFile(file, text)));
  assert.ok(texts.includes(await readFile(file, 'utf8')));
  assert.deepEqual(await readdir(path.dirname(file)), ['key']);
});

test('what a kill left of a file goes, and nothing else', async () => {
  const file = path.join(dir, 'left', 'key');
  await replacePrivateFile(file, 'whole');
  for (const name of ['key.0123abcd.new', 'other.0123abcd.new', 'key.new']) {
    await writeFile(path.join(dir, 'left', name), 'half');
  }
  await removeUnfinished(file);
  assert.deepEqual(await readdir(path.join(dir, 'left')), ['key', 'key.new', 'other.0123abcd.new']);
});

test('what cannot be replaced stays as it is, and a link is replaced, not followed', async () => {
  const taken = path.join(dir, 'taken');
  await replacePrivateFile(path.join(taken, 'inside'), 'x');
  await assert.rejects(replacePrivateFile(taken, 'y'), { code: /EISDIR|ENOTEMPTY|EEXIST|EPERM/ });
  const target = path.join(dir, 'target');
  await writeFile(target, 'untouched');
  await symlink(target, path.join(dir, 'link'));
  await replacePrivateFile(path.join(dir, 'link'), 'new');
  assert.equal(await readFile(target, 'utf8'), 'untouched');
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.endsWith('.new')),
    [],
  );
});
