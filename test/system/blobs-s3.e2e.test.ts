import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { type Blobs, openBlobs } from '@fog/store';
import { tempDir, within } from '@fog/testkit';
import { type S3Server, startS3 } from '@fog/testkit/servers';
import { blobsSuite, chunks, read, sha256, withCode } from '../../base/store/test/blobs-suite.ts';

const ROOM = { maxBytes: 1e6 };

let server: S3Server;
const stack = new AsyncDisposableStack();

before(async () => {
  server = stack.use(await startS3());
});
after(() => stack.disposeAsync());

async function open(url = server.url, env = server.env): Promise<{ dir: string; blobs: Blobs }> {
  const dir = stack.use(await tempDir()).path;
  return { dir, blobs: await openBlobs({ dir, bucket: { url, env } }) };
}

describe('blobs in a bucket', () => {
  blobsSuite(open);

  it('shares them with all who use the bucket and prefix, and with nobody else', async () => {
    const { content } = await (await open()).blobs.put(chunks('shared'), ROOM);
    assert.equal((await read((await open()).blobs, content)).toString(), 'shared');
    const other = await open(server.url.replace('/data/blobs', '/other'));
    assert.equal(await other.blobs.size(content), undefined);
  });

  it('says at the start what is wrong with the bucket or the credentials', async () => {
    const absent = server.url.replace(server.bucket, 'no-such-bucket');
    await assert.rejects(open(absent), withCode('STORE_BLOBS_REFUSED', /"no-such-bucket".*404/));
    const env = { ...server.env, AWS_SECRET_ACCESS_KEY: 'hunter2' };
    await assert.rejects(open(server.url, env), (error) => {
      assert.doesNotMatch(JSON.stringify(error), /hunter2/);
      return withCode('STORE_BLOBS_REFUSED', /403.*AWS_SECRET_ACCESS_KEY/)(error);
    });
    const nobody = server.url.replace(`:${server.port}`, ':1');
    await assert.rejects(open(nobody), withCode('STORE_BLOBS_UNREACHABLE', /ECONNREFUSED/));
  });

  it('fails while the server is down, and goes on when it is back', async () => {
    const { blobs } = await open();
    const { content } = await blobs.put(chunks('before'), ROOM);
    await server.kill();
    await assert.rejects(blobs.put(chunks('x'), ROOM), withCode('STORE_BLOBS_UNREACHABLE'));
    await assert.rejects(blobs.open(content), withCode('STORE_BLOBS_UNREACHABLE'));
    const { state, detail = '' } = await blobs.health(new AbortController().signal);
    assert.equal(state, 'degraded');
    assert.match(detail, /bucket "fog-blobs" at .*ECONNREFUSED.*Check its endpoint/);
    await server.start();
    assert.equal((await blobs.health(new AbortController().signal)).state, 'healthy');
    assert.equal((await read(blobs, content)).toString(), 'before');
  });
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers the bucket's own question well, and everything else by `answer`. */
async function faulty(answer: Answer): Promise<Blobs> {
  const http = createServer((request, response) => {
    if (request.method === 'HEAD' && request.url === '/bucket') response.end();
    else answer(request, response);
  }).listen(0, '127.0.0.1');
  stack.defer(() => {
    http.closeAllConnections();
    http.close();
  });
  await once(http, 'listening');
  const { port } = http.address() as { port: number };
  return (await open(`s3://bucket?endpoint=http://127.0.0.1:${port}`)).blobs;
}

const CONTENT = sha256(Buffer.from('fog'));

describe('blobs in a bucket of a server with faults', () => {
  it('are sent again, whole, after an answer that invites it or a broken connection', async () => {
    const bodies: string[] = [];
    const blobs = await faulty((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        bodies.push(body);
        if (bodies.length === 1) response.writeHead(503).end();
        else if (bodies.length === 2) request.socket.destroy();
        else response.end();
      });
    });
    assert.equal((await blobs.put(chunks('f', 'og'), ROOM)).content, CONTENT);
    assert.deepEqual(bodies, ['fog', 'fog', 'fog']);
  });

  it('say what the server said, in one sentence', async () => {
    const blobs = await faulty((request, response) => {
      request.resume();
      const text =
        '<Error><Code>RequestTimeTooSkewed</Code><Message>Check your clock.</Message></Error>';
      response.writeHead(403).end(text);
    });
    const said = withCode(
      'STORE_BLOBS_REFUSED',
      /403 RequestTimeTooSkewed: Check your clock\. Check/,
    );
    await assert.rejects(blobs.put(chunks('fog'), ROOM), said);
    await assert.rejects(blobs.open(CONTENT), said);
    await assert.rejects(blobs.remove(CONTENT), withCode('STORE_BLOBS_REFUSED'));
    await assert.rejects(blobs.size(CONTENT), withCode('STORE_BLOBS_REFUSED'));
  });

  it('fail the reader when the connection ends before the last byte', async () => {
    const blobs = await faulty((request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('fog', () => request.socket.destroy());
    });
    await assert.rejects(read(blobs, CONTENT), withCode('STORE_BLOBS_UNREACHABLE'));
  });

  it('are degraded while it keeps silent to every question', async () => {
    let isSilent = false;
    const http = createServer((_, response) => void (isSilent || response.end()));
    stack.defer(() => {
      http.closeAllConnections();
      http.close();
    });
    await once(http.listen(0, '127.0.0.1'), 'listening');
    const { port } = http.address() as { port: number };
    const { blobs } = await open(`s3://bucket?endpoint=http://127.0.0.1:${port}`);
    isSilent = true;
    const health = blobs.health(new AbortController().signal);
    assert.deepEqual(await within('the answer', health, 20_000), {
      state: 'degraded',
      detail: `The object storage does not answer (bucket "bucket" at 127.0.0.1:${port}). Look at its server and the network.`,
    });
  });

  it('are given up on demand while the server keeps silent', async () => {
    const asked = Promise.withResolvers<void>();
    const blobs = await faulty((request) => void request.on('end', asked.resolve).resume());
    const abort = new AbortController();
    const put = blobs.put(chunks('fog'), { ...ROOM, signal: abort.signal });
    await asked.promise;
    abort.abort(new Error('given up'));
    await within('the end of the upload', assert.rejects(put, /given up/), 10_000);
  });
});
