import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FOG_VERSION } from '@fog/wire';
import { runCli } from '../src/cli.ts';
import { COMMANDS } from '../src/command/command-table.ts';
import { createTestHost } from './fake-host.ts';

describe('fog', () => {
  it('prints its commands, with exit code 2 when none was given', async () => {
    const host = createTestHost();
    assert.equal(await runCli([], host), 2);
    for (const name of Object.keys(COMMANDS))
      assert.match(host.out(), new RegExp(`^  ${name} `, 'm'));
    assert.equal(await runCli(['--help'], createTestHost()), 0);
  });

  it('prints its version', async () => {
    const host = createTestHost();
    assert.equal(await runCli(['version'], host), 0);
    assert.equal(host.out(), `${FOG_VERSION}\n`);
    const json = createTestHost();
    assert.equal(await runCli(['version', '--json'], json), 0);
    assert.equal(JSON.parse(json.out()).version, FOG_VERSION);
  });

  it('names an unknown command and the nearest one', async () => {
    const host = createTestHost();
    assert.equal(await runCli(['stats'], host), 2);
    assert.match(host.err(), /^fog: Unknown command "stats"\. Did you mean "status"\?/);
  });

  it('tells how to run a program given in place of a command', async () => {
    const host = createTestHost();
    assert.equal(await runCli(['hello.wasm'], host), 2);
    assert.match(host.err(), /To run a program: fog run hello\.wasm/);
  });

  it('gives help for each command, with usage, flags and an example', async () => {
    for (const name of Object.keys(COMMANDS)) {
      const host = createTestHost();
      assert.equal(await runCli([name, '--help'], host), 0);
      for (const title of ['USAGE', 'FLAGS', 'EXAMPLES'])
        assert.match(host.out(), new RegExp(title));
      const again = createTestHost();
      assert.equal(await runCli(['help', name], again), 0);
      assert.equal(again.out(), host.out());
    }
  });

  it('never invites npx to fetch a package', async () => {
    for (const name of Object.keys(COMMANDS)) {
      const host = createTestHost();
      await runCli([name, '--help'], host);
      assert.doesNotMatch(host.out(), /npx fog/);
    }
  });

  it('lets no control character of an error reach the terminal', async () => {
    const host = createTestHost();
    assert.equal(await runCli(['\u001b]0;mine\u0007'], host), 2);
    assert.match(host.err(), /^fog: Unknown command "·\]0;mine·"/);
  });

  it('tells an error as one JSON line when asked for JSON', async () => {
    const host = createTestHost();
    assert.equal(await runCli(['run', '--json', 'missing.py'], host), 2);
    assert.equal(host.out(), '');
    const { error } = JSON.parse(host.err());
    assert.equal(error.code, 'FOG_PROGRAM');
    assert.equal(error.kind, 'bad-input');
    assert.match(error.message, /missing\.py does not exist/);
    const usage = createTestHost();
    assert.equal(await runCli(['run', '--json', '--nonsense', 'x.py'], usage), 2);
    assert.equal(JSON.parse(usage.err()).error.code, 'FOG_USAGE');
  });

  it('shows where an error came from only when asked', async () => {
    const host = createTestHost();
    await runCli(['run', 'missing.py'], host);
    assert.equal(host.err().split('\n').length, 2);
    const traced = createTestHost({ env: { FOG_DEBUG: '1' } });
    await runCli(['run', 'missing.py'], traced);
    assert.match(traced.err(), /at .*program\.ts/);
  });
});
