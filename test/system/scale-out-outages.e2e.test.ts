/** Two coordinators when what they rest on goes away, and when the one that leads sleeps. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FogClient } from '@fog/server/client';
import { waitFor } from '@fog/testkit';
import type { ServiceStatus } from '@fog/wire';
import {
  assertFinished,
  attempt,
  endpointOf,
  half,
  holder,
  jobOf,
  localClient,
  roles,
  runArray,
  type Servers,
  startPair,
  startServers,
  stopAll,
} from './scale-out-world.ts';

let servers: Servers;
let databases = 0;
const newName = (): string => `fog${(databases += 1)}`;

before(async () => {
  servers = await startServers();
});
after(() => servers[Symbol.asyncDispose]());

const service = async (client: FogClient, name: string): Promise<ServiceStatus | undefined> =>
  (await attempt(client.services()))?.find((each) => each.name === name);

describe('a fog of two coordinators in trouble', () => {
  it('goes on without Redis, says so, and recovers when it is back', async () => {
    await using pair = await startPair(servers, newName());
    const { leader, standby } = pair;
    const run = runArray(pair);
    const id = await jobOf(standby.client);
    await half(standby.client, id);
    await servers.redis.kill();
    for (const fog of [leader, standby]) {
      const client = await localClient(fog);
      const live = await waitFor('degraded', async () => {
        const found = await service(client, 'live');
        return found?.health === 'degraded' && found;
      });
      assert.match(
        live.detail ?? '',
        /^Redis at 127\.0\.0\.1:\d+ cannot be used since .*FOG_LIVE\.$/,
      );
    }
    await assertFinished(run, pair);
    await servers.redis.start();
    for (const fog of [leader, standby]) {
      const client = await localClient(fog);
      await waitFor('healthy', async () => (await service(client, 'live'))?.health === 'healthy');
      assert.ok(!fog.child.describe().includes(servers.redis.password));
    }
    const both = async (): Promise<boolean> =>
      roles(await standby.client.status()) === 'leads, stands by';
    await waitFor('both in the list', both);
    await stopAll(pair, standby, leader);
  });

  it('answers 503 while PostgreSQL is away, and finishes when it is back', async () => {
    await using pair = await startPair(servers, newName());
    const { leader, standby } = pair;
    const run = runArray(pair);
    const id = await jobOf(standby.client);
    await half(standby.client, id);
    await servers.postgres.kill();
    const { url, token } = await endpointOf(leader);
    const answer = await waitFor('a refusal', async () => {
      const response = await fetch(`${url}/api/v1/jobs`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return response.status === 503 && response;
    });
    assert.equal(answer.headers.get('retry-after'), '1');
    const problem = (await answer.json()) as { retryable: boolean; detail: string };
    assert.equal(problem.retryable, true, problem.detail);
    await servers.postgres.start();
    await assertFinished(run, pair);
    await stopAll(pair, standby, leader);
  });

  it('lets a leader that slept through its lease do nothing more', async () => {
    await using pair = await startPair(servers, newName());
    const { leader, standby } = pair;
    const run = runArray(pair);
    const id = await jobOf(standby.client);
    await half(standby.client, id);
    const before = await holder(pair);
    leader.child.signal('SIGSTOP');
    const next = await waitFor('the other to lead', async () => {
      const now = await holder(pair);
      return now !== before && now;
    });
    leader.child.signal('SIGCONT');
    await assertFinished(run, pair);
    const former = await localClient(leader);
    await waitFor('the former to stand by', async () => {
      const [first, second] = (await attempt(former.status()))?.coordinators ?? [];
      return first?.id === next && first.leads && second?.id === before;
    });
    assert.equal((await former.jobs()).jobs.length, 1);
    await stopAll(pair, standby, leader);
  });
});
