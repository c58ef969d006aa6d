/** Two coordinators: when the one that leads is lost, no task is. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fogWorld } from '@fog/testkit/fog';
import {
  assertFinished,
  firstAfter,
  half,
  jobOf,
  roles,
  runArray,
  type Servers,
  startPair,
  startServers,
  stopAll,
  UP,
} from './scale-out-world.ts';

let servers: Servers;
let databases = 0;
const newName = (): string => `fog${(databases += 1)}`;

before(async () => {
  servers = await startServers();
});
after(() => servers[Symbol.asyncDispose]());

describe('a fog of two coordinators', () => {
  it('loses and doubles nothing when the one that leads is killed', async (t) => {
    await using pair = await startPair(servers, newName());
    const { leader, standby } = pair;
    const status = await standby.client.status();
    assert.equal(roles(status), 'leads, stands by');
    assert.equal(status.addresses?.join(','), standby.url.replaceAll(/,/g, ',http://'));
    const shown = await pair.world.fog(['status', '--data-dir', standby.dataDir]).ended();
    assert.match(shown.stdout, /COORDINATOR.*\n\S+ +leads .*\n\S+ +stands by/);

    const run = runArray(pair);
    const id = await jobOf(standby.client);
    await half(standby.client, id);
    await leader.child.kill();
    const killedAt = Date.now();
    await leader.child.gone();
    await assertFinished(run, pair);
    t.diagnostic(`first result accepted ${await firstAfter(pair, killedAt)} ms after the kill`);
    await stopAll(pair, standby);
  });

  it('starts without Redis, and takes no address that is none or holds a password', async () => {
    await using world = await fogWorld();
    const store = await servers.postgres.createDatabase(newName());
    const env = { FOG_STORE: store };
    const refused = async (args: string[], said: RegExp, more = {}): Promise<void> => {
      const { code, stderr } = await world.fog(['up', ...UP, ...args], { env: more }).ended();
      assert.equal(code, 2, stderr);
      assert.match(stderr, said);
      assert.doesNotMatch(stderr, /hunter2/);
    };
    await refused(
      ['--live', 'redis://:hunter2@127.0.0.1'],
      /--live has a password.*FOG_LIVE\./,
      env,
    );
    await refused(['--live', 'redis://127.0.0.1'], /it needs --store too/);
    const dir = ['--data-dir', world.dir.file('refused')];
    await refused([...dir, '--live', 'http://127.0.0.1'], /form redis:\/\/HOST:PORT/, env);
    const fog = await world.up(UP, 'alone', { ...env, FOG_LIVE: 'redis://127.0.0.1:1' });
    assert.match(fog.child.stdout, /^live +running +degraded +0 +Redis at 127\.0\.0\.1:1 cannot/m);
    assert.equal((await fog.child.stop()).code, 0);
  });
});
