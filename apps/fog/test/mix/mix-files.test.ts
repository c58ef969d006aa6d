import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import fc from 'fast-check';
import { readContactFile, readNetworkFile, writeNetworkFile } from '../../src/mix/network-file.ts';
import { readRoleConfig } from '../../src/mix/role-config.ts';

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

describe('files that others made', () => {
  it('are read or refused in one sentence, whatever is in them', async () => {
    await using dir = await tempDir();
    const file = dir.file('it.json');
    await writeNetworkFile(file, network);
    const good: unknown = JSON.parse(await readFile(file, 'utf8'));
    const changed = (value: unknown, path: readonly number[], other: unknown): unknown => {
      const [step, ...deeper] = path;
      if (step === undefined || typeof value !== 'object' || value === null) return other;
      const keys = Object.keys(value);
      const key = keys[step % (keys.length + 1)] ?? 'more';
      const inner = changed((value as Record<string, unknown>)[key], deeper, other);
      if (!Array.isArray(value)) return { ...value, [key]: inner };
      return value.map((each: unknown, index) => (String(index) === key ? inner : each));
    };
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.json(),
      fc
        .tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }), fc.jsonValue())
        .map(([path, value]) => JSON.stringify(changed(good, path, value))),
    );
    const ms = process.env['FUZZ_MS'];
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        await writeFile(file, content);
        await writeFile(dir.file('it.yaml'), content);
        const reads = [
          readNetworkFile(file),
          readContactFile(file),
          readRoleConfig('relay', file),
          readRoleConfig('authority', dir.file('it.yaml')),
        ];
        for (const outcome of await Promise.allSettled(reads)) {
          if (outcome.status === 'fulfilled') continue;
          const { reason } = outcome;
          assert.ok(isFogError(reason, 'FOG_MIX_FILE') || isFogError(reason, 'FOG_MIX_CONFIG'));
          assert.ok(!reason.message.includes('\n'), reason.message);
        }
      }),
      {
        numRuns: ms === undefined ? 100 : 100_000_000,
        interruptAfterTimeLimit: ms === undefined ? 30_000 : Number(ms),
      },
    );
  });
});
