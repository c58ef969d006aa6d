import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { openGuards, renewGuards } from '../../src/client/guards.ts';
import { MAX_GUARD_ABSENCE_MS, MAX_GUARD_AGE_MS } from '../../src/client/limits.ts';
import { createMemNetwork } from './mem-network.ts';
import { freshFile } from './start-client.ts';

const DAY_MS = 24 * 3_600_000;

describe('guards', () => {
  it('are three gateways, kept in a 0600 file', async () => {
    const network = createMemNetwork({ seed: 60 });
    const file = freshFile('guards');
    const chosen = await (await openGuards(file, network)).choose(network.consensus());
    assert.equal(new Set(chosen).size, 3);
    assert.ok(chosen.every((id) => network.relay(id).gateway !== undefined));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    network.clock.advance(10 * DAY_MS);
    const again = await openGuards(file, network);
    assert.deepEqual(await again.choose(network.publish()), chosen);
  });

  it('are replaced after weeks, one by one', () => {
    const network = createMemNetwork({ seed: 61, gateways: 9 });
    const first = renewGuards([], network.consensus(), network);
    assert.equal(new Set(first.map(({ untilMs }) => untilMs)).size, 3);
    network.clock.advance(MAX_GUARD_AGE_MS);
    const later = renewGuards(first, network.publish(), network);
    assert.equal(later.length, 3);
    assert.ok(later.every(({ untilMs }) => untilMs > network.clock.now()));
  });

  it('keep their places while they are down, and lose them when they stay away', () => {
    const network = createMemNetwork({ seed: 62 });
    const first = renewGuards([], network.consensus(), network);
    const [down] = first;
    assert.ok(down);
    network.relay(down.relay).alive = false;
    const meanwhile = renewGuards(first, network.publish(), network);
    assert.equal(meanwhile.length, 4);
    assert.ok(meanwhile.some(({ relay }) => relay === down.relay));
    network.relay(down.relay).alive = true;
    const back = renewGuards(meanwhile, network.publish(), network);
    assert.deepEqual(
      back.map(({ relay }) => relay),
      meanwhile.map(({ relay }) => relay),
    );
    network.relay(down.relay).alive = false;
    network.clock.advance(MAX_GUARD_ABSENCE_MS + DAY_MS);
    const at = renewGuards(back, network.publish(), network);
    network.clock.advance(MAX_GUARD_ABSENCE_MS + DAY_MS);
    const gone = renewGuards(at, network.publish(), network);
    assert.ok(!gone.some(({ relay }) => relay === down.relay));
  });

  it('refuse a file that holds none, and say what to do', async () => {
    const network = createMemNetwork({ seed: 63 });
    for (const text of [
      '',
      '{',
      '{"version":2,"guards":[]}',
      '{"version":1,"guards":[{}]}',
      'x'.repeat(20_000),
    ]) {
      const file = freshFile('guards');
      writeFileSync(file, text);
      await assert.rejects(openGuards(file, network), {
        code: 'MIXNET_GUARD_FILE',
        message: /move it away to draw new ones/,
      });
      assert.equal(readFileSync(file, 'utf8'), text);
    }
  });

  it('say so when the file cannot be written', async () => {
    const network = createMemNetwork({ seed: 64 });
    const parent = freshFile('a-file');
    writeFileSync(parent, '');
    const read = openGuards(`${parent}/guards`, network);
    await assert.rejects(
      read.then((guards) => guards.choose(network.consensus())),
      {
        code: 'MIXNET_GUARD_FILE',
      },
    );
  });
});
