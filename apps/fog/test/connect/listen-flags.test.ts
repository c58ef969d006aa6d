import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readListen } from '../../src/connect/listen-flags.ts';

const NONE = { listen: [], public: [], 'tls-cert': undefined, 'tls-key': undefined };

describe('readListen', () => {
  it('reads addresses and names; a name without a port has that of the first address', async () => {
    assert.equal(await readListen(NONE), undefined);
    const read = await readListen({
      ...NONE,
      listen: ['0.0.0.0:7700', '[::1]:7701'],
      public: ['Fog.example', 'x:1'],
    });
    assert.deepEqual(read, {
      addresses: [
        { host: '0.0.0.0', port: 7700 },
        { host: '[::1]', port: 7701 },
      ],
      public: [
        { host: 'fog.example', port: 7700 },
        { host: 'x', port: 1 },
      ],
    });
  });

  it('refuses what is no address, and flags that mean nothing alone', async () => {
    const wrong = { code: 'FOG_USAGE' };
    for (const listen of ['7700', 'host', 'host:', 'host:70000', 'http://host:1', 'a b:1', ':1']) {
      await assert.rejects(readListen({ ...NONE, listen: [listen] }), wrong, listen);
    }
    await assert.rejects(readListen({ ...NONE, public: ['fog.example'] }), wrong);
    await assert.rejects(readListen({ ...NONE, listen: ['0.0.0.0:1'], 'tls-cert': 'x' }), wrong);
    const files = { 'tls-cert': '/nowhere/c', 'tls-key': '/nowhere/k' };
    await assert.rejects(readListen({ ...NONE, listen: ['0.0.0.0:1'], ...files }), wrong);
  });
});
