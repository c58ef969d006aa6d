import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCli } from '../../src/cli.ts';
import { createTestHost } from '../fake-host.ts';

async function refusal(line: string): Promise<string> {
  const host = createTestHost();
  assert.equal(await runCli(['nodes', ...line.split(' ')], host), 2, line);
  return host.err();
}

describe('fog nodes price', () => {
  it('is refused before any fog is asked', async () => {
    const form = /must be like cpu=0\.5/;
    assert.match(await refusal('price'), /NODE is missing/);
    assert.match(await refusal('price attic'), /--price is missing, like --price cpu=/);
    for (const wrong of [
      'cpu=-1',
      'cpu=NaN',
      'cpu=1e999',
      'spot=1.5',
      'spot=-0.1',
      'cpu',
      'gas=1',
    ]) {
      assert.match(await refusal(`price attic --price ${wrong}`), form, wrong);
    }
    assert.match(
      await refusal('price attic --price cpu=1 --cores 2'),
      /--cores belongs to "fog nodes route"/,
    );
    assert.match(
      await refusal('drain attic --price cpu=1'),
      /--price belongs to "fog nodes price"/,
    );
    assert.match(
      await refusal('route --strategy random --tier tin'),
      /--tier .*bronze, silver, gold, platinum/,
    );
  });
});
