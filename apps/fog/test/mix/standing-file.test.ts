import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { silentLogger } from '@fog/kernel';
import type { RelayStanding } from '@fog/mixnet';
import { tempDir, VirtualClock } from '@fog/testkit';
import { MAX_STANDING_AGE_MS, STANDING_READ_MS } from '../../src/mix/limits.ts';
import { standingFrom, writeStanding } from '../../src/mix/standing-file.ts';

const NOW = Date.UTC(2030, 0, 1);
const STANDING = {
  network: 'net',
  time: NOW,
  reputationPpm: { a: 900_000, b: 1_000 },
  newcomerPpm: 9_000,
};

interface Reader {
  readonly clock: VirtualClock;
  readonly standing: RelayStanding;
  readonly warnings: unknown[];
}

function reader(file: string): Reader {
  const clock = new VirtualClock(NOW);
  const warnings: unknown[] = [];
  const logger = {
    ...silentLogger,
    warn: (_message: string, fields?: unknown) => void warnings.push(fields),
  };
  return { clock, warnings, standing: standingFrom(file, 'net', { clock, logger }) };
}

describe('the file with the reputations of relays', () => {
  it('is read as it was written, by nobody else, and again when it has changed', async () => {
    await using dir = await tempDir();
    const file = dir.file('standing.json');
    const { clock, standing, warnings } = reader(file);
    assert.equal(standing.reputationPpm('a'), undefined);
    await writeStanding(file, STANDING);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    clock.advance(STANDING_READ_MS);
    const figures = ['a', 'b', 'c', 'constructor'].map((id) => standing.reputationPpm(id));
    assert.deepEqual(figures, [900_000, 1_000, 9_000, 9_000]);
    assert.equal(standing.stakeCredits('x'), 0);
    await writeStanding(file, { ...STANDING, reputationPpm: { a: 5 } });
    assert.equal(standing.reputationPpm('a'), 900_000);
    clock.advance(STANDING_READ_MS);
    assert.equal(standing.reputationPpm('a'), 5);
    assert.deepEqual(warnings, []);
  });

  it('says nothing where it is old, of another network or malformed, and why, once', async () => {
    await using dir = await tempDir();
    const file = dir.file('standing.json');
    const text = (changes: object): string =>
      JSON.stringify({ version: 1, ...STANDING, ...changes });
    const cases: readonly [string, RegExp][] = [
      ['', /JSON/],
      ['[1, 2', /JSON/],
      ['null', /expected object/],
      [text({ version: 2 }), /version/],
      [text({ network: 'other' }), /of the network other/],
      [text({ time: NOW - MAX_STANDING_AGE_MS - 1 }), /too old/],
      [text({ time: NOW + 2 * MAX_STANDING_AGE_MS }), /too old/],
      [text({ reputationPpm: { a: -1 } }), /reputationPpm/],
      [text({ reputationPpm: { a: 1_000_001 } }), /reputationPpm/],
      [text({ reputationPpm: { a: 0.5 } }), /reputationPpm/],
      [text({ reputationPpm: { a: null } }), /reputationPpm/],
      [text({ reputationPpm: { a: '1' } }), /reputationPpm/],
      [text({ newcomerPpm: 2e9 }), /newcomerPpm/],
      [text({ more: 1 }), /more/],
      [text({}).padEnd(300_000), /more than 262144 bytes/],
    ];
    for (const [content, reason] of cases) {
      await writeFile(file, content);
      const { clock, standing, warnings } = reader(file);
      assert.equal(standing.reputationPpm('a'), undefined, content.slice(0, 99));
      clock.advance(STANDING_READ_MS);
      assert.equal(standing.reputationPpm('a'), undefined);
      assert.equal(warnings.length, 1);
      assert.match(JSON.stringify(warnings[0]), reason);
    }
  });

  it('that cannot be written is said with what to do', async () => {
    await using dir = await tempDir();
    await assert.rejects(writeStanding(dir.file('none/standing.json'), STANDING), {
      code: 'FOG_MIX_FILE',
      message: /standing\.json: .*Make the directory writable/,
    });
  });
});
