import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { checkTogether, collectInputs, type HostFile } from '../../src/run/input-files.ts';

async function refuses(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isFogError(error, 'FOG_INPUT'));
    assert.match(error.message, message);
    return true;
  });
}

const guests = (files: readonly HostFile[]): string[] => files.map((file) => file.guestPath);

describe('collectInputs', () => {
  it('mounts a file at its name or where told', async () => {
    await using dir = await tempDir();
    const file = dir.file('a.txt');
    await writeFile(file, 'hello');
    assert.deepEqual(await collectInputs([file]), [
      { guestPath: 'a.txt', hostPath: file, sizeBytes: 5 },
    ]);
    assert.deepEqual(guests(await collectInputs([`${file}:b/c.txt`])), ['b/c.txt']);
    assert.deepEqual(guests(await collectInputs([`${file}:/data/c.txt`])), ['/data/c.txt']);
    assert.deepEqual(guests(await collectInputs([`${file}:.`])), ['a.txt']);
  });

  it('takes a path with a colon in it as one path when it exists', async () => {
    await using dir = await tempDir();
    await writeFile(dir.file('a:b'), '');
    assert.deepEqual(guests(await collectInputs([dir.file('a:b')])), ['a:b']);
  });

  it('walks a directory in sorted order', async () => {
    await using dir = await tempDir();
    await mkdir(dir.file('d', 'z', 'y'), { recursive: true });
    for (const name of ['d/b', 'd/a', 'd/z/y/c', 'd/z/a']) await writeFile(dir.file(name), 'x');
    const below = ['a', 'b', 'z/a', 'z/y/c'];
    assert.deepEqual(
      guests(await collectInputs([dir.file('d')])),
      below.map((name) => `d/${name}`),
    );
    assert.deepEqual(
      guests(await collectInputs([`${dir.file('d')}:/in/`])),
      below.map((name) => `/in/${name}`),
    );
    assert.deepEqual(guests(await collectInputs([`${dir.file('d')}:.`])), below);
  });

  it('follows links that stay inside and refuses those that leave', async () => {
    await using dir = await tempDir();
    await mkdir(dir.file('d', 'sub'), { recursive: true });
    await writeFile(dir.file('d', 'sub', 'a'), 'x');
    await symlink('sub/a', dir.file('d', 'inside'));
    assert.deepEqual(guests(await collectInputs([dir.file('d')])), ['d/inside', 'd/sub/a']);
    await symlink('/etc', dir.file('d', 'etc'));
    await refuses(collectInputs([dir.file('d')]), /d\/etc is a link to \/etc, outside/);
  });

  it('refuses links that never end', async () => {
    await using dir = await tempDir();
    await mkdir(dir.file('d', 'sub'), { recursive: true });
    await symlink('..', dir.file('d', 'sub', 'up'));
    await refuses(collectInputs([dir.file('d')]), /is a link to a directory it lies in/);
    await symlink('self', dir.file('self'));
    await refuses(collectInputs([dir.file('self')]), /leads back to itself/);
  });

  it('refuses what cannot be sent', async () => {
    await using dir = await tempDir();
    await mkdir(dir.file('empty'));
    await refuses(collectInputs([dir.file('none')]), /none does not exist/);
    await refuses(collectInputs([dir.file('empty')]), /is an empty directory/);
    await refuses(collectInputs(['/dev/null']), /is neither a file nor a directory/);
    await writeFile(dir.file('a'), '');
    await refuses(collectInputs([`${dir.file('a')}:../b`]), /cannot be mounted at "\.\.\/b"/);
    await refuses(collectInputs([`${dir.file('a')}:`]), /cannot be mounted at ""/);
  });

  it('refuses two files in one place', async () => {
    await using dir = await tempDir();
    for (const name of ['a', 'b']) await writeFile(dir.file(name), '');
    await refuses(collectInputs([dir.file('a'), `${dir.file('b')}:a`]), /would both be "a"/);
    await refuses(
      collectInputs([dir.file('a'), `${dir.file('b')}:a/b`]),
      /needs "a" to be a directory/,
    );
  });

  it('bounds number and size', () => {
    const file = (index: number, sizeBytes: number): HostFile => ({
      guestPath: `f${index}`,
      hostPath: `/f${index}`,
      sizeBytes,
    });
    const many = Array.from({ length: 10_001 }, (_, index) => file(index, 0));
    assert.throws(() => checkTogether(many), /more than 10000 files/);
    const large = Array.from({ length: 5 }, (_, index) => file(index, 2 ** 30));
    assert.throws(() => checkTogether(large), /has 5 GiB; a job may have 4 GiB/);
  });
});
