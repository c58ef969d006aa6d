import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCli } from '../../src/cli.ts';
import { createTestHost } from '../fake-host.ts';

async function refusal(words: readonly string[]): Promise<string> {
  const host = createTestHost();
  assert.equal(await runCli(words, host), 2, words.join(' '));
  return host.err();
}

describe('command lines of the mixnet', () => {
  it('are refused before any fog is asked', async () => {
    const cases: readonly [readonly string[], RegExp][] = [
      [['mix', 'pin'], /Unknown action "pin"\. Did you mean "ping"\?/],
      [['mix', 'measure'], /Unknown action "measure"\. There are status, ping, bench, path/],
      [['mix', 'ping', '--hops', '8'], /--hops 8: must be a whole number from 1 to 7/],
      [['mix', 'ping', '--class', '5'], /--class 5: must be a whole number from 0 to 4/],
      [['mix', 'path', '--level', 'total'], /--level total: must be one of public, private/],
      [['mix', 'ping', '--hops', '0'], /--hops 0: must be a whole number from 1 to 7/],
      [['mix', 'bench', '--seconds', '61'], /--seconds 61: must be a whole number from 1 to 60/],
      [['mix', 'bench', '--rate', '0'], /--rate 0: must be a whole number from 1 to 200/],
      [['mix', 'ping', '--rate', '5'], /--rate means nothing for "fog mix ping"/],
      [['mix', 'bench', '--count', '5'], /--count means nothing for "fog mix bench"/],
      [['mix', 'status', '--verify'], /--verify means nothing for "fog mix status"/],
      [['mix', 'ping', 'x'], /Unexpected argument "x"/],
      [['mix', 'authority'], /needs --config FILE/],
      [['mix', 'network'], /needs a file of each authority/],
      [['mix', 'network', 'a', 'b'], /needs a name: --name NAME/],
      [['mix', 'network', 'a', '--out', 'b'], /needs a name/],
      [['mix', 'network', 'a', '--threshold', '17'], /--threshold 17: must be .* 1 to 16/],
      [['mix', 'network', '/nowhere/n.json'], /n\.json cannot be used: ENOENT/],
      [['mix', 'network', '--name', 'x', '/nowhere/a.json'], /a\.json does not name .*: ENOENT/],
      [['up', '--role', 'relay'], /--role relay needs --config FILE/],
      [['up', '--network', '/nowhere/n.json'], /network file .*n\.json cannot be used: ENOENT/],
      [['up', '--network', 'n', '--processes'], /--network excludes/],
      [
        ['up', '--network', 'n', '--role', 'relay', '--config', 'c'],
        /--network is for a whole fog/,
      ],
      [['up', '--role', 'king'], /must be one of coordinator, relay, authority, gateway/],
      [['up', '--config', 'x'], /--config needs --role/],
      [['up', '--no-mixnet', '--processes'], /exclude each other/],
      [['up', '--role', 'coordinator', '--slots', '2'], /takes neither --slots/],
      [['up', '--role', 'relay', '--config', '/nowhere/x.yaml'], /x\.yaml cannot be used: ENOENT/],
    ];
    for (const [words, message] of cases) assert.match(await refusal(words), message);
  });
});
