import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { bearer, type FogFixture, rawCall, startFog } from '../fog-fixture.ts';
import { networkOf } from '../../src/auth/authenticate.ts';

const MAX_FAILED_LOGINS = 20;

let fog: FogFixture;

before(async () => {
  fog = await startFog();
});
after(() => fog[Symbol.asyncDispose]());

const call = (token: string): ReturnType<typeof rawCall> =>
  rawCall(fog.api.url, '/api/v1/jobs', { headers: bearer(token) });

describe('wrong tokens', () => {
  it('are refused, then not even looked at for the rest of the minute', async () => {
    await fog.client.jobs();
    for (let tried = 0; tried < MAX_FAILED_LOGINS; tried += 1) {
      assert.equal((await call(`fog_sk_${tried}`)).status, 401);
    }
    const late = await fog.credentials.issueToken('operator', 'late');
    for (const token of ['fog_sk_more', late]) {
      const { status, headers, body } = await call(token);
      assert.equal(status, 429);
      const seconds = Number(headers['retry-after']);
      assert.ok(seconds > 50 && seconds <= 60, `${seconds} s`);
      const { code, detail, retryable } = JSON.parse(body) as Record<string, unknown>;
      assert.equal(code, 'SERVER_TOO_MANY_FAILURES');
      assert.match(String(detail), /^Too many wrong tokens came from this address: 20 a minute/);
      assert.equal(retryable, true);
    }
    // A call without any guesses nothing, and a token that was right before is still.
    assert.equal((await rawCall(fog.api.url, '/api/v1/jobs')).status, 401);
    await fog.client.jobs();
    const events = fog.other.client.jobs();
    await assert.rejects(events, (error) => isFogError(error, 'SERVER_TOO_MANY_FAILURES'));
  });

  it('are counted by the network they come from', () => {
    const networks = {
      '127.0.0.1': '127.0.0.1',
      '::ffff:10.0.0.7': '10.0.0.7',
      '::1': '0:0:0:0',
      '2001:db8:1:2:3:4:5:6': '2001:db8:1:2',
      '2001:DB8:1:2::9': '2001:db8:1:2',
      '2001:db8::': '2001:db8:0:0',
      'fe80::1%eth0': 'fe80:0:0:0',
    };
    for (const [address, network] of Object.entries(networks)) {
      assert.equal(networkOf(address), network, address);
    }
  });
});
