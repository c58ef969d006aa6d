import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { tempDir, type TempDir } from '@fog/testkit';
import { provideSnapshot, type SnapshotPlace } from '../../src/python/snapshot.ts';

interface Builder {
  readonly place: SnapshotPlace;
  readonly built: () => number;
  provide(place?: SnapshotPlace): Promise<string>;
}

async function builderIn(dir: TempDir): Promise<Builder> {
  await writeFile(dir.file('source'), 'one');
  const place = { folder: dir.path, sources: [dir.file('source')], flags: ['--flag'] };
  let built = 0;
  const build = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(`memory ${(built += 1)}`));
  return { place, built: () => built, provide: (other = place) => provideSnapshot(other, build) };
}

async function snapshotsIn(dir: TempDir): Promise<string[]> {
  return (await readdir(dir.path)).filter((name) => name.includes('snapshot'));
}

describe('the memory snapshot on disk', () => {
  it('is made once', async () => {
    await using dir = await tempDir();
    const builder = await builderIn(dir);
    const file = await builder.provide();
    assert.equal(await readFile(file, 'utf8'), 'memory 1');
    assert.equal(await builder.provide(), file);
    assert.equal(builder.built(), 1);
  });

  it('is made again when its bytes changed, and the bad one goes', async () => {
    await using dir = await tempDir();
    const builder = await builderIn(dir);
    await writeFile(await builder.provide(), 'memory');
    const mended = await builder.provide();
    assert.equal(await readFile(mended, 'utf8'), 'memory 2');
    assert.deepEqual(await snapshotsIn(dir), [path.basename(mended)]);
  });

  it('is made again for other sources or flags, and the old one goes', async () => {
    await using dir = await tempDir();
    const builder = await builderIn(dir);
    await builder.provide();
    await writeFile(dir.file('source'), 'two');
    await builder.provide();
    const last = await builder.provide({ ...builder.place, flags: [] });
    assert.equal(builder.built(), 3);
    assert.deepEqual(await snapshotsIn(dir), [path.basename(last)]);
  });

  it('leaves nothing when it cannot be made, and clears what a crash left', async () => {
    await using dir = await tempDir();
    const { place } = await builderIn(dir);
    await writeFile(dir.file('python-x.snapshot.0123abcd.new'), 'half');
    await assert.rejects(
      provideSnapshot(place, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.deepEqual(await snapshotsIn(dir), []);
  });

  it('touches no other file of the folder', async () => {
    await using dir = await tempDir();
    const builder = await builderIn(dir);
    await writeFile(dir.file('notes.snapshot'), 'mine');
    await builder.provide();
    assert.equal(await readFile(dir.file('notes.snapshot'), 'utf8'), 'mine');
  });
});
