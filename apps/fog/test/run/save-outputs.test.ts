import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { prepareOutputDir, relativeOutputPath, saveOutput } from '../../src/run/save-outputs.ts';
import { chunks } from '../fake-host.ts';

describe('relativeOutputPath', () => {
  it('takes what lies below /output', () => {
    assert.equal(relativeOutputPath('/output/a'), 'a');
    assert.equal(relativeOutputPath('/output/a/b c.txt'), 'a/b c.txt');
  });

  it('refuses all else', () => {
    const unsafe = [
      '/output',
      '/output/',
      '/output/../x',
      '/output/a/../../x',
      '/output//etc/passwd',
      '/output/./a',
      '/outputs/a',
      '/etc/passwd',
      'output/a',
      '../a',
      '/output/a\0b',
      '/output/a\\..\\b',
    ];
    for (const path of unsafe) {
      assert.throws(
        () => relativeOutputPath(path),
        (error) => isFogError(error, 'FOG_OUTPUT_PATH'),
      );
    }
  });
});

describe('saveOutput', () => {
  it('writes files with their directories and replaces older ones', async () => {
    await using dir = await tempDir();
    const root = await prepareOutputDir(dir.file('out', 'deep'));
    const target = await saveOutput(root, '/output/a/b.txt', chunks(['he', 'llo']));
    assert.equal(target, `${root}/a/b.txt`);
    assert.equal(await readFile(target, 'utf8'), 'hello');
    await saveOutput(root, '/output/a/b.txt', chunks([]));
    assert.equal(await readFile(target, 'utf8'), '');
    assert.deepEqual(await readdir(`${root}/a`), ['b.txt']);
  });

  it('goes through no link that lies in the directory', async () => {
    await using dir = await tempDir();
    const root = await prepareOutputDir(dir.file('out'));
    await mkdir(dir.file('other'));
    await writeFile(dir.file('victim'), 'safe');
    await symlink(dir.file('other'), dir.file('out', 'link'));
    await symlink(dir.file('victim'), dir.file('out', 'file'));
    await assert.rejects(saveOutput(root, '/output/link/x', chunks(['x'])), (error) =>
      isFogError(error, 'FOG_OUTPUT_PATH'),
    );
    await assert.rejects(saveOutput(root, '/output/link/new/x', chunks(['x'])), (error) =>
      isFogError(error, 'FOG_OUTPUT_PATH'),
    );
    assert.deepEqual(await readdir(dir.file('other')), []);
    await saveOutput(root, '/output/file', chunks(['new']));
    assert.equal(await readFile(dir.file('victim'), 'utf8'), 'safe');
    assert.equal(await readFile(dir.file('out', 'file'), 'utf8'), 'new');
  });

  it('leaves nothing of a file that broke off, and tells the source its own error', async () => {
    await using dir = await tempDir();
    const root = await prepareOutputDir(dir.path);
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      throw new Error('the source broke');
    };
    await assert.rejects(saveOutput(root, '/output/a', broken()), /the source broke/);
    assert.deepEqual(await readdir(root), []);
  });

  it('says when the disk refuses', async () => {
    await using dir = await tempDir();
    const root = await prepareOutputDir(dir.path);
    await mkdir(dir.file('a'));
    await writeFile(dir.file('a', 'x'), '');
    await assert.rejects(saveOutput(root, '/output/a', chunks(['x'])), (error) => {
      assert.ok(isFogError(error, 'FOG_OUTPUT'));
      assert.match(error.message, /a cannot be written/);
      return true;
    });
    await writeFile(dir.file('file'), '');
    await assert.rejects(prepareOutputDir(dir.file('file')), (error) =>
      isFogError(error, 'FOG_OUTPUT'),
    );
    assert.equal(await prepareOutputDir(dir.path), await realpath(dir.path));
  });
});
