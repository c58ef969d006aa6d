import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Count } from '@fog/live';
import { waitFor } from '@fog/testkit';
import { WebSocket } from 'ws';
import { bearer, type FogFixture, override, rawCall, startFog } from '../fog-fixture.ts';

let fog: FogFixture;
let job: string;
before(async () => {
  // More wrong tokens are tried here than one address may.
  const uncounted = async (): Promise<Count> => ({ count: 0, leftMs: 0 });
  fog = await startFog({ live: (live) => override(live, { count: uncounted, read: uncounted }) });
  const { content } = await fog.client.uploadBlob(new Uint8Array([1, 2, 3]));
  ({ id: job } = await fog.client.submit({
    runtime: 'wasm',
    module: content,
    moduleName: 'a.wasm',
  }));
});
after(() => fog[Symbol.asyncDispose]());

/** A path of the route that would work for the owner of `job`. */
function pathOf(url: string): string {
  return url
    .replace(':id', job)
    .replace(':index', '0')
    .replace(':content', 'ab'.repeat(32))
    .replace(':name', 'store')
    .replace('*', 'out.txt');
}

describe('every route', () => {
  it('is known with its access', () => {
    const lines = fog.api.routes.map(({ method, url, access }) => `${access} ${method} ${url}`);
    assert.deepEqual(lines.toSorted(), [
      'account DELETE /api/v1/deployments/:id',
      'account GET /api/v1/blobs/:content',
      'account GET /api/v1/deployments',
      'account GET /api/v1/deployments/:id',
      'account GET /api/v1/jobs',
      'account GET /api/v1/jobs/:id',
      'account GET /api/v1/jobs/:id/events',
      'account GET /api/v1/jobs/:id/results',
      'account GET /api/v1/jobs/:id/tasks/:index',
      'account GET /api/v1/jobs/:id/tasks/:index/files/*',
      'account GET /api/v1/jobs/:id/tasks/:index/stderr',
      'account GET /api/v1/jobs/:id/tasks/:index/stdout',
      'account GET /api/v1/jobs/:id/why',
      'account GET /api/v1/mixnet/audit',
      'account GET /api/v1/mixnet/consensus',
      'account GET /api/v1/mixnet/path',
      'account GET /api/v1/mixnet/status',
      'account GET /api/v1/nodes',
      'account GET /api/v1/nodes/:id/trust',
      'account GET /api/v1/scheduler/fronts',
      'account GET /api/v1/services',
      'account GET /api/v1/sla',
      'account GET /api/v1/status',
      'account GET /health/ready',
      'account GET /metrics',
      'account PATCH /api/v1/deployments/:id',
      'account POST /api/v1/blobs',
      'account POST /api/v1/deployments',
      'account POST /api/v1/jobs',
      'account POST /api/v1/jobs/:id/cancel',
      'account POST /api/v1/jobs/batch',
      'account POST /api/v1/join-codes',
      'account POST /api/v1/mixnet/bench',
      'account POST /api/v1/mixnet/ping',
      'account POST /api/v1/nodes/:id/mode',
      'account POST /api/v1/nodes/:id/prices',
      'account POST /api/v1/nodes/route',
      'account POST /api/v1/scheduler/compare',
      'node GET /api/v1/agent/blobs/:content',
      'node GET /api/v1/agent/jobs/:id',
      'node POST /api/v1/agent/blobs',
      'open GET /health/live',
      'operator GET /api/v1/scheduler',
      'operator GET /api/v1/topology',
      'operator POST /api/v1/services/:name/restart',
    ]);
  });

  it("refuses calls without a credential, with a wrong one, and agents' routes those of accounts", async () => {
    const headersOf = [{}, bearer('fog_sk_wrong'), { authorization: 'Basic b3A6b3A=' }];
    let calls = 0;
    for (const { method, url, access } of fog.api.routes) {
      if (access === 'open') continue;
      const more = access === 'node' ? [bearer(fog.token)] : [];
      for (const headers of [...headersOf, ...more]) {
        const answer = await rawCall(fog.api.url, pathOf(url), { method, headers });
        assert.equal(answer.status, 401, `${method} ${url} ${JSON.stringify(headers)}`);
        assert.equal(answer.headers['www-authenticate'], 'Bearer');
        assert.equal(JSON.parse(answer.body).code, 'SERVER_UNAUTHORISED');
        calls += 1;
      }
    }
    assert.ok(calls > 60);
    assert.equal((await rawCall(fog.api.url, '/api/v1/nothing')).status, 401);
  });

  it('hides the jobs of an account from every other', async () => {
    let calls = 0;
    for (const { method, url } of fog.api.routes.filter((route) =>
      route.url.includes('jobs/:id'),
    )) {
      if (url.includes('/agent/')) continue;
      const headers = bearer(fog.other.token);
      const answer = await rawCall(fog.api.url, pathOf(url), { method, headers });
      assert.equal(answer.status, 404, `${method} ${url}`);
      assert.equal(JSON.parse(answer.body).code, 'COORDINATOR_NO_JOB');
      calls += 1;
    }
    assert.equal(calls, 9);
    assert.deepEqual((await fog.other.client.jobs()).jobs, []);
    assert.equal((await fog.client.jobs()).jobs.length, 1);
  });

  it('refuses other names than its own', async () => {
    const { port } = new URL(fog.api.url);
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost', '127.0.0.1:1']) {
      const headers = { ...bearer(fog.token), host };
      for (const path of ['/health/live', '/api/v1/jobs', '/api/v1/nothing']) {
        const answer = await rawCall(fog.api.url, path, { headers });
        assert.equal(answer.status, 421, host);
        assert.equal(JSON.parse(answer.body).code, 'SERVER_HOST');
      }
    }
    const named = { ...bearer(fog.token), host: `localhost:${port}` };
    assert.equal((await rawCall(fog.api.url, '/api/v1/jobs', { headers: named })).status, 200);
  });

  it('does not give bytes to those who did not send them', async () => {
    const { content } = await fog.client.uploadBlob(new TextEncoder().encode('mine'));
    const read = (token: string): ReturnType<typeof rawCall> =>
      rawCall(fog.api.url, `/api/v1/blobs/${content}`, { headers: bearer(token) });
    assert.equal((await read(fog.token)).body, 'mine');
    const foreign = await read(fog.other.token);
    assert.equal(foreign.status, 404);
    assert.equal(JSON.parse(foreign.body).code, 'SERVER_NO_CONTENT');
  });
});

