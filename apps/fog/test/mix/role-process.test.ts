import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type Clock, silentLogger, systemClock } from '@fog/kernel';
import { tempDir, VirtualClock, waitFor } from '@fog/testkit';
import { createRoleProcess, type RoleProcessService } from '../../src/mix/role-process.ts';

const metrics = { count: () => {}, gauge: () => {}, observe: () => {} };
const live = new AbortController().signal;
const SAYS_READY = "console.log('{}'); setInterval(() => {}, 1000);";

function role(script: string, clock: Clock = systemClock): RoleProcessService {
  return createRoleProcess(
    {
      name: 'relay-1',
      command: async () => [process.execPath, '-e', script],
      env: process.env,
    },
    { clock, logger: silentLogger, metrics: async () => metrics },
  );
}

describe('the process of a role', () => {
  it('is up once it says so, and ends with its service', async () => {
    await using dir = await tempDir();
    const file = dir.file('pid');
    const service = role(
      `require('fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); ${SAYS_READY}`,
    );
    await service.start(live);
    assert.deepEqual(await service.health(live), { state: 'healthy' });
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid, 0);
    await service.stop();
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    assert.equal((await service.health(live)).state, 'unhealthy');
  });

  it('is started again when it was killed', async () => {
    await using dir = await tempDir();
    const file = dir.file('pid');
    writeFileSync(file, '');
    const script = `require('fs').appendFileSync(${JSON.stringify(file)}, process.pid + ' '); ${SAYS_READY}`;
    const service = role(script);
    await service.start(live);
    const pids = (): number[] => readFileSync(file, 'utf8').trim().split(' ').map(Number);
    process.kill(pids()[0] as number, 'SIGKILL');
    await waitFor('the next process', async () => {
      const { state } = await service.health(live);
      return pids().length === 2 && state === 'healthy';
    });
    await service.stop();
    assert.throws(() => process.kill(pids()[1] as number, 0), { code: 'ESRCH' });
  });

  it('tells its last words when it cannot start', async () => {
    const service = role("console.error('the port is taken'); process.exit(125)");
    await assert.rejects(service.start(live), {
      code: 'FOG_ROLE_ENDED',
      message: /relay-1 did not start: its process ended with 125: the port is taken/,
    });
    await service.stop();
  });

  it('is shown as it reports itself, and marked when it is silent or gone', async () => {
    const relay = {
      id: 'r',
      epoch: 1,
      received: 5,
      forwarded: 3,
      delivered: 0,
      cover: 2,
      dropped: {},
      links: 4,
    };
    const report = {
      kind: 'fog-role-report/1',
      health: { state: 'unhealthy', detail: 'no consensus' },
      relay,
      metrics: [],
    };
    const script = `process.send('nonsense'); process.send(${JSON.stringify(report)}); ${SAYS_READY}`;
    const clock = new VirtualClock();
    const service = role(script, clock);
    await service.start(live);
    await waitFor('the report', () => service.relay());
    assert.deepEqual(service.relay(), { ...relay, name: 'relay-1' });
    assert.deepEqual(await service.health(live), { state: 'degraded', detail: 'no consensus' });
    await clock.advanceAsync(6_000);
    assert.match((await service.health(live)).detail ?? '', /not reported for 6 s/);
    assert.equal(service.relay()?.staleMs, 6_000);
    await service.stop();
  });
});
