import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import { tempDir } from '@fog/testkit';
import { takeKeyFile, writeKeyFile } from '../../src/relay/key-file.ts';
import type { SavedKey } from '../../src/relay/key-ring.ts';
import { createReplayFilter } from '../../src/relay/replay-filter.ts';
import { seededRandom } from './seeded.ts';

const FILTER = { firstTags: 64, maxTags: 1000, maxFalsePositives: 1e-5 };

function savedKeys(): SavedKey[] {
  const random = seededRandom(1);
  const filter = createReplayFilter(FILTER, Uint32Array.of(1, 2, 3, 4));
  for (let index = 0; index < 100; index += 1) {
    const tag = new Uint8Array(16);
    random(tag);
    filter.take(tag);
  }
  return [7, 8].map((epoch) => ({
    epoch,
    secretKey: new Uint8Array(32).fill(epoch),
    filter: filter.save(),
  }));
}

suite('key file', () => {
  test('brings back keys and filters once, and is gone before they are used', async () => {
    await using dir = await tempDir();
    const file = path.join(dir.path, 'mix-keys.bin');
    const written = savedKeys();
    await writeKeyFile(file, written);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(written.every(({ secretKey }) => secretKey.every((byte) => byte === 0)));
    assert.deepEqual(await takeKeyFile(file, FILTER), savedKeys());
    assert.equal(await takeKeyFile(file, FILTER), undefined);
  });

  test('a damaged, shortened or foreign file is no keys, and is gone too', async () => {
    await using dir = await tempDir();
    const file = path.join(dir.path, 'mix-keys.bin');
    await writeKeyFile(file, savedKeys());
    const good = await readFile(file);
    const bent = Buffer.from(good);
    bent[50] = (bent[50] ?? 0) ^ 1;
    for (const bytes of [bent, good.subarray(0, 100), Buffer.from('none'), Buffer.alloc(0)]) {
      await writeFile(file, bytes);
      assert.equal(await takeKeyFile(file, FILTER), undefined);
      await assert.rejects(stat(file));
    }
    await writeFile(file, good);
    assert.equal(await takeKeyFile(file, { ...FILTER, firstTags: 32 }), undefined);
  });
});
