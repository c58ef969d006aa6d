import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { silentLogger, systemClock } from '@fog/kernel';
import { createApiServer } from '@fog/server';
import { MAX_BLOB_BYTES, Problem } from '@fog/wire';
import {
  bearer,
  type FogFixture,
  override,
  rawCall,
  type RawAnswer,
  startFog,
} from '../fog-fixture.ts';

let fog: FogFixture;
before(async () => {
  const bug = (): Promise<never> => Promise.reject(new Error('secret detail of a bug'));
  fog = await startFog({ coordinator: (real) => override(real, { jobs: bug }) });
});
after(() => fog[Symbol.asyncDispose]());

function problemOf(answer: RawAnswer): Problem {
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  const problem = Problem.parse(JSON.parse(answer.body));
  assert.equal(problem.status, answer.status);
  return problem;
}

const call = (path: string, request = {}): Promise<RawAnswer> =>
  rawCall(fog.api.url, path, { headers: bearer(fog.token), ...request });

describe('problems', () => {
  it('say what is not there, and which method would do', async () => {
    const missing = problemOf(await call('/api/v1/nothing'));
    assert.equal(missing.code, 'SERVER_NO_ROUTE');
    assert.equal(missing.status, 404);
    const answer = await call('/api/v1/jobs/jaaaaaaaaaaaa/cancel', { method: 'GET' });
    assert.equal(problemOf(answer).code, 'SERVER_METHOD');
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, 'POST');
  });

  it('name each wrong field of a body or query', async () => {
    const json = { ...bearer(fog.token), 'content-type': 'application/json' };
    const post = (body: string): Promise<RawAnswer> =>
      call('/api/v1/jobs', { method: 'POST', headers: json, body });
    const wrong = problemOf(await post('{"runtime":"cobol"}'));
    assert.equal(wrong.code, 'WIRE_INVALID');
    assert.match(wrong.detail, /runtime/);
    assert.match(wrong.detail, /module/);
    assert.equal(problemOf(await post('{')).code, 'SERVER_BODY');
    assert.equal(problemOf(await post('')).code, 'SERVER_BODY');
    const query = problemOf(await call('/api/v1/jobs/jaaaaaaaaaaaa?waitMs=x'));
    assert.equal(query.code, 'WIRE_INVALID');
    assert.match(query.detail, /waitMs/);
  });

  it('refuse other media types and bodies that are too large', async () => {
    const xml = { ...bearer(fog.token), 'content-type': 'application/xml' };
    const answer = await call('/api/v1/jobs', { method: 'POST', headers: xml, body: '<a/>' });
    assert.equal(problemOf(answer).code, 'SERVER_MEDIA_TYPE');
    assert.equal(answer.status, 415);
    const json = { ...bearer(fog.token), 'content-type': 'application/json' };
    const body = `"${'x'.repeat(70_000)}"`;
    const large = await call('/api/v1/join-codes', { method: 'POST', headers: json, body });
    assert.equal(problemOf(large).code, 'SERVER_TOO_LARGE');
    const bytes = {
      ...bearer(fog.token),
      'content-type': 'application/octet-stream',
      'content-length': String(MAX_BLOB_BYTES + 1),
    };
    const blob = await call('/api/v1/blobs', { method: 'POST', headers: bytes, body: 'x' });
    assert.equal(blob.status, 413);
    assert.match(problemOf(blob).detail, /1 GiB/);
  });

  it('hide what a bug says, and log it under the id they show', async () => {
    const answer = await call('/api/v1/jobs');
    const problem = problemOf(answer);
    assert.equal(answer.status, 500);
    assert.equal(problem.code, 'SERVER_BUG');
    assert.ok(!answer.body.includes('secret detail'));
    const { id } = problem.details as { id: string };
    const entry = fog.logged.find(({ fields }) => fields?.['id'] === id);
    assert.equal(entry?.fields?.['cause'], 'secret detail of a bug');
  });

  it('answer what is no HTTP', async () => {
    const { port, hostname } = new URL(fog.api.url);
    const socket = net.connect(Number(port), hostname);
    socket.end('NONSENSE\r\n\r\n');
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    assert.match(Buffer.concat(parts).toString(), /^HTTP\/1\.1 400 .*problem\+json/s);
  });
});

