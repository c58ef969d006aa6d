import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import type { DeploymentSpecInput } from '@fog/wire';
import { bearer, type FogFixture, rawCall, startFog } from '../fog-fixture.ts';

let fog: FogFixture;
let spec: DeploymentSpecInput;
before(async () => {
  fog = await startFog();
  const { content } = await fog.client.uploadBlob(new Uint8Array([1, 2, 3]));
  spec = {
    name: 'web',
    replicas: 2,
    job: { runtime: 'wasm', module: content, moduleName: 'a.wasm' },
  };
});
after(() => fog[Symbol.asyncDispose]());

const refused = (code: string) => (error: unknown) => isFogError(error, code);

describe('deployments over HTTP', () => {
  it('are created once by a key, listed, changed and deleted', async () => {
    const { client } = fog;
    const first = await client.deploy(spec, { idempotencyKey: 'once' });
    assert.equal(first.wanted, 2);
    assert.equal((await client.deploy(spec, { idempotencyKey: 'once' })).id, first.id);
    await assert.rejects(client.deploy(spec), refused('COORDINATOR_NAME_TAKEN'));
    assert.deepEqual(
      (await client.deployments()).map(({ id }) => id),
      [first.id],
    );
    const changed = await client.changeDeployment(first.id, { replicas: 3 });
    assert.equal(changed.wanted, 3);
    assert.equal((await client.deployment(first.id)).version, 1);
    assert.equal((await client.status()).deployments.total, 1);
    assert.equal((await client.deleteDeployment(first.id)).state, 'deleting');
    await assert.rejects(client.deployment(first.id), refused('COORDINATOR_NO_DEPLOYMENT'));
    assert.deepEqual((await client.jobs({ open: true })).jobs, []);
  });

  it('are hidden from every other account', async () => {
    const { id } = await fog.client.deploy({ ...spec, name: 'mine' });
    assert.deepEqual(await fog.other.client.deployments(), []);
    let calls = 0;
    for (const { method, url } of fog.api.routes) {
      if (!url.includes('deployments/:id')) continue;
      const headers = { ...bearer(fog.other.token), 'content-type': 'application/json' };
      const body = method === 'PATCH' ? { body: '{"replicas":1}' } : {};
      const own = method === 'PATCH' ? headers : bearer(fog.other.token);
      const path = url.replace(':id', id);
      const answer = await rawCall(fog.api.url, path, { method, headers: own, ...body });
      assert.equal(answer.status, 404, `${method} ${url}`);
      assert.equal(JSON.parse(answer.body).code, 'COORDINATOR_NO_DEPLOYMENT');
      calls += 1;
    }
    assert.equal(calls, 3);
    await fog.client.deleteDeployment(id);
  });

  it('are refused with the field that is wrong', async () => {
    const wrong = { ...spec, replicas: -1 };
    await assert.rejects(fog.client.deploy(wrong), /replicas/);
    const job = { ...spec.job, array: { count: 2 } };
    await assert.rejects(fog.client.deploy({ ...spec, job }), refused('COORDINATOR_DEPLOYMENT'));
  });
});
