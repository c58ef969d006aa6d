import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { readBlobsPlace } from '../../src/compose/open-storage.ts';

const BUCKET = 's3://bucket/prefix';

describe('where the files of jobs lie', () => {
  it('is the flag, else the environment; a directory is made', async () => {
    await using dir = await tempDir();
    assert.equal(await readBlobsPlace(undefined, {}), undefined);
    assert.equal(await readBlobsPlace(undefined, { FOG_BLOBS: '' }), undefined);
    assert.equal(await readBlobsPlace(undefined, { FOG_BLOBS: BUCKET }), BUCKET);
    const blobs = dir.file('shared/blobs');
    assert.equal(await readBlobsPlace(blobs, { FOG_BLOBS: BUCKET }), blobs);
    assert.equal((await stat(blobs)).mode & 0o777, 0o700);
  });

  it('is never the directory one happens to be in', async () => {
    await assert.rejects(readBlobsPlace('', {}), (error: Error) => {
      assert.match(error.message, /^--blobs is empty: must be a directory, or a bucket/);
      return isFogError(error, 'FOG_USAGE');
    });
  });

  it('is refused at once where no directory can be made', async () => {
    await assert.rejects(readBlobsPlace('/proc/blobs', {}), (error: Error) => {
      assert.match(error.message, /^The directory \/proc\/blobs cannot hold .* with --blobs/);
      return isFogError(error, 'FOG_DATA_DIR');
    });
  });
});
