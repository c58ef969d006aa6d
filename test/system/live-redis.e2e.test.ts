/** The live layer against a real Redis: the suite of all, and what happens when the server goes away. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { silentLogger, systemClock } from '@fog/kernel';
import { type Live, openLive } from '@fog/live';
import { waitFor } from '@fog/testkit';
import { type RedisServer, startRedis } from '@fog/testkit/servers';
import { heard, ids, introduce, liveSuite } from '../../base/live/test/live-suite.ts';

/** Members that fall silent are gone soon enough for a test. */
const PRESENCE_TTL_MS = 2_000;

let server: RedisServer;
let fogs = 0;
const stack = new AsyncDisposableStack();

before(async () => {
  server = stack.use(await startRedis());
});
after(() => stack.disposeAsync());

async function open(namespace: string, url = server.url): Promise<Live> {
  const live = await openLive(
    { url, namespace, presenceTtlMs: PRESENCE_TTL_MS },
    { clock: systemClock, logger: silentLogger },
  );
  stack.defer(() => live.stop());
  await live.start();
  return live;
}

async function pair(): Promise<readonly [Live, Live]> {
  fogs += 1;
  return [await open(`fog${fogs}`), await open(`fog${fogs}`)];
}

const shared = (live: Live, expected: boolean): Promise<boolean> =>
  waitFor(`shared: ${expected}`, () => live.isShared === expected);

describe('the live layer on Redis', () => {
  liveSuite(pair);

  it('keeps fogs on one server apart', async () => {
    const [[a], [b]] = [await pair(), await pair()];
    const got = heard(b, 'news');
    await a.join('coordinators', { id: 'a', value: '' });
    const there = await b.join('coordinators', { id: 'b', value: '' });
    await a.count('door', 60_000);
    a.publish('news', 'for one fog');
    await introduce(a, a, 'ready');
    assert.deepEqual(ids(there), ['b']);
    assert.equal((await b.read('door')).count, 0);
    assert.deepEqual(got.all, []);
  });

  it('takes a member that fell silent off the list', async () => {
    const [a, b] = await pair();
    const one = await a.join('coordinators', { id: 'one', value: '' });
    // It announces itself once: nothing of it was started, so nothing repeats it.
    const silent = await openLive(
      { url: server.url, namespace: `fog${fogs}`, presenceTtlMs: PRESENCE_TTL_MS },
      { clock: { ...systemClock, every: () => () => {} }, logger: silentLogger },
    );
    await silent.start();
    await silent.join('coordinators', { id: 'silent', value: '' });
    await b.join('coordinators', { id: 'two', value: '' });
    await waitFor('three', () => ids(one).length === 3);
    await waitFor('two', () => ids(one).length === 2);
    assert.deepEqual(ids(one), ['one', 'two']);
    await silent.stop();
  });

  it('starts without the server, says so, and joins in when it is there', async () => {
    await server.stop();
    const [a, b] = await pair();
    const health = await a.health();
    assert.equal(health.state, 'degraded');
    assert.match(
      health.detail ?? '',
      /^Redis at 127\.0\.0\.1:\d+ cannot be used since \d{4}-.*Z \(.*ECONNREFUSED.*\).*FOG_LIVE\.$/,
    );
    const got = heard(b, 'news');
    const one = await a.join('coordinators', { id: 'one', value: '' });
    const two = await b.join('coordinators', { id: 'two', value: '' });
    assert.deepEqual([ids(one), ids(two)], [['one'], ['two']]);
    await server.start();
    await Promise.all([shared(a, true), shared(b, true)]);
    await waitFor('each other', () => ids(one).length + ids(two).length === 4);
    await introduce(a, b, 'ready');
    a.publish('news', 'one');
    await waitFor('the message', () => got.all.length === 1);
    assert.equal((await a.health()).state, 'healthy');
  });

  it('goes on alone when the server is killed, and recovers all when it is back', async () => {
    const [a, b] = await pair();
    const got = heard(b, 'news');
    const one = await a.join('coordinators', { id: 'one', value: '' });
    await b.join('coordinators', { id: 'two', value: '' });
    await waitFor('each other', () => ids(one).length === 2);
    assert.equal((await b.count('door', 60_000)).count, 1);
    let changes = 0;
    const endChanges = a.onShared(() => (changes += 1));
    await server.kill();
    await Promise.all([shared(a, false), shared(b, false)]);
    assert.equal((await a.health()).state, 'degraded');
    // Alone: messages stay here, counters begin anew, the others are as last heard.
    const own = heard(a, 'news');
    a.publish('news', 'to myself');
    await waitFor('the own message', () => own.all.length === 1);
    assert.equal((await a.count('door', 60_000)).count, 1);
    assert.deepEqual(ids(one), ['one', 'two']);
    assert.deepEqual(got.all, []);
    await server.start();
    await Promise.all([shared(a, true), shared(b, true)]);
    await introduce(a, b, 'ready');
    await introduce(b, b, 'news');
    a.publish('news', 'to all');
    await waitFor('the message', () => got.all.includes('to all'));
    await waitFor('each other again', () => ids(one).length === 2);
    endChanges();
    assert.equal(changes, 2);
  });

  it('hangs on nothing while the server is frozen', async () => {
    const [a] = await pair();
    server.freeze();
    try {
      assert.equal((await a.count('door', 60_000)).count, 1);
      assert.equal(a.isShared, false);
      const health = await a.health();
      assert.match(health.detail ?? '', /no answer in 2 s/);
      const late = await open('late');
      assert.equal((await late.health()).state, 'degraded');
    } finally {
      server.thaw();
    }
    await shared(a, true);
  });

  it('degrades on a wrong password, which it never says', async () => {
    const url = server.url.replace(server.password, 'hunter2');
    const live = await open('wrong', url);
    const { state, detail } = await live.health();
    assert.equal(state, 'degraded');
    assert.match(detail ?? '', /WRONGPASS/);
    assert.doesNotMatch(detail ?? '', /hunter2/);
  });

  it('stops whatever the server does', async () => {
    const [a, b] = await pair();
    await a.join('coordinators', { id: 'a', value: '' });
    await b.join('coordinators', { id: 'b', value: '' });
    await server.kill();
    await a.stop();
    await a.stop();
    await server.start();
    await shared(b, true);
    await b.stop();
    assert.equal(b.isShared, false);
  });
});
