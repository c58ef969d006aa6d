/** What people decide about machines, and what they are told: drain, route, why, rerun, events. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld, type RunningFog } from '@fog/testkit/fog';

const HELLO = path.resolve(import.meta.dirname, '../../examples/hello.wasm');

describe('the machines of a fog', () => {
  let world: FogWorld;
  let fog: RunningFog;

  before(async () => {
    world = await fogWorld();
    fog = await world.up(['--port', '0', '--no-mixnet', '--no-worker']);
    const said = ['--slots', '1', '--name'];
    await world.join(fog.joinLine, [...said, 'attic', '--at', '40.7,-74', '--label', 'disk=ssd']);
    await world.join(fog.joinLine, [...said, 'cellar', '--at', '52.5,13.4', '--region', 'eu']);
    await waitFor('both round trips', async () =>
      (await fog.client.nodes()).every(({ rttMs, load }) => rttMs !== undefined && load),
    );
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  async function run(...args: string[]): Promise<{ code: number | null; text: string }> {
    const child = world.fog([...args, '--data-dir', fog.dataDir]);
    const { code, stdout, stderr } = await child.ended();
    return { code, text: stdout + stderr };
  }

  it('are measured, and shown with what their owners say', async () => {
    const { text } = await run('nodes', 'attic');
    for (const part of [/speed +\d+ million/, /disk +.* free/, /GPUs +\d/, /labels +disk=ssd/]) {
      assert.match(text, part);
    }
    assert.match((await run('nodes')).text, /cellar +compute +idle +0\/1 .* ms +eu /);
    assert.match((await run('nodes', 'topology')).text, /2: 2 idle/);
  });

  it('are chosen by a strategy, which explains itself', async () => {
    const near = ['nodes', 'route', '--strategy', 'proximity_based', '--explain', '--from'];
    assert.match((await run(...near, '40,-70')).text, /^proximity_based: attic/);
    assert.match((await run(...near, '48,11')).text, /^proximity_based: cellar/);
    const wrong = await run('nodes', 'route', '--strategy', 'nearest');
    assert.equal(wrong.code, 2);
    assert.match(wrong.text, /must be one of round_robin, least_loaded, .*, random/);
    assert.match((await run(...near, '91,0')).text, /off the globe/);
  });

  it('take nothing new while they drain, and why says so', async () => {
    assert.match((await run('nodes', 'drain', 'attic')).text, /attic .* is draining/);
    assert.match((await run('nodes')).text, /attic +compute +draining/);
    const job = ['run', '--detach', '--data-dir', fog.dataDir, '--label', 'disk=ssd', HELLO];
    const id = (await world.fog(job).ended()).stdout.trim();
    const why = await run('job', id, 'why');
    assert.match(why.text, /attic +\w+ +is draining/);
    assert.match(why.text, /cellar +\w+ +does not have the label disk=ssd/);
    const events = world.fog(['job', id, 'events', '-f', '--data-dir', fog.dataDir]);
    await events.output(/queued/);
    assert.match((await run('nodes', 'resume', 'attic')).text, /attic .* is idle|active|busy/);
    const { code, stdout } = await events.ended();
    assert.equal(code, 0, events.describe());
    assert.match(stdout, /settled\n$/);
    const again = await run('job', id, 'rerun');
    assert.equal(again.code, 0);
    assert.match(again.text, /hello from fog/);
  });

  it('are too small for a job that no node could run', async () => {
    const line = ['run', '--cores', '500', '--data-dir', fog.dataDir, HELLO];
    const { code, stderr } = await world.fog(line).ended();
    assert.equal(code, 126);
    assert.match(stderr, /attic has \d+ cores?, and the job asks for 500/);
    const late = ['run', '--deadline', '2020-01-01T00:00Z', '--data-dir', fog.dataDir, HELLO];
    assert.match(
      (await world.fog(late).ended()).stderr,
      /--deadline 2020-01-01T00:00Z: must not have passed/,
    );
  });
});
