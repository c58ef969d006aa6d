import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityFromSeed } from '@fog/crypto';
import { tempDir } from '@fog/testkit';
import { readFogAddress } from '@fog/wire';
import { DialList } from '../src/session/dial-list.ts';
import { openKnownFogs } from '../src/session/known-fogs.ts';
import { FakeCoordinator } from './fake-coordinator.ts';
import { rig } from './harness.ts';
import { waitFor } from './until.ts';

const ID = identityFromSeed(new Uint8Array(32).fill(1)).id;
const OTHER = identityFromSeed(new Uint8Array(32).fill(2)).id;

const dials = (text: string): DialList => {
  const { address } = readFogAddress(text);
  assert.ok(address);
  return new DialList(address);
};

test('addresses have their turn one after the other', () => {
  const list = dials(`https://${ID}@a.example:1,b.example:2`);
  const seen = [list.current.host];
  assert.equal(list.next(), false);
  seen.push(list.current.host);
  assert.equal(list.next(), true);
  assert.deepEqual([...seen, list.current.host], ['a.example:1', 'b.example:2', 'a.example:1']);
});

test('further addresses are learned, but none without TLS and none of another key', () => {
  const list = dials(`https://${ID}@a.example:1`);
  list.learn(['http://127.0.0.1:1', `https://${OTHER}@b.example:1`, 'nonsense']);
  assert.equal(list.size, 1);
  list.learn([`https://${ID}@b.example:2`, 'https://a.example:1']);
  assert.equal(list.size, 2);
  list.next();
  assert.equal(list.current.host, 'b.example:2');
});

test('a known fog completes an address with its key and further addresses', async () => {
  await using dir = await tempDir();
  const file = dir.file('known-fogs.json');
  const urlOf = (text: string): URL => new URL(text);
  const complete = async (text: string) => {
    const { address } = readFogAddress(text);
    assert.ok(address);
    const { fogId, urls } = (await openKnownFogs(file)).complete(address);
    return [fogId, ...urls.map(({ host }) => host)];
  };
  const known = await openKnownFogs(file);
  const others = [urlOf('https://b.example:2')];
  await known.remember({ fogId: ID, pinned: true, url: urlOf('https://a.example:1'), others });
  assert.deepEqual(await complete('https://a.example:1'), [ID, 'a.example:1', 'b.example:2']);
  assert.deepEqual(await complete('https://c.example:3'), [undefined, 'c.example:3']);

  // Another fog cannot take the address by naming it, only by being there.
  const claims = [urlOf('https://a.example:1')];
  await known.remember({
    fogId: OTHER,
    pinned: true,
    url: urlOf('https://x.example:9'),
    others: claims,
  });
  assert.deepEqual(await complete('https://a.example:1'), [ID, 'a.example:1', 'b.example:2']);
  await known.remember({
    fogId: OTHER,
    pinned: true,
    url: urlOf('https://a.example:1'),
    others: [],
  });
  assert.deepEqual(await complete('https://a.example:1'), [OTHER, 'a.example:1', 'x.example:9']);
});

test('an agent goes on to the next address when the first is dead', async () => {
  await using second = await FakeCoordinator.start();
  const first = await FakeCoordinator.start();
  await using r = await rig({ agent: { url: `${first.url},${second.url}` } });
  assert.equal(first.sessions.length, 1);
  await first[Symbol.asyncDispose]();
  await waitFor('the second', async () => {
    const { state } = await r.agent.health(AbortSignal.timeout(5_000));
    return state === 'healthy' && second.sessions.length > 0;
  });
});

test('an id in the address is compared with the key that is met', async () => {
  await using coordinator = await FakeCoordinator.start({ seed: 2 });
  const url = coordinator.url.replace('//', `//${ID}@`);
  await using r = await rig({ agent: { url }, start: false });
  await assert.rejects(r.agent.start(AbortSignal.timeout(10_000)), {
    code: 'AGENT_OTHER_FOG',
    details: { address: new URL(coordinator.url).host, known: ID, met: OTHER },
  });
  assert.equal(coordinator.sessions[0]?.hello, undefined);
});
