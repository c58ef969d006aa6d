import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromUtf8, isFogError, utf8 } from '@fog/kernel';
import { ECHO_SERVICE, NULL_SERVICE } from '../../src/gateway/services.ts';
import { idText } from '../../src/ids.ts';
import { createMemNetwork } from './mem-network.ts';
import { addressOf, settle, startClient } from './start-client.ts';

describe('mix client', () => {
  for (const hops of [1, 3, 5, 7]) {
    it(`sends and is answered over ${hops} hops`, async () => {
      const network = createMemNetwork({ seed: hops });
      const [alice, bob] = [await startClient(network), await startClient(network)];
      bob.onMessage((message, answer) => {
        void answer?.(utf8(`${fromUtf8(message)}, heard`));
      });
      const options = { level: 'private', hops } as const;
      const answer = await settle(network, alice.request(addressOf(bob), utf8('hello'), options));
      assert.equal(fromUtf8(answer), 'hello, heard');
      const got = Promise.withResolvers<Uint8Array>();
      alice.onMessage((message) => got.resolve(message));
      await settle(network, bob.send(addressOf(alice), utf8('back'), options));
      assert.equal(fromUtf8(await settle(network, got.promise)), 'back');
      assert.ok(network.relays.every(({ seen }) => seen.every((verdict) => verdict === 'ok')));
      await Promise.all([alice.stop(), bob.stop()]);
    });
  }

  it('carries long messages and answers in fragments', async () => {
    const network = createMemNetwork({ seed: 20 });
    const [alice, bob] = [await startClient(network), await startClient(network)];
    const long = new Uint8Array(50_000).map((_, index) => index % 251);
    bob.onMessage((message, answer) => void answer?.(message.toReversed()));
    const answer = await settle(network, alice.request(addressOf(bob), long, { level: 'private' }));
    assert.deepEqual(answer, long.toReversed());
    await Promise.all([alice.stop(), bob.stop()]);
  });

  it('asks for the rest of an answer that is longer than its SURBs', async () => {
    const network = createMemNetwork({ seed: 21 });
    const [alice, bob] = [await startClient(network), await startClient(network)];
    const long = new Uint8Array(40_000).map((_, index) => index % 241);
    bob.onMessage((_, answer) => void answer?.(long));
    const answer = await settle(
      network,
      alice.request(addressOf(bob), utf8('?'), { level: 'private' }),
    );
    assert.deepEqual(answer, long);
    await Promise.all([alice.stop(), bob.stop()]);
  });

  it('sends again with new SURBs until the answer is there, and hands the request on once', async () => {
    const network = createMemNetwork({ seed: 22 });
    const [alice, bob] = [await startClient(network), await startClient(network)];
    let heard = 0;
    bob.onMessage((message, answer) => {
      heard += 1;
      void answer?.(message);
    });
    // Four packets are lost, wherever they pass: one less than there are attempts.
    let dropped = 0;
    for (const relay of network.relays.slice(4)) relay.drops = () => (dropped += 1) <= 4;
    const options = { level: 'private' } as const;
    for (const text of ['one', 'two', 'three', 'four', 'five', 'six']) {
      const answer = await settle(network, alice.request(addressOf(bob), utf8(text), options));
      assert.equal(fromUtf8(answer), text);
    }
    assert.equal(heard, 6);
    assert.ok(network.metrics.total('fog_mixnet_client_losses_total', { class: 'lost' }) > 0);
    await Promise.all([alice.stop(), bob.stop()]);
  });

  it('gives up after its attempts and says what was lost', async () => {
    const network = createMemNetwork({ seed: 23 });
    const alice = await startClient(network);
    const nobody = { relay: addressOf(alice).relay, id: idText(NULL_SERVICE) };
    const asked = alice.request(nobody, utf8('anyone?'), { level: 'private' });
    await assert.rejects(settle(network, asked), (error) => {
      assert.ok(isFogError(error, 'MIXNET_NO_ANSWER'));
      assert.deepEqual(error.details['losses'], Array(5).fill('lost'));
      return true;
    });
    await alice.stop();
  });

  it('is answered by the echo service of a relay', async () => {
    const network = createMemNetwork({ seed: 24 });
    const alice = await startClient(network);
    const other = network.relays.find(({ id, gateway }) => gateway && id !== alice.address?.relay);
    const echo = { relay: other?.id ?? '', id: idText(ECHO_SERVICE) };
    const long = new Uint8Array(5_000).fill(7);
    for (const message of [utf8('echo'), long]) {
      const answer = await settle(network, alice.request(echo, message, { level: 'confidential' }));
      assert.deepEqual(answer, message);
    }
    await alice.stop();
  });

  it('pings with loops of 1 to 7 hops and reports the delay classes', async () => {
    const network = createMemNetwork({ seed: 25, latencyMs: 2 });
    const alice = await startClient(network);
    for (const hops of [1, 3, 5, 7]) {
      const ping = await settle(network, alice.ping({ hops, delayClass: 2 }));
      assert.equal(ping.hops.length, hops);
      assert.ok(ping.rttMs >= 2 * (hops - 1));
      assert.ok(ping.hops.every(({ delayClass }) => delayClass === 2));
      const [first, last] = [ping.hops[0], ping.hops.at(-1)];
      assert.equal(first?.relay, addressOf(alice).relay);
      assert.equal(last?.relay, addressOf(alice).relay);
    }
    await alice.stop();
  });

  it('says of a lost ping that it was lost, and of a slow one that it was late', async () => {
    const network = createMemNetwork({ seed: 26 });
    const alice = await startClient(network);
    const home = network.relay(addressOf(alice).relay);
    home.drops = () => true;
    await assert.rejects(settle(network, alice.ping({ hops: 1 })), { code: 'MIXNET_NO_ANSWER' });
    home.drops = () => false;
    home.delayMs = () => 1_500;
    await assert.rejects(settle(network, alice.ping({ hops: 1 })), (error) => {
      assert.ok(isFogError(error, 'MIXNET_NO_ANSWER'));
      assert.equal(error.details['class'], 'late');
      return true;
    });
    await alice.stop();
  });

  it('routes round a relay that died', async () => {
    const network = createMemNetwork({ seed: 27 });
    const [alice, bob] = [await startClient(network), await startClient(network)];
    bob.onMessage((message, answer) => void answer?.(message));
    const dead = network.relays[7];
    assert.ok(dead);
    dead.alive = false;
    for (let round = 0; round < 20; round += 1) {
      const text = `round ${round}`;
      const asked = alice.request(addressOf(bob), utf8(text), { level: 'confidential' });
      assert.equal(fromUtf8(await settle(network, asked)), text);
    }
    await Promise.all([alice.stop(), bob.stop()]);
  });

  it('moves to another guard when its gateway dies, and back to work', async () => {
    const network = createMemNetwork({ seed: 28 });
    const alice = await startClient(network);
    const first = addressOf(alice).relay;
    const gateway = network.relay(first);
    gateway.alive = false;
    gateway.gateway?.stop();
    // A loop may still meet the dead one on its way: the next takes another.
    const pings = [1, 2, 3, 4].map(() => alice.ping({ hops: 3 }));
    const results = await settle(network, Promise.allSettled(pings));
    assert.ok(results.some(({ status }) => status === 'fulfilled'));
    assert.notEqual(addressOf(alice).relay, first);
    await alice.stop();
  });

  it('works on across the ends of key epochs', async () => {
    const network = createMemNetwork({ seed: 29, epochMs: 20_000 });
    const [alice, bob] = [await startClient(network), await startClient(network)];
    bob.onMessage((message, answer) => void answer?.(message));
    for (let epoch = 0; epoch < 3; epoch += 1) {
      await network.clock.advanceAsync(20_000 - (network.clock.now() % 20_000) - 40);
      const asked = alice.request(addressOf(bob), utf8('over'), { level: 'secret' });
      await settle(network, asked);
      network.publish();
    }
    assert.equal(network.metrics.total('fog_mixnet_client_losses_total'), 0);
    await Promise.all([alice.stop(), bob.stop()]);
  });

  it('names level, need and have when there are too few relays', async () => {
    const network = createMemNetwork({ seed: 30, relays: 3, gateways: 2 });
    const alice = await startClient(network);
    const to = { relay: addressOf(alice).relay, id: idText(NULL_SERVICE) };
    await assert.rejects(
      settle(network, alice.send(to, utf8('x'), { level: 'secret' })),
      (error) => {
        assert.ok(isFogError(error, 'MIXNET_TOO_FEW_RELAYS'));
        assert.match(error.message, /level secret.*needs 4.*has 3/);
        return true;
      },
    );
    await alice.stop();
  });

  it('ends what waits when it stops', async () => {
    const network = createMemNetwork({ seed: 31 });
    const alice = await startClient(network);
    const to = { relay: addressOf(alice).relay, id: idText(NULL_SERVICE) };
    const asked = alice.request(to, utf8('x'), { level: 'private' });
    const refused = assert.rejects(asked, { code: 'MIXNET_STOPPED' });
    await network.clock.advanceAsync(10);
    await alice.stop();
    await refused;
    await assert.rejects(alice.send(to, utf8('x'), { level: 'private' }), {
      code: 'MIXNET_STOPPED',
    });
  });
});
