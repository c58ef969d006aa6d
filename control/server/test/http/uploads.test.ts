import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { sha256Hex } from '@fog/crypto';
import { FogError } from '@fog/kernel';
import { VirtualClock, waitFor } from '@fog/testkit';
import { bearer, type FogFixture, override, startFog } from '../fog-fixture.ts';

const CHUNK = new Uint8Array(64 * 1024).fill(65);
const SMALL_MAX = 256 * 1024;

let fog: FogFixture;
/** Content that is gone as soon as it has come. */
let gone: string | undefined;
before(async () => {
  fog = await startFog({
    // The real limit is 1 GiB; the refusal in the middle of a stream is the same at any size.
    blobs: (real) =>
      override(real, {
        put: (source, options) => real.put(source, { ...options, maxBytes: SMALL_MAX }),
        size: async (content) => (content === gone ? undefined : real.size(content)),
      }),
  });
});
after(() => fog[Symbol.asyncDispose]());

const incoming = (): Promise<string[]> => readdir(fog.dir.file('blobs', 'incoming'));

async function* repeat(count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield CHUNK;
}

describe('uploads', () => {
  it('name bytes by their hash, from memory and from a stream', async () => {
    const bytes = new TextEncoder().encode('hello');
    const expected = { content: sha256Hex(bytes), sizeBytes: 5 };
    assert.deepEqual(await fog.client.uploadBlob(bytes), expected);
    assert.deepEqual(await fog.client.uploadBlob(bytes), expected);
    const streamed = await fog.client.uploadBlob(repeat(3));
    assert.equal(streamed.sizeBytes, 3 * CHUNK.length);
    assert.equal((await fog.client.uploadBlob(new Uint8Array())).sizeBytes, 0);
  });

  it('of what was removed as unused at that moment are to be sent again', async () => {
    const bytes = new TextEncoder().encode('unused for long');
    gone = sha256Hex(bytes);
    await assert.rejects(fog.client.uploadBlob(bytes), { code: 'SERVER_CONTENT_REMOVED' });
    gone = undefined;
    assert.equal((await fog.client.uploadBlob(bytes)).sizeBytes, bytes.length);
  });

  it('over the limit are refused while they still come, and leave nothing', async () => {
    let sent = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += 1;
        yield CHUNK;
      }
    };
    await assert.rejects(fog.client.uploadBlob(endless()), { code: 'SERVER_TOO_LARGE' });
    assert.ok(sent > 4);
    assert.deepEqual(await incoming(), []);
    // The connection of the refusal is not used again; the client works on.
    assert.equal((await fog.client.uploadBlob(CHUNK)).sizeBytes, CHUNK.length);
  });

  it('without a valid token are refused at once', async () => {
    const { hostname, port } = new URL(fog.api.url);
    const request = http.request({
      host: hostname,
      port,
      method: 'POST',
      path: '/api/v1/blobs',
      headers: { ...bearer('wrong'), 'content-type': 'application/octet-stream' },
    });
    request.on('error', () => {});
    request.write(CHUNK);
    const [answer] = (await new Promise((resolve) => {
      request.on('response', (...args) => resolve(args));
    })) as [http.IncomingMessage];
    assert.equal(answer.statusCode, 401);
    request.destroy();
  });

  it('cut off half-way leave nothing', async () => {
    const failed = new AbortController();
    const cut = async function* (): AsyncGenerator<Uint8Array> {
      yield CHUNK;
      await waitFor('the upload has begun', async () => (await incoming()).length === 1);
      failed.abort();
      yield CHUNK;
    };
    const upload = fog.client.uploadBlob(cut(), { signal: failed.signal });
    await assert.rejects(upload, { code: 'CLIENT_CANCELLED' });
    await waitFor('the file is gone', async () => (await incoming()).length === 0);
    assert.deepEqual(fog.logged, []);
  });

  it('whose source fails end with the error of the source', async () => {
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield CHUNK;
      throw new FogError('X_SOURCE', { message: 'no such file', kind: 'bad-input' });
    };
    await assert.rejects(fog.client.uploadBlob(source()), { code: 'X_SOURCE' });
    await waitFor('the file is gone', async () => (await incoming()).length === 0);
  });
});

describe('an upload that trickles', () => {
  it('is refused when it is slower than a slow line, and leaves nothing', async () => {
    const clock = new VirtualClock();
    await using slow = await startFog({ clock });
    const { hostname, port } = new URL(slow.api.url);
    const request = http.request({
      method: 'POST',
      host: hostname,
      port,
      path: '/api/v1/blobs',
      headers: { ...bearer(slow.token), 'content-type': 'application/octet-stream' },
    });
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.once('error', reject);
    });
    request.write('a');
    const left = (): Promise<string[]> => readdir(slow.dir.file('blobs', 'incoming'));
    await waitFor('the upload to begin', async () => (await left()).length === 1);
    clock.advance(14 * 60_000);
    request.write('b');
    clock.advance(2 * 60_000);
    const answer = await answered;
    assert.equal(answer.statusCode, 408);
    const [body] = (await once(answer, 'data')) as [Buffer];
    assert.equal(JSON.parse(body.toString()).code, 'SERVER_SLOW');
    // What still comes is dropped for a moment; then the connection is cut.
    clock.advance(5_000);
    await once(request, 'close');
    await waitFor('no rest', async () => (await left()).length === 0);
  });
});