async function readJson(stream: AsyncIterable<unknown>): Promise<{ code: string }> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

describe('both sockets', () => {
  const upgrade = (path: string, headers: Record<string, string>): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(fog.api.url.replace('http', 'ws') + path, { headers });
      socket.on('unexpected-response', (_request, answer) => {
        void readJson(answer).then(({ code }) => resolve(`${answer.statusCode} ${code}`));
      });
      socket.on('error', () => {});
      socket.on('message', (data: Buffer) => {
        resolve(JSON.parse(data.toString()).type);
        socket.terminate();
      });
    });

  it('cut who is refused, also when he keeps his half of the connection open', async () => {
    const { hostname, port, host } = new URL(fog.api.url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    const head = 'connection: Upgrade\r\nupgrade: websocket';
    socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: ${host}\r\n${head}\r\n\r\n`);
    await once(socket, 'end');
    assert.match(answer, /^HTTP\/1.1 401 /);
    await waitFor('the connection to be cut', () => {
      socket.write('x');
      return socket.destroyed;
    });
  });

  it('check who comes, from where, and to which name', async () => {
    assert.equal(await upgrade('/api/v1/events', {}), '401 SERVER_UNAUTHORISED');
    assert.equal(
      await upgrade('/api/v1/events', bearer('fog_sk_wrong')),
      '401 SERVER_UNAUTHORISED',
    );
    assert.equal(await upgrade('/api/v1/agent', {}), 'challenge');
    assert.equal(await upgrade('/api/v1/nothing', bearer(fog.token)), '404 SERVER_NO_ROUTE');
    for (const path of ['/api/v1/events', '/api/v1/agent']) {
      const own = bearer(fog.token);
      assert.equal(
        await upgrade(path, { ...own, origin: 'http://evil.example' }),
        '403 SERVER_ORIGIN',
      );
      assert.equal(await upgrade(path, { ...own, origin: 'null' }), '403 SERVER_ORIGIN');
      assert.equal(await upgrade(path, { ...own, host: 'evil.example' }), '421 SERVER_HOST');
    }
    assert.equal(await upgrade('/api/v1/agent', { origin: fog.api.url }), 'challenge');
  });
});