describe('the API as a service', () => {
  it('is live for everybody and ready for account holders', async () => {
    const live = await rawCall(fog.api.url, '/health/live');
    assert.equal(live.status, 200);
    assert.equal((await call('/health/ready')).status, 200);
    assert.deepEqual(await fog.api.health(new AbortController().signal), { state: 'healthy' });
  });

  it('says which port is taken and what to do', async () => {
    const port = Number(new URL(fog.api.url).port);
    const deps = {
      coordinator: fog.coordinator,
      blobs: { put: never, open: never, size: never },
      credentials: fog.credentials,
      enrolment: fog.enrolment,
      live: fog.live,
      roster: fog.roster,
      services: () => fog.manager,
      identity: fog.identity,
      clock: systemClock,
      logger: silentLogger,
    };
    const second = createApiServer({ host: '127.0.0.1', port }, deps);
    await assert.rejects(second.start(new AbortController().signal), {
      code: 'SERVER_PORT_TAKEN',
      message: new RegExp(`Port ${port} .*--port`),
    });
    await second.stop();
    const impossible = createApiServer({ host: '192.0.2.1' as '127.0.0.1', port: 0 }, deps);
    await assert.rejects(impossible.start(new AbortController().signal), { code: 'SERVER_LISTEN' });
    assert.throws(() => second.url, /not started/);
  });

  it('tells those who wait when it stops', async () => {
    const waiting = Promise.withResolvers<void>();
    await using own = await startFog({
      coordinator: (real) =>
        override(real, {
          job: (_account, _id, wait) => {
            waiting.resolve();
            return new Promise((_resolve, reject) => {
              const { signal } = wait ?? {};
              signal?.addEventListener('abort', () => reject(signal.reason as Error));
            });
          },
        }),
    });
    const headers = bearer(own.token);
    const held = rawCall(own.api.url, '/api/v1/jobs/jaaaaaaaaaaaa?waitMs=30000', { headers });
    await waiting.promise;
    await own.api.stop();
    const answer = await held;
    assert.equal(problemOf(answer).code, 'SERVER_STOPPING');
    assert.equal(answer.headers['retry-after'], '1');
    assert.deepEqual(own.logged, []);
  });

  it('starts again after a stop', async () => {
    await using own = await startFog();
    const before = own.api.url;
    await own.api.stop();
    await assert.rejects(rawCall(before, '/health/live'), { code: 'ECONNREFUSED' });
    assert.equal((await own.api.health(new AbortController().signal)).state, 'unhealthy');
    await own.api.start(new AbortController().signal);
    assert.equal((await rawCall(own.api.url, '/health/live')).status, 200);
  });
});

async function never(): Promise<never> {
  throw new Error('not called');
}

describe('parts that are down', () => {
  it('are named in the answers of what needs them', async () => {
    await using down = await startFog({
      coordinator: (real) =>
        override(real, { start: () => Promise.reject(new Error('the disk is full')) }),
    });
    const headers = bearer(down.token);
    const jobs = problemOf(await rawCall(down.api.url, '/api/v1/jobs', { headers }));
    assert.equal(jobs.status, 503);
    assert.equal(jobs.code, 'SERVER_SERVICE_DOWN');
    assert.match(jobs.detail, /"coordinator" is down: the disk is full/);
    assert.equal((await rawCall(down.api.url, '/health/ready', { headers })).status, 503);
    const services = await down.client.services();
    assert.equal(services.find((each) => each.name === 'coordinator')?.state, 'failed');
  });

  it('cannot be restarted by it when it would go down with them, nor by others than operators', async () => {
    await assert.rejects(fog.client.restartService('api'), { code: 'SERVICE_NOT_RESTARTABLE' });
    await assert.rejects(fog.client.restartService('zebra'), { code: 'SERVICE_UNKNOWN' });
    await assert.rejects(fog.other.client.restartService('api'), { code: 'SERVER_FORBIDDEN' });
  });
});
