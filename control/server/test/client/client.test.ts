import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createClient } from '@fog/server/client';
import { RawAgent } from '../agent-fixture.ts';
import { type FogFixture, startFog } from '../fog-fixture.ts';

let fog: FogFixture;
before(async () => {
  fog = await startFog();
});
after(() => fog[Symbol.asyncDispose]());

async function newJob(): Promise<string> {
  const { content } = await fog.client.uploadBlob(new Uint8Array([0]));
  const spec = { runtime: 'wasm', module: content, moduleName: 'a.wasm' } as const;
  return (await fog.client.submit(spec)).id;
}

describe('the client', () => {
  it('answers every call in the shapes of the contract', async () => {
    const { client } = fog;
    const id = await newJob();
    assert.equal((await client.job(id)).spec.moduleName, 'a.wasm');
    assert.ok((await client.jobs({ open: true, limit: 10 })).jobs.some((job) => job.id === id));
    assert.deepEqual(await client.results(id), { results: [], next: 0, total: 1 });
    assert.equal((await client.task(id, 0)).index, 0);
    assert.ok((await client.events(id, { after: 0 })).length > 0);
    await assert.rejects(client.readStream(id, 0, 'stdout'), { code: 'SERVER_NO_OUTPUT' });
    assert.equal((await client.cancel(id)).state, 'cancelled');
    assert.equal((await client.status()).fogId, fog.identity.id);
    assert.equal((await client.restartService('extra')).restarts, 1);
    assert.deepEqual(await client.nodes(), []);
  });

  it('makes one job of one idempotency key', async () => {
    const { content } = await fog.client.uploadBlob(new Uint8Array([0]));
    const spec = { runtime: 'wasm', module: content, moduleName: 'a.wasm' } as const;
    const key = { idempotencyKey: 'key-1' };
    const [one, two] = await Promise.all([
      fog.client.submit(spec, key),
      fog.client.submit(spec, key),
    ]);
    assert.equal(one.id, two.id);
    const changed = { ...spec, args: ['x'] };
    await assert.rejects(fog.client.submit(changed, key), { code: 'COORDINATOR_IDEMPOTENCY' });
    const wrong = { idempotencyKey: 'k'.repeat(129) };
    await assert.rejects(fog.client.submit(spec, wrong), { code: 'WIRE_INVALID' });
  });

  it('throws what the server says, with its code, kind and details', async () => {
    await assert.rejects(fog.client.job('jaaaaaaaaaaaa'), {
      code: 'COORDINATOR_NO_JOB',
      kind: 'not-found',
    });
    const module = 'ab'.repeat(32);
    await assert.rejects(fog.client.submit({ runtime: 'wasm', module, moduleName: 'a' }), {
      code: 'COORDINATOR_UNKNOWN_CONTENT',
      kind: 'bad-input',
    });
  });

  it('waits for the end of a job, as long as asked', async () => {
    const id = await newJob();
    const waited = fog.client.job(id, { waitMs: 30_000 });
    await fog.client.cancel(id);
    assert.equal((await waited).state, 'cancelled');
    const open = await newJob();
    assert.equal((await fog.client.job(open, { waitMs: 1 })).state, 'queued');
  });

  it('ends a wait when it is cancelled, or when the API stops', async () => {
    const id = await newJob();
    const stop = new AbortController();
    const waiting = fog.client.results(id, { waitMs: 30_000, signal: stop.signal });
    stop.abort();
    await assert.rejects(waiting, { code: 'CLIENT_CANCELLED' });
    await assert.rejects(fog.client.jobs({ signal: stop.signal }), { code: 'CLIENT_CANCELLED' });

    await using own = await startFog();
    const { content } = await own.client.uploadBlob(new Uint8Array([0]));
    const spec = { runtime: 'wasm', module: content, moduleName: 'a.wasm' } as const;
    const job = await own.client.submit(spec);
    using agent = new RawAgent(own.api.url);
    await agent.join((await own.client.createJoinCode()).code);
    const held = own.client.job(job.id, { waitMs: 30_000 });
    await agent.next('work');
    const settled = held.then(
      ({ state }) => state,
      ({ kind }: { kind: string }) => kind,
    );
    await own.api.stop();
    assert.match(await settled, /^(queued|placing|staging|running|unavailable)$/);
  });
});

describe('what is not a fog', () => {
  const serve = async (handler: http.RequestListener): Promise<http.Server> => {
    const server = http.createServer(handler);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  };
  const clientOf = (server: http.Server): ReturnType<typeof createClient> => {
    const { port } = server.address() as AddressInfo;
    return createClient({ url: `http://127.0.0.1:${port}`, token: 'x' });
  };

  it('is told apart by its answers', async () => {
    const answers = ['<html>', '{"jobs": 7}', ''];
    for (const answer of answers) {
      const server = await serve((_request, reply) => reply.end(answer));
      await assert.rejects(clientOf(server).jobs(), { code: 'CLIENT_BAD_ANSWER' });
      server.close();
    }
    const missing = await serve((_request, reply) => reply.writeHead(404).end('not here'));
    await assert.rejects(clientOf(missing).jobs(), {
      code: 'CLIENT_BAD_ANSWER',
      message: /HTTP 404/,
    });
    missing.close();
  });

  it('or nobody at all: the message names the address and the remedy', async () => {
    const server = await serve(() => {});
    const client = clientOf(server);
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(client.jobs(), {
      code: 'CLIENT_UNREACHABLE',
      message: /127\.0\.0\.1:\d+ .*ECONNREFUSED.*fog up/,
    });
  });

  it('is no fog at all when the address is none', () => {
    for (const url of ['', 'localhost', 'ftp://x', 'http://192.0.2.1:7700']) {
      assert.throws(() => createClient({ url, token: 'x' }), { code: 'CLIENT_URL' });
    }
  });

  it('is refused with the reason when the token is wrong', async () => {
    const client = createClient({ url: fog.api.url, token: 'fog_sk_wrong' });
    await assert.rejects(client.status(), { code: 'CLIENT_UNAUTHORISED', kind: 'unauthorised' });
    await assert.rejects(client.uploadBlob(new Uint8Array(100_000)), {
      code: 'CLIENT_UNAUTHORISED',
    });
  });

  it('may close a kept connection: a call that can be repeated is', async () => {
    let calls = 0;
    const server = await serve((request, reply) => {
      calls += 1;
      // The second request on the connection finds it cut.
      if (calls === 2) request.socket.resetAndDestroy();
      else reply.end('{"jobs": []}');
    });
    const client = clientOf(server);
    await client.jobs();
    await client.jobs();
    assert.equal(calls, 3);
    calls = 1;
    await assert.rejects(client.createJoinCode(), { code: 'CLIENT_UNREACHABLE' });
    server.close();
  });
});
