import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { identityFromSeed } from '@fog/crypto';
import { silentLogger, utf8 } from '@fog/kernel';
import {
  MAX_LINK_WAIT_MS,
  MAX_OPEN_REQUESTS,
  MAX_WAITING_PACKETS,
} from '../../src/client/limits.ts';
import { createMixClient, type MeasuringClient } from '../../src/client/mix-client.ts';
import { NULL_SERVICE } from '../../src/gateway/services.ts';
import { idText } from '../../src/ids.ts';
import { createMemNetwork, type MemNetwork } from './mem-network.ts';
import { addressOf, freshFile, settle, startClient } from './start-client.ts';

const level = 'private';

function unstarted(network: MemNetwork): MeasuringClient {
  const identity = identityFromSeed(new Uint8Array(32).fill(90));
  return createMixClient(
    { identity, guardFile: freshFile('guards') },
    { ...network, logger: silentLogger },
  );
}

describe('refusals of the mix client', () => {
  it('refuses addresses that are none', async () => {
    const network = createMemNetwork({ seed: 80 });
    const alice = await startClient(network);
    const good = addressOf(alice);
    for (const to of [
      { ...good, id: 'short' },
      { ...good, relay: 'UPPER!' },
      { ...good, id: `${good.id}a` },
      { ...good, key: 'no key' },
      { ...good, key: good.key?.replace(/^./, (first) => (first === 'a' ? 'b' : 'a')) ?? '' },
      { ...good, id: idText(NULL_SERVICE) },
    ]) {
      await assert.rejects(alice.send(to, utf8('x'), { level }), { code: 'MIXNET_ADDRESS' });
      await assert.rejects(alice.request(to, utf8('x'), { level }), { code: 'MIXNET_ADDRESS' });
    }
    const unknown = { ...good, relay: 'a'.repeat(26) };
    await assert.rejects(settle(network, alice.send(unknown, utf8('x'), { level })), {
      code: 'MIXNET_NOT_A_RELAY',
    });
    await alice.stop();
  });

  it('says that there is no consensus, and survives its loss with loops under way', async () => {
    const network = createMemNetwork({ seed: 81 });
    const state: { current: ReturnType<MemNetwork['consensus']> | undefined } = {
      current: network.consensus(),
    };
    const directory = { ...network.directory, current: () => state.current };
    const alice = await startClient({ ...network, directory }, { cover: 'confidential' });
    const lost = alice.ping({ hops: 3, delayClass: 4 });
    await network.clock.advanceAsync(1);
    state.current = undefined;
    for (const relay of network.relays) relay.alive = false;
    await assert.rejects(settle(network, alice.ping({ hops: 3 })), { code: 'MIXNET_NO_CONSENSUS' });
    await assert.rejects(settle(network, lost), { code: 'MIXNET_NO_ANSWER' });
    await alice.stop();
  });

  it('gives up what finds no gateway, and says so', async () => {
    const network = createMemNetwork({ seed: 82 });
    for (const relay of network.relays) relay.alive = false;
    const alice = unstarted(network);
    assert.deepEqual(await alice.health(AbortSignal.timeout(1_000)), {
      state: 'degraded',
      detail: 'not started',
    });
    await alice.start(AbortSignal.timeout(1_000));
    const to = { relay: network.relays[0]?.id ?? '', id: idText(NULL_SERVICE) };
    const sent = settle(network, alice.send(to, utf8('x'), { level }), 2 * MAX_LINK_WAIT_MS);
    await assert.rejects(sent, { code: 'MIXNET_NO_GATEWAY' });
    await assert.rejects(settle(network, alice.ping({ hops: 1 })), {
      code: 'MIXNET_NO_ANSWER',
      details: { class: 'no-link' },
    });
    await alice.stop();
  });

  it('lets a caller give up', async () => {
    const network = createMemNetwork({ seed: 83 });
    const alice = await startClient(network);
    const nobody = { relay: addressOf(alice).relay, id: idText(NULL_SERVICE) };
    const giveUp = new AbortController();
    const options = { level, signal: giveUp.signal } as const;
    const waiting = [
      alice.request(nobody, utf8('x'), options),
      alice.ping({ hops: 3, delayClass: 4, signal: giveUp.signal }),
    ];
    const refused = waiting.map((each) => assert.rejects(each, { message: 'enough' }));
    await network.clock.advanceAsync(1);
    giveUp.abort(new Error('enough'));
    await Promise.all(refused);
    await assert.rejects(alice.request(nobody, utf8('x'), options), { message: 'enough' });
    await alice.stop();
  });

  it('bounds open requests and waiting packets', async () => {
    const network = createMemNetwork({ seed: 84 });
    const alice = unstarted(network);
    const to = { relay: network.relays[0]?.id ?? '', id: idText(NULL_SERVICE) };
    const requests = Array.from({ length: MAX_OPEN_REQUESTS }, () =>
      alice.request(to, utf8('x'), { level }),
    );
    const sends = Array.from({ length: MAX_WAITING_PACKETS - MAX_OPEN_REQUESTS }, () =>
      alice.send(to, utf8('x'), { level }),
    );
    const stopped = Promise.allSettled([...requests, ...sends]);
    await assert.rejects(alice.request(to, utf8('x'), { level }), { code: 'MIXNET_BUSY' });
    await assert.rejects(alice.send(to, utf8('x'), { level }), { code: 'MIXNET_BUSY' });
    await alice.stop();
    for (const result of await stopped) assert.equal(result.status, 'rejected');
  });

  it('answers once, and only through the gateway the request came by', async () => {
    const network = createMemNetwork({ seed: 85 });
    const [alice, bob] = [await startClient(network), await startClient(network)];
    const heard = Promise.withResolvers<(bytes: Uint8Array) => Promise<void>>();
    bob.onMessage((_, answer) => answer && heard.resolve(answer));
    const asked = alice.request(addressOf(bob), utf8('?'), { level });
    const answer = await settle(network, heard.promise);
    const before = addressOf(bob).relay;
    const gateway = network.relay(before);
    gateway.alive = false;
    gateway.gateway?.stop();
    const refused = assert.rejects(answer(utf8('!')), { code: 'MIXNET_ANSWER' });
    await network.clock.advanceAsync(1_000);
    await refused;
    await assert.rejects(answer(utf8('!')), { code: 'MIXNET_ANSWER', message: /answered already/ });
    const given = assert.rejects(asked);
    await Promise.all([alice.stop(), bob.stop()]);
    await given;
  });

  it('hears a listener fail without failing', async () => {
    const network = createMemNetwork({ seed: 86 });
    const [alice, bob] = [await startClient(network), await startClient(network)];
    bob.onMessage(() => {
      throw new Error('a bug of the application');
    });
    bob.onMessage((message, answer) => void answer?.(message));
    const asked = alice.request(addressOf(bob), utf8('x'), { level });
    assert.deepEqual(await settle(network, asked), utf8('x'));
    await Promise.all([alice.stop(), bob.stop()]);
  });
});
