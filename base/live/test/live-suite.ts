/** What each live layer must do, the same in all: run in memory here, against Redis in `test/system`. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Live, type Membership } from '@fog/live';
import { waitFor } from '@fog/testkit';

/** Two of one fog: those of two processes, or twice the only one. */
export type OpenPair = () => Promise<readonly [Live, Live]>;

/** The sizes that `limits.ts` names. */
const MAX_MESSAGE_BYTES = 64 * 1024;
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

export function heard(live: Live, channel: string): { all: string[]; end(): void } {
  const all: string[] = [];
  return { all, end: live.subscribe(channel, (message) => all.push(message)) };
}

/** Until both have heard each other once: a subscription takes a moment to reach the server. */
export async function introduce(a: Live, b: Live, channel: string): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const listener = heard(to, channel);
    await waitFor('a first message', () => {
      if (listener.all.length > 0) return true;
      from.publish(channel, 'hello');
      return false;
    });
    listener.end();
  }
}

export const ids = (membership: Membership): string[] => membership.members.map(({ id }) => id);

const CASES: Readonly<Record<string, (openPair: OpenPair) => Promise<void>>> = {
  'brings every message once to every subscriber, in order': async (openPair) => {
    const [a, b] = await openPair();
    const [atA, atB] = [heard(a, 'news'), heard(b, 'news')];
    const [other, marker] = [heard(b, 'weather'), heard(b, 'end')];
    await introduce(a, b, 'ready');
    const sent = Array.from({ length: 300 }, (_, index) => `${index} "ä\n"`);
    for (const each of sent) a.publish('news', each);
    a.publish('end', '');
    await waitFor('the last message', () => marker.all.length === 1);
    await waitFor('all messages', () => atB.all.length >= sent.length);
    assert.deepEqual(atB.all, sent);
    await waitFor('the own messages', () => atA.all.length >= sent.length);
    assert.deepEqual(atA.all, sent);
    assert.deepEqual(other.all, []);
  },

  'brings nothing after the end of a subscription, and goes on for others': async (openPair) => {
    const [a, b] = await openPair();
    const [first, second] = [heard(b, 'news'), heard(b, 'news')];
    await introduce(a, b, 'ready');
    first.end();
    first.end();
    a.publish('news', 'one');
    await waitFor('the message', () => second.all.length === 1);
    assert.deepEqual(first.all, []);
    second.end();
    const third = heard(b, 'news');
    await waitFor('a message again', () => {
      a.publish('news', 'two');
      return third.all.length > 0;
    });
    assert.deepEqual(second.all, ['one']);
  },

  'survives a listener that throws': async (openPair) => {
    const [a, b] = await openPair();
    b.subscribe('news', () => {
      throw new Error('out of order');
    });
    const fine = heard(b, 'news');
    await introduce(a, b, 'ready');
    a.publish('news', 'one');
    await waitFor('the message', () => fine.all.length === 1);
  },

  'drops and counts what is too large or too much': async (openPair) => {
    const [a, b] = await openPair();
    const got = heard(b, 'news');
    await introduce(a, b, 'ready');
    a.publish('news', 'x'.repeat(MAX_MESSAGE_BYTES + 1));
    assert.equal(a.dropped, 1);
    const full = 'x'.repeat(MAX_MESSAGE_BYTES);
    const fitting = MAX_PENDING_BYTES / MAX_MESSAGE_BYTES;
    for (let sent = 0; sent < fitting + 5; sent += 1) a.publish('news', full);
    assert.equal(a.dropped, 6);
    await waitFor('what fits', () => got.all.length === fitting);
    await waitFor('room again', () => {
      const before = a.dropped;
      a.publish('news', 'small');
      return a.dropped === before;
    });
  },

  'lists members with their values until they leave': async (openPair) => {
    const [a, b] = await openPair();
    const one = await a.join('coordinators', { id: 'one', value: 'http://one' });
    assert.deepEqual(one.members, [{ id: 'one', value: 'http://one' }]);
    const two = await b.join('coordinators', { id: 'two', value: 'http://two' });
    assert.deepEqual(ids(two), ['one', 'two']);
    await waitFor('the second at the first', () => ids(one).length === 2);
    two.set('http://other');
    await waitFor('the new value', () => one.members[1]?.value === 'http://other');
    await b.join('others', { id: 'three', value: '' });
    assert.deepEqual(ids(one), ['one', 'two']);
    await two.leave();
    await two.leave();
    await waitFor('the leaving', () => ids(one).length === 1);
  },

  'counts together, in windows that end': async (openPair) => {
    const [a, b] = await openPair();
    assert.deepEqual(await a.read('door'), { count: 0, leftMs: 0 });
    assert.equal((await a.count('door', 60_000)).count, 1);
    assert.equal((await b.count('door', 60_000)).count, 2);
    assert.equal((await b.count('window', 60_000)).count, 1);
    const { count, leftMs } = await a.read('door');
    assert.equal(count, 2);
    assert.ok(leftMs > 0 && leftMs <= 60_000, `${leftMs} ms`);
    await a.count('short', 20);
    await waitFor('a window to end', async () => (await b.read('short')).count === 0);
    assert.equal((await a.count('short', 60_000)).count, 1);
  },

  'is healthy': async (openPair) => {
    const [a] = await openPair();
    assert.equal((await a.health()).state, 'healthy');
  },
};

export function liveSuite(openPair: OpenPair): void {
  for (const [name, run] of Object.entries(CASES)) void it(name, () => run(openPair));
}
