/** The events socket of a coordinator that stands by: topics from what the leader tells all, jobs from the leader itself. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { silentLogger, systemClock } from '@fog/kernel';
import { type Live, openLive } from '@fog/live';
import { waitFor } from '@fog/testkit';
import { RawAgent } from '../agent-fixture.ts';
import { Reader } from '../events-reader.ts';
import { type FogFixture, override, startFog } from '../fog-fixture.ts';

let leader: FogFixture;
let standby: FogFixture;
let live: Live;
let leaderUrl = '';
let isShared = true;
const changes = new Set<() => void>();
const followed: string[] = [];

before(async () => {
  const memory = await openLive(
    { namespace: 'test' },
    { clock: systemClock, logger: silentLogger },
  );
  live = new Proxy(memory, {
    get: (target, key) => {
      if (key === 'isShared') return isShared;
      if (key === 'onShared') {
        return (listener: () => void) => {
          changes.add(listener);
          return () => changes.delete(listener);
        };
      }
      return Reflect.get(target, key, target) as unknown;
    },
  });
  leader = await startFog({
    live: () => live,
    coordinator: (real) =>
      override(real, {
        follow: async (...args) => {
          const end = await real.follow(...args);
          followed.push(args[1]);
          return end;
        },
      }),
  });
  leaderUrl = leader.api.url;
  standby = await startFog({
    live: () => live,
    coordinator: (real) =>
      override(real, {
        get leader() {
          return leaderUrl;
        },
      }),
  });
  // They would share a database: the operator of one is that of the other.
  const rows = await leader.store.db.selectFrom('credential').selectAll().execute();
  const own = rows.filter(({ account }) => account === 'operator');
  await standby.store.write((trx) => trx.insertInto('credential').values(own).execute());
});
after(async () => {
  await standby[Symbol.asyncDispose]();
  await leader[Symbol.asyncDispose]();
});

async function submit(): Promise<string> {
  const { content } = await leader.client.uploadBlob(new Uint8Array([0]));
  const spec = { runtime: 'wasm', module: content, moduleName: 'a.wasm' } as const;
  return (await leader.client.submit(spec)).id;
}

describe('the events socket of a coordinator that stands by', () => {
  it('tells what happens at the leader, to whom it may', async () => {
    using mine = new Reader(standby.api.url, leader.token);
    using theirs = new Reader(standby.api.url, standby.other.token);
    for (const reader of [mine, theirs]) {
      for (const topic of ['jobs', 'nodes', 'services']) {
        await reader.ask({ type: 'subscribe', topic });
      }
      await reader.seen('subscribed', 3);
    }
    const id = await submit();
    const [event] = await mine.seen('job-event');
    assert.equal(event?.type === 'job-event' && event.event.job, id);
    using agent = new RawAgent(leader.api.url);
    await agent.join((await leader.client.createJoinCode()).code);
    const [node] = await mine.seen('node');
    assert.equal(node?.type === 'node' && node.node.id, agent.identity.id);
    live.publish('news', '{"event":1}');
    live.publish('news', 'nonsense');
    await leader.client.cancel(id);
    await waitFor(
      'the end',
      () => mine.messages.filter(({ type }) => type === 'job-event').length > 1,
    );
    assert.deepEqual(
      theirs.messages.filter(({ type }) => type !== 'subscribed'),
      [],
    );
  });

  it('follows a job at the leader, and says what it says', async () => {
    const id = await submit();
    using reader = new Reader(standby.api.url, leader.token);
    await reader.ask({ type: 'follow', job: 'jaaaaaaaaaaaaa' });
    const [error] = await reader.seen('error');
    assert.ok(error?.type === 'error');
    await reader.ask({ type: 'follow', job: id });
    await waitFor('the leader to be asked', () => followed.includes(id));
    await leader.client.cancel(id);
    const [event] = await reader.seen('job-event');
    assert.equal(event?.type === 'job-event' && event.event.job, id);
  });

  it('sends its readers off when the leader does not answer', async () => {
    const id = await submit();
    using reader = new Reader(standby.api.url, leader.token);
    await once(reader.socket, 'open');
    leaderUrl = 'http://127.0.0.1:1';
    using lost = new Reader(standby.api.url, leader.token);
    const closed = once(lost.socket, 'close');
    await lost.ask({ type: 'follow', job: id });
    assert.equal((await closed)[0], 1012);
    leaderUrl = leader.api.url;
  });

  it('hands its readers on to the leader while the others are not heard', async () => {
    using reader = new Reader(standby.api.url, leader.token);
    await once(reader.socket, 'open');
    const closed = once(reader.socket, 'close');
    isShared = false;
    for (const tell of changes) tell();
    await closed;
    using again = new Reader(standby.api.url, leader.token);
    await again.ask({ type: 'subscribe', topic: 'jobs' });
    await again.seen('subscribed');
    const id = await submit();
    const [event] = await again.seen('job-event');
    assert.equal(event?.type === 'job-event' && event.event.job, id);
    isShared = true;
  });
});
