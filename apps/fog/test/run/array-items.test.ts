import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { expandEach } from '../../src/run/array-items.ts';

const never = new AbortController().signal;
const noStdin = (): Promise<Uint8Array> => Promise.reject(new Error('stdin was read'));

async function refuses(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isFogError(error, 'FOG_INPUT'));
    assert.match(error.message, message);
    return true;
  });
}

describe('expandEach', () => {
  it('makes an item of each line that is not empty', async () => {
    await using dir = await tempDir();
    await writeFile(dir.file('items'), '\uFEFFone\r\n\n two \n   \nthree');
    const items = await expandEach(dir.file('items'), noStdin, never);
    assert.deepEqual(items, [{ value: 'one' }, { value: ' two ' }, { value: 'three' }]);
  });

  it('reads the lines from stdin', async () => {
    const items = await expandEach('-', async () => Buffer.from('a\nb\n'), never);
    assert.deepEqual(items, [{ value: 'a' }, { value: 'b' }]);
  });

  it('makes an item of each file, seen below the name of its directory', async () => {
    await using dir = await tempDir();
    await mkdir(dir.file('texts', 'deep'), { recursive: true });
    await writeFile(dir.file('texts', 'b.txt'), 'bb');
    await writeFile(dir.file('texts', 'deep', 'a.txt'), 'a');
    const items = await expandEach(dir.file('texts/'), noStdin, never);
    assert.deepEqual(
      items.map((item) => [item.value, item.file?.guestPath, item.file?.sizeBytes]),
      [
        ['texts/b.txt', 'texts/b.txt', 2],
        ['texts/deep/a.txt', 'texts/deep/a.txt', 1],
      ],
    );
  });

  it('refuses nothing, too much and too long', async () => {
    await using dir = await tempDir();
    await writeFile(dir.file('blank'), '\n \n');
    await refuses(expandEach(dir.file('blank'), noStdin, never), /blank holds nothing to run for/);
    await refuses(expandEach(dir.file('none'), noStdin, never), /none does not exist/);
    await writeFile(dir.file('many'), 'x\n'.repeat(100_001));
    await refuses(
      expandEach(dir.file('many'), noStdin, never),
      /holds 100001 items; one job takes 100000/,
    );
    await writeFile(dir.file('long'), `a\n${'x'.repeat(8193)}\n`);
    await refuses(expandEach(dir.file('long'), noStdin, never), /long: line 2 is longer than 8192/);
    await writeFile(dir.file('huge'), Buffer.alloc(16 * 1024 * 1024 + 1, 'x'));
    await refuses(expandEach(dir.file('huge'), noStdin, never), /has more than 16 MiB/);
  });
});
