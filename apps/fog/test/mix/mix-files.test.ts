import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { tempDir } from '@fog/testkit';
import { readNetworkFile, writeNetworkFile } from '../../src/mix/network-file.ts';
import { openSeed } from '../../src/mix/seed-file.ts';

const network = {
  name: 'test',
  epochMs: 1_200_000,
  threshold: 2,
  authorities: [1, 2, 3].map((number) => ({
    id: `a${number}`,
    key: new Uint8Array(32).fill(number),
    vrfKey: new Uint8Array(32).fill(number + 8),
    url: `http://127.0.0.1:77${number}0`,
  })),
};

describe('the network file', () => {
  it('is read as it was written, by this user only', async () => {
    await using dir = await tempDir();
    const file = dir.file('network.json');
    await writeNetworkFile(file, network);
    assert.deepEqual(await readNetworkFile(file), network);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  it('is refused when it is not one', async () => {
    await using dir = await tempDir();
    const file = dir.file('network.json');
    await assert.rejects(readNetworkFile(file), { code: 'FOG_MIX_FILE', message: /ENOENT/ });
    await writeFile(file, '{}');
    await assert.rejects(readNetworkFile(file), { code: 'FOG_MIX_FILE', message: /version/ });
    await writeNetworkFile(file, { ...network, threshold: 1 });
    await assert.rejects(readNetworkFile(file), { message: /less than a majority/ });
  });
});

describe('a seed file', () => {
  it('is made once', async () => {
    await using dir = await tempDir();
    const file = dir.file('authority.key');
    const seed = await openSeed(file);
    assert.equal(seed.length, 32);
    assert.deepEqual(await openSeed(file), seed);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    await writeFile(file, 'short');
    await assert.rejects(openSeed(file), { code: 'FOG_MIX_FILE', message: /32 bytes/ });
  });
});
