import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { createPeerAgent } from '@fog/crypto/tls';
import { createClient } from '@fog/server/client';
import { listenSecurely } from '../../src/http/secure-listeners.ts';
import { type FogFixture, startFog } from '../fog-fixture.ts';

const LOCAL = { host: '127.0.0.1', port: 0 } as const;

let fog: FogFixture;
before(async () => {
  fog = await startFog({ listen: { addresses: [LOCAL, LOCAL], public: [] } });
});
after(() => fog[Symbol.asyncDispose]());

async function statusWith(address: string, host: string): Promise<number | undefined> {
  const url = new URL(address);
  const agent = createPeerAgent(new URL(url.origin), fog.identity.id);
  const request = http.get({
    agent,
    protocol: 'https:',
    host: url.hostname,
    port: url.port,
    path: '/health/live',
    headers: { host },
  });
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

describe('the API on further addresses', () => {
  it('is called by TLS with the key that its addresses name', async () => {
    const { addresses } = fog.api;
    assert.equal(addresses.length, 2);
    for (const url of addresses) {
      assert.match(url, new RegExp(`^https://${fog.identity.id}@127\\.0\\.0\\.1:\\d+$`));
      const client = createClient({ url, token: fog.token });
      assert.deepEqual((await client.status()).addresses, addresses);
    }
  });

  it('answers to its own names alone', async () => {
    const [address = ''] = fog.api.addresses;
    assert.equal(await statusWith(address, new URL(address).host), 200);
    assert.equal(await statusWith(address, 'evil.example'), 421);
  });

  it('cuts no upload because of how long it takes', async () => {
    const listeners = await listenSecurely([LOCAL], fog.identity.certificate(), () => {});
    await listeners.close();
    assert.equal(listeners.servers[0]?.requestTimeout, 0);
  });

  it('refuses a certificate that is none', async () => {
    const certificate = { key: 'no key', certificate: 'no certificate' };
    const listening = listenSecurely([LOCAL], certificate, () => {});
    await assert.rejects(listening, { code: 'SERVER_CERTIFICATE' });
  });
});

describe('a client with several addresses', () => {
  it('takes the first that is the fog', async () => {
    const [address = ''] = fog.api.addresses;
    const { host } = new URL(address);
    const list = `https://${fog.identity.id}@127.0.0.1:1,${host}`;
    const client = createClient({ url: list, token: fog.token });
    assert.equal((await client.status()).fogId, fog.identity.id);
    assert.equal(client.url, list);
  });
});
