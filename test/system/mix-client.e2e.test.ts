import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { fromUtf8, utf8 } from '@fog/kernel';
import { ECHO_SERVICE, idText, type MeasuringClient, PRIVACY_LEVELS } from '@fog/mixnet';
import { type MixWorld, mixWorld } from './mix-world.ts';

describe('two clients over 3 authorities and 9 relays, on real sockets', () => {
  let world: MixWorld;
  let alice: MeasuringClient;
  let bob: MeasuringClient;
  const threads: Worker[] = [];
  before(async () => {
    const seen = (thread: Worker): void => void threads.push(thread);
    process.on('worker', seen);
    world = await mixWorld();
    process.off('worker', seen);
    [alice, bob] = await Promise.all([world.client(1), world.client(2)]);
    bob.onMessage((message, answer) => void answer?.(utf8(`${fromUtf8(message)}!`)));
  });
  after(() => world[Symbol.asyncDispose]());

  const ask = async (text: string, level: (typeof PRIVACY_LEVELS)[number]): Promise<string> => {
    assert.ok(bob.address);
    return fromUtf8(await alice.request(bob.address, utf8(text), { level }));
  };

  it('carries a message and its answer at each level', async () => {
    for (const level of PRIVACY_LEVELS) assert.equal(await ask(level, level), `${level}!`);
  });

  it('carries a message over 1, 3, 5 and 7 hops', async () => {
    assert.ok(bob.address);
    for (const hops of [1, 3, 5, 7]) {
      const heard = Promise.withResolvers<string>();
      const stop = bob.onMessage((message) => heard.resolve(fromUtf8(message)));
      await alice.send(bob.address, utf8(`over ${hops}`), { level: 'private', hops });
      assert.equal(await heard.promise, `over ${hops}`);
      stop();
    }
  });

  it('pings through 1, 3, 5 and 7 hops', async () => {
    for (const hops of [1, 3, 5, 7]) {
      const ping = await alice.ping({ hops });
      assert.equal(ping.hops.length, hops);
      assert.ok(ping.rttMs > 0);
    }
  });

  it('is echoed by a service of a relay', async () => {
    const relay = world.relays[1]?.id ?? '';
    const echo = { relay, id: idText(ECHO_SERVICE) };
    const long = new Uint8Array(20_000).fill(3);
    assert.deepEqual(await alice.request(echo, long, { level: 'private' }), long);
  });

  it('goes on when the peel thread of its relays ends mid-traffic', async () => {
    const texts = Array.from({ length: 24 }, (_, index) => `message ${index}`);
    const asked = texts.map(async (text, index) => {
      if (index === 8) await threads.at(-1)?.terminate();
      return ask(text, 'private');
    });
    assert.deepEqual(
      await Promise.all(asked),
      texts.map((text) => `${text}!`),
    );
    assert.equal(threads.length, 1);
    const { state, detail = '' } = world.pool.health();
    assert.equal(state, 'healthy');
    const lost = /was started again, once so far; (\d+) packets were dropped/.exec(detail);
    const dropped = world.relays.map((relay) => relay.status().packets.dropped['peel-thread'] ?? 0);
    assert.equal(
      dropped.reduce((sum, each) => sum + each, 0),
      Number(lost?.[1]),
    );
  });

  it('routes round a relay that is killed mid-traffic', async () => {
    const middle = world.relays[8];
    assert.ok(middle);
    const texts = Array.from({ length: 24 }, (_, index) => `message ${index}`);
    const asked = texts.map(async (text, index) => {
      if (index === 8) await world.kill(middle.id);
      return ask(text, 'private');
    });
    assert.deepEqual(
      await Promise.all(asked),
      texts.map((text) => `${text}!`),
    );
    for (let round = 0; round < 8; round += 1) {
      assert.equal(await ask(`round ${round}`, 'private'), `round ${round}!`);
    }
  });

  it('moves to another gateway when its own is killed', async () => {
    assert.ok(alice.address);
    const old = alice.address.relay;
    await world.kill(old);
    // A loop may still meet a dead relay on its way: the next takes another.
    let home = false;
    for (let tries = 0; !home && tries < 12; tries += 1) {
      home = await alice.ping({ hops: 3 }).then(
        () => true,
        () => false,
      );
    }
    assert.ok(home);
    assert.notEqual(alice.address.relay, old);
  });
});
