import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFogError, silentLogger, systemClock } from '@fog/kernel';
import { openLive } from '@fog/live';
import { VirtualClock } from '@fog/testkit';
import { liveSuite } from './live-suite.ts';

const deps = { clock: systemClock, logger: silentLogger };

describe('the live layer in memory', () => {
  liveSuite(async () => {
    const live = await openLive({ namespace: 'test' }, deps);
    await live.start();
    return [live, live];
  });

  it('reaches nobody else', async () => {
    const live = await openLive({ namespace: 'test' }, deps);
    assert.equal(live.isShared, false);
    assert.equal(live.place, 'memory');
    await live.stop();
  });

  it('forgets the oldest counter when there are too many', async () => {
    const clock = new VirtualClock();
    const live = await openLive({ namespace: 'test' }, { ...deps, clock });
    for (let at = 0; at <= 10_000; at += 1) await live.count(`address ${at}`, 60_000);
    assert.equal((await live.read('address 0')).count, 0);
    assert.equal((await live.read('address 1')).count, 1);
  });
});

describe('the address of the live layer', () => {
  const refused = {
    'https://cache.example.org': /form redis:\/\//,
    'redis://': /names no host/,
    'redis://cache.example.org/fog': /number of a database/,
    'redis://cache.example.org?db=1': /parameters/,
    nonsense: /form redis:\/\//,
  };
  for (const [url, why] of Object.entries(refused)) {
    it(`is not ${url}`, async () => {
      await assert.rejects(openLive({ url, namespace: 'test' }, deps), (error) => {
        assert.ok(isFogError(error, 'LIVE_URL'));
        assert.match(error.message, why);
        return true;
      });
    });
  }

  it('is never repeated: it may hold a password', async () => {
    const url = 'redis://:hunter2@cache.example.org/fog';
    await assert.rejects(openLive({ url, namespace: 'test' }, deps), ({ message }: Error) => {
      assert.doesNotMatch(message, /hunter2/);
      return true;
    });
    const live = await openLive({ url: 'rediss://:hunter2@[::1]:7/1', namespace: 'test' }, deps);
    assert.equal(live.place, 'Redis at [::1]:7');
    assert.equal((await live.health()).state, 'unknown');
  });
});
