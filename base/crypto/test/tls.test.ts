import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { identityFromSeed } from '../src/index.ts';
import { createPeerAgent } from '../src/tls.ts';

const fog = identityFromSeed(new Uint8Array(32).fill(1));
const other = identityFromSeed(new Uint8Array(32).fill(2));

interface Rig extends AsyncDisposable {
  readonly url: URL;
  requests: number;
}

async function serve(
  listener: http.RequestListener = (_, answer) => answer.end('hello'),
): Promise<Rig> {
  const { key, certificate } = fog.certificate();
  const server = https.createServer({ key, cert: certificate }, (request, answer) => {
    rig.requests += 1;
    listener(request, answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const rig: Rig = {
    url: new URL(`https://127.0.0.1:${port}`),
    requests: 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return rig;
}

async function call(url: URL, keyId: string | undefined): Promise<string> {
  const agent = createPeerAgent(url, keyId);
  const request = http.get({ agent, protocol: url.protocol, host: url.hostname, port: url.port });
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const part of answer) text += String(part);
  return text;
}

describe('a connection to a key', () => {
  it('carries calls once the peer has proven it', async () => {
    await using rig = await serve();
    assert.equal(await call(rig.url, fog.id), 'hello');
  });

  it('is refused at another key, before a byte of the call is sent', async () => {
    await using rig = await serve();
    await assert.rejects(call(rig.url, other.id), {
      code: 'CRYPTO_OTHER_KEY',
      details: { host: rig.url.host, expected: other.id, seen: fog.id },
    });
    assert.equal(rig.requests, 0);
  });

  it('without a key needs a certificate of a known authority', async () => {
    await using rig = await serve();
    await assert.rejects(call(rig.url, undefined), { code: 'CRYPTO_UNTRUSTED' });
    assert.equal(rig.requests, 0);
  });

  it('fails with a reason where nothing speaks TLS', async () => {
    const server = http.createServer((_, answer) => answer.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const url = new URL(`https://127.0.0.1:${port}`);
      await assert.rejects(call(url, fog.id), /does not speak TLS/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
