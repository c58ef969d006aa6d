import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { sha256Hex } from '@fog/crypto';
import { createPeerAgent } from '@fog/crypto/tls';
import { isFogError, utf8 } from '@fog/kernel';
import { tempDir, VirtualClock } from '@fog/testkit';
import { createTransfer, type Transfer } from '../src/staging/transfer.ts';
import { NEVER } from './harness.ts';
import { waitFor } from './until.ts';

interface Rig extends AsyncDisposable {
  readonly transfer: Transfer;
  readonly clock: VirtualClock;
  requests(): number;
}

async function serve(listener: RequestListener): Promise<Rig> {
  let requests = 0;
  const server: Server = createServer((request, answer) => {
    requests += 1;
    listener(request, answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clock = new VirtualClock();
  const base = new URL(`http://127.0.0.1:${port}`);
  const agent = createPeerAgent(base, undefined, { keepAlive: true });
  const transfer = createTransfer({
    clock,
    access: () => Promise.resolve({ base, agent, token: 'token' }),
  });
  return {
    transfer,
    clock,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const BYTES = utf8('bytes');
const BODY = { content: sha256Hex(BYTES), sizeBytes: BYTES.length, source: BYTES };

test('a failure that may pass is tried three times, with growing pauses', async () => {
  await using r = await serve((_request, answer) => void answer.writeHead(503).end());
  const upload = r.transfer.upload(1, BODY, NEVER);
  upload.catch(() => {});
  await waitFor('a pause', () => r.clock.pending === 1);
  r.clock.advance(200);
  await waitFor('a pause', () => r.requests() === 2 && r.clock.pending === 1);
  r.clock.advance(399);
  assert.equal(r.requests(), 2);
  r.clock.advance(1);
  await assert.rejects(upload, (error) => isFogError(error, 'AGENT_TRANSFER'));
  assert.equal(r.requests(), 3);
});

test('a refusal is not tried again', async () => {
  await using r = await serve((_request, answer) => void answer.writeHead(403).end('no json'));
  await assert.rejects(
    r.transfer.jobSpec('j', NEVER),
    (error) => isFogError(error, 'AGENT_TRANSFER_REFUSED') && /HTTP 403/.test(error.message),
  );
  assert.equal(r.requests(), 1);
});

test('an aborted transfer ends at once, also in a pause', async () => {
  await using r = await serve((_request, answer) => void answer.writeHead(503).end());
  const abort = new AbortController();
  const upload = r.transfer.upload(1, BODY, abort.signal);
  upload.catch(() => {});
  await waitFor('a pause', () => r.clock.pending === 1);
  abort.abort();
  await assert.rejects(upload, (error) => isFogError(error, 'AGENT_TRANSFER'));
  assert.equal(r.requests(), 1);
  assert.equal(r.clock.pending, 0);
});

test('an upload the coordinator received damaged is sent again', async () => {
  await using r = await serve((request, answer) => {
    request.resume();
    const content = r.requests() === 1 ? 'a'.repeat(64) : BODY.content;
    request.on('end', () => answer.end(JSON.stringify({ content, sizeBytes: BODY.sizeBytes })));
  });
  const upload = r.transfer.upload(1, BODY, NEVER);
  await waitFor('a pause', () => r.clock.pending === 1);
  r.clock.advance(200);
  await upload;
  assert.equal(r.requests(), 2);
});

test('an answer that comes before the body is through counts', async () => {
  await using r = await serve((_request, answer) => void answer.writeHead(413).end());
  await using dir = await tempDir();
  await writeFile(dir.file('large'), Buffer.alloc(8_000_000));
  const source = { file: dir.file('large') };
  await assert.rejects(
    r.transfer.upload(1, { content: 'a'.repeat(64), sizeBytes: 8_000_000, source }, NEVER),
    (error) => isFogError(error, 'AGENT_TRANSFER_REFUSED') && /HTTP 413/.test(error.message),
  );
});

test('an answer over its limit is refused, a job spec against the schema too', async () => {
  await using r = await serve((request, answer) => {
    answer.end(request.method === 'POST' ? 'x'.repeat(100_000) : '{"runtime":"cobol"}');
  });
  await assert.rejects(r.transfer.upload(1, BODY, NEVER), (error) =>
    isFogError(error, 'AGENT_TRANSFER_REFUSED'),
  );
  await assert.rejects(r.transfer.jobSpec('j', NEVER), (error) =>
    isFogError(error, 'WIRE_INVALID'),
  );
});

test('a download writes exactly the bytes of its content', async () => {
  await using r = await serve((request, answer) => {
    assert.equal(request.headers.authorization, 'Bearer token');
    answer.end(BYTES);
  });
  await using dir = await tempDir();
  assert.equal(await r.transfer.download(BODY.content, dir.file('a'), NEVER), 5);
  assert.equal(await readFile(dir.file('a'), 'utf8'), 'bytes');
});

test('a full disk of this machine is said, and not tried again', async () => {
  await using r = await serve((_, answer) => answer.end(BYTES));
  await assert.rejects(r.transfer.download(BODY.content, '/dev/full', NEVER), (error) => {
    assert.ok(isFogError(error, 'AGENT_DISK'));
    assert.match(error.message, /takes no more \(ENOSPC\)/);
    return true;
  });
  assert.equal(r.requests(), 1);
});
