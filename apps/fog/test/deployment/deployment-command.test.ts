import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import type { Deployment } from '@fog/wire';
import { runCli } from '../../src/cli.ts';
import { parseFlags } from '../../src/command/parse-flags.ts';
import { command } from '../../src/commands/deployment.ts';
import { findDeployment } from '../../src/deployment/deployment-call.ts';
import { readProbe } from '../../src/deployment/service-job.ts';
import { deploymentsTable, deploymentText } from '../../src/show/deployment-text.ts';
import { scriptedClient } from '../fake-client.ts';
import { createTestHost } from '../fake-host.ts';

async function refusal(...words: string[]): Promise<string> {
  const host = createTestHost();
  assert.equal(await runCli(['deployment', ...words], host), 2, words.join(' '));
  return host.err();
}

const ticker: Deployment = {
  id: 'daaaaaaaaaaaa',
  owner: 'operator',
  name: 'ticker',
  version: 2,
  wanted: 2,
  healthy: 1,
  state: 'degraded',
  cause: 'replica 0 (version 2) failed once: TRAP',
  createdAt: 0,
  updatedAt: 0,
  replicas: [
    {
      slot: 0,
      version: 2,
      job: 'jaaaaaaaaaaaa',
      state: 'unhealthy',
      since: 0,
      restarts: 1,
      detail: 'failed once: TRAP',
    },
    {
      slot: 1,
      version: 1,
      job: 'jbbbbbbbbbbbb',
      state: 'healthy',
      node: 'c'.repeat(26),
      since: 0,
      restarts: 0,
    },
  ],
};

describe('command lines of deployments', () => {
  it('are refused before any fog is asked', async () => {
    const cases: readonly [readonly string[], RegExp][] = [
      [[], /create\|NAME is missing/],
      [['web', 'scal', '2'], /Unknown action "scal"\. Did you mean "scale"\?/],
      [['web', 'create'], /Unknown action "create"/],
      [['web', 'scale'], /N is missing/],
      [['web', 'scale', '2', '3'], /Unexpected argument "3"/],
      [['web', 'update'], /FILE is missing/],
      [['create', '--name', 'web'], /FILE is missing/],
      [['create', 'a.py'], /needs a name: --name NAME/],
      [['web', '--replicas', '2'], /--replicas means nothing for "show"/],
      [['web', 'delete', '--slot', '1'], /--slot means nothing for "delete"/],
      [['web', 'logs', '--env', 'A=1'], /--env means nothing for "logs"/],
    ];
    for (const [words, message] of cases) assert.match(await refusal(...words), message);
  });

  it('leave what follows the file to the program', () => {
    const create = parseFlags(command, ['create', '--name', 'web', 'a.py', '--port', '80']);
    assert.deepEqual(create.args, ['create', 'a.py', '--port', '80']);
    assert.equal(create.flags['name'], 'web');
    const update = parseFlags(command, ['web', 'update', '--memory', '64M', 'a.py', '--json']);
    assert.deepEqual(update.args, ['web', 'update', 'a.py', '--json']);
    assert.equal(update.flags['json'], false);
    assert.equal(parseFlags(command, ['web', 'scale', '2', '--json']).flags['json'], true);
  });

  it('name a probe', () => {
    assert.deepEqual(readProbe('running'), { kind: 'running' });
    assert.deepEqual(readProbe('output=30s'), { kind: 'output', withinMs: 30_000 });
    for (const text of ['output', 'output=', 'output=1ms', 'output=2h', 'http']) {
      assert.throws(() => readProbe(text), /--probe .*must be running, or output=TIME/);
    }
  });
});

describe('a deployment', () => {
  it('is found by its id or name', async () => {
    const client = scriptedClient({ deployments: async () => [ticker] });
    const { signal } = new AbortController();
    for (const text of [ticker.id, 'ticker']) {
      assert.equal((await findDeployment(client, text, signal)).id, ticker.id);
    }
    await assert.rejects(findDeployment(client, 'web', signal), (error) => {
      assert.ok(isFogError(error, 'FOG_NO_DEPLOYMENT'));
      assert.match(error.message, /no deployment "web"\. There are ticker;/);
      return true;
    });
  });

  it('is shown with its replicas, and why one fails', () => {
    const text = deploymentText(ticker, 60_000);
    assert.match(text, /^state +degraded: replica 0 \(version 2\) failed once: TRAP$/m);
    assert.match(text, /^replicas +1 of 2 healthy$/m);
    assert.match(text, /^ +0 +unhealthy +2 +- +jaaaaaaaaaaaa +1 +1 min ago +failed once: TRAP$/m);
    assert.match(text, /^ +1 +healthy +1 +cccccccc +jbbbbbbbbbbbb +0/m);
    const list = deploymentsTable([ticker], 60_000);
    assert.match(list, /^daaaaaaaaaaaa +ticker +degraded +1\/2 +2 +1 min ago +replica 0/m);
  });
});
