/** Requests, answers on SURBs, and conversations over real sockets and every length of route. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { randomFill } from '@fog/crypto';
import { fromUtf8, utf8 } from '@fog/kernel';
import { ECHO_SERVICE, idText, type MeasuringClient } from '@fog/mixnet';
import { waitFor } from '@fog/testkit';
import { type MixWorld, mixWorld } from './mix-world.ts';

const level = 'private';

describe('two clients that talk, on real sockets', () => {
  let world: MixWorld;
  let alice: MeasuringClient;
  let bob: MeasuringClient;
  before(async () => {
    world = await mixWorld();
    [alice, bob] = await Promise.all([world.client(1), world.client(2)]);
  });
  after(() => world[Symbol.asyncDispose]());

  it('ask and answer over 1, 3, 5 and 7 hops each way', async () => {
    for (const [asker, asked] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const stop = asked.onMessage((message, answer) => void answer?.(message.toReversed()));
      assert.ok(asked.address);
      for (const hops of [1, 3, 5, 7]) {
        const answer = await asker.request(asked.address, utf8(`over ${hops}`), { level, hops });
        assert.equal(fromUtf8(answer), `${hops} revo`);
      }
      stop();
    }
  });

  it('carry long messages and answers byte for byte', async () => {
    const long = new Uint8Array(150_000);
    randomFill(long);
    const stop = bob.onMessage((message, answer) => void answer?.(message.toReversed()));
    assert.ok(bob.address);
    const answer = await alice.request(bob.address, long, { level });
    assert.ok(Buffer.from(answer).equals(long.toReversed()));
    stop();
    const echo = { relay: world.relays[2]?.id ?? '', id: idText(ECHO_SERVICE) };
    const echoed = await alice.request(echo, long.subarray(0, 60_000), { level });
    assert.ok(Buffer.from(echoed).equals(long.subarray(0, 60_000)));
  });

  it('write back in a conversation without being asked', async () => {
    const heard: string[] = [];
    assert.ok(bob.address);
    const told = Promise.withResolvers<(bytes: Uint8Array) => Promise<void>>();
    const stop = bob.onMessage((_message, answer, write) => {
      if (write !== undefined) told.resolve(write);
      void answer?.(utf8('answered'));
    });
    const onMessage = (message: Uint8Array): void => void heard.push(fromUtf8(message));
    const talk = alice.converse(bob.address, { level, onMessage });
    await talk.send(utf8('hello'));
    const write = await told.promise;
    for (const word of ['one', 'two', 'three']) {
      // The first may come before the pool is there.
      await waitFor('a standing reply', () =>
        write(utf8(word)).then(
          () => true,
          () => false,
        ),
      );
    }
    await waitFor('all three', () => heard.length === 3);
    assert.deepEqual(heard.toSorted(), ['one', 'three', 'two']);
    assert.equal(fromUtf8(await talk.request(utf8('?'))), 'answered');
    talk.close();
    stop();
  });
});
