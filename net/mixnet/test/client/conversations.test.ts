import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromUtf8, isFogError, utf8 } from '@fog/kernel';
import { PACKET, SURB_BYTES, surbEpochByte } from '@fog/sphinx';
import { VirtualClock } from '@fog/testkit';
import { MAX_CONVERSATIONS, MAX_SURB_POOLS, POOL_HALF } from '../../src/client/limits.ts';
import type { WriteBack } from '../../src/client/mix-client-api.ts';
import type { MeasuringClient } from '../../src/client/mix-client.ts';
import { createSurbPools } from '../../src/client/surb-pools.ts';
import { createMemNetwork, type MemNetwork } from './mem-network.ts';
import { addressOf, settle, startClient } from './start-client.ts';

const level = 'private';

async function two(network: MemNetwork): Promise<[MeasuringClient, MeasuringClient]> {
  return [await startClient(network), await startClient(network)];
}

function writerOf(client: MeasuringClient): Promise<WriteBack> {
  const { promise, resolve } = Promise.withResolvers<WriteBack>();
  client.onMessage((_message, _answer, write) => write && resolve(write));
  return promise;
}

/** Writes until the pool is empty; how often that went well. */
async function writeAll(network: MemNetwork, write: WriteBack): Promise<number> {
  let sent = 0;
  const { promise, resolve } = Promise.withResolvers<unknown>();
  while (sent < 10 * POOL_HALF) {
    const went = await settle(
      network,
      write(utf8('x')).then(
        () => true,
        (error: unknown) => (resolve(error), false),
      ),
    );
    if (!went) break;
    sent += 1;
  }
  const error = await settle(network, promise);
  assert.ok(isFogError(error, 'MIXNET_ANSWER'));
  assert.match(error.message, /1 single-use replies are needed and 0 are there/);
  return sent;
}

describe('conversations', () => {
  it('let the peer write back at any time, over the ends of key epochs', async () => {
    const network = createMemNetwork({ seed: 90, epochMs: 120_000 });
    const [alice, bob] = await two(network);
    const heard: string[] = [];
    const onMessage = (message: Uint8Array): void => {
      heard.push(fromUtf8(message));
      if (heard.length === 1) throw new Error('a bug of the application');
    };
    const talk = alice.converse(addressOf(bob), { level, onMessage });
    const writer = writerOf(bob);
    await settle(network, talk.send(utf8('hello')));
    const write = await settle(network, writer);
    const said: string[] = [];
    for (let minute = 0; minute < 10; minute += 1) {
      await network.clock.advanceAsync(60_000 - 1_500);
      said.push(`minute ${minute}`);
      await settle(network, write(utf8(`minute ${minute}`)));
      await network.clock.advanceAsync(1_450);
      if (minute % 2 === 1) network.publish();
    }
    assert.deepEqual(heard, said);
    assert.ok(network.relays.every(({ seen }) => seen.every((verdict) => verdict === 'ok')));
    talk.close();
    await Promise.all([alice.stop(), bob.stop()]);
  });

  it('carry longer answers without asking for their rest', async () => {
    const network = createMemNetwork({ seed: 91 });
    const [alice, bob] = await two(network);
    const long = new Uint8Array(20_000).map((_, index) => index % 241);
    bob.onMessage((_, answer) => void answer?.(long));
    const talk = alice.converse(addressOf(bob), { level, onMessage: () => {} });
    await network.clock.advanceAsync(1_000);
    assert.deepEqual(await settle(network, talk.request(utf8('?'))), long);
    const fetched = network.metrics.total('fog_mixnet_client_items_total', { result: 'fetch' });
    assert.equal(fetched, 0);
    await Promise.all([alice.stop(), bob.stop()]);
  });

  it('say that the pool is empty, and go on when it is renewed', async () => {
    const network = createMemNetwork({ seed: 92 });
    const [alice, bob] = await two(network);
    let heard = 0;
    const talk = alice.converse(addressOf(bob), { level, onMessage: () => (heard += 1) });
    const writer = writerOf(bob);
    await settle(network, talk.send(utf8('hello')));
    const write = await settle(network, writer);
    await network.clock.advanceAsync(1_000);
    const sent = await writeAll(network, write);
    assert.ok(sent >= POOL_HALF);
    await network.clock.advanceAsync(60_000);
    await settle(network, write(utf8('x')));
    await network.clock.advanceAsync(1_000);
    assert.equal(heard, sent + 1);
    talk.close();
    await network.clock.advanceAsync(1_000);
    const before = network.metrics.total('fog_mixnet_client_items_total', { result: 'pool' });
    await network.clock.advanceAsync(120_000);
    await settle(network, write(utf8('x')));
    await network.clock.advanceAsync(1_000);
    assert.equal(heard, sent + 1, 'nothing is heard after the end');
    const after = network.metrics.total('fog_mixnet_client_items_total', { result: 'pool' });
    assert.equal(after, before);
    await Promise.all([alice.stop(), bob.stop()]);
  });

  it('renew their pool as often when it is used as when it is not', async () => {
    const packets = await Promise.all(
      [false, true].map(async (used) => {
        const network = createMemNetwork({ seed: 93 });
        const [alice, bob] = await two(network);
        const talk = alice.converse(addressOf(bob), { level, onMessage: () => {} });
        const writer = writerOf(bob);
        await settle(network, talk.send(utf8('hello')));
        const write = await settle(network, writer);
        for (let minute = 0; minute < 10; minute += 1) {
          await network.clock.advanceAsync(58_000);
          if (used) await settle(network, write(utf8('x')));
          await network.clock.advanceAsync(2_000);
        }
        await Promise.all([alice.stop(), bob.stop()]);
        return network.metrics.total('fog_mixnet_client_items_total', { result: 'pool' });
      }),
    );
    for (const count of packets)
      assert.ok(Math.abs(count - 8 - 60) < 4 * Math.sqrt(60), `${count}`);
  });

  it('move their pool when the gateway of its maker dies', async () => {
    const network = createMemNetwork({ seed: 94 });
    const [alice, bob] = await two(network);
    let heard = 0;
    const talk = alice.converse(addressOf(bob), { level, onMessage: () => (heard += 1) });
    const writer = writerOf(bob);
    await settle(network, talk.send(utf8('hello')));
    const write = await settle(network, writer);
    const gateway = network.relay(addressOf(alice).relay);
    if (gateway.id !== addressOf(bob).relay) {
      gateway.alive = false;
      gateway.gateway?.stop();
    }
    await network.clock.advanceAsync(10_000);
    assert.ok((await writeAll(network, write)) > 0);
    await network.clock.advanceAsync(1_000);
    assert.ok(heard > 0);
    await Promise.all([alice.stop(), bob.stop()]);
  });

  it('are bounded in number', async () => {
    const network = createMemNetwork({ seed: 95 });
    const [alice, bob] = await two(network);
    const open = (): ReturnType<MeasuringClient['converse']> =>
      alice.converse(addressOf(bob), { level, onMessage: () => {} });
    const talks = Array.from({ length: MAX_CONVERSATIONS }, open);
    assert.throws(open, { code: 'MIXNET_BUSY', message: /8 conversations are open/ });
    talks[0]?.close();
    open();
    await Promise.all([alice.stop(), bob.stop()]);
  });
});

describe('SURB pools', () => {
  const EPOCH_MS = 100_000;
  const surbOf = (epoch: number, mark = 0): Uint8Array => {
    const surb = new Uint8Array(SURB_BYTES).fill(mark);
    surb[16 + PACKET.epoch] = epoch;
    assert.equal(surbEpochByte(surb), epoch % 256);
    return surb;
  };
  const id = new Uint8Array(8).fill(1);

  it('keep half for this epoch and half for the next, the newest of each', () => {
    const clock = new VirtualClock(500 * EPOCH_MS + EPOCH_MS / 2);
    const pools = createSurbPools(clock, () => EPOCH_MS);
    for (let each = 0; each < 3 * POOL_HALF; each += 1) {
      pools.add(id, [surbOf(500, each), surbOf(501, each), surbOf(502), surbOf(499)]);
    }
    assert.equal(pools.ready(id), POOL_HALF);
    assert.equal(pools.take(id, 1)[0]?.[0], 2 * POOL_HALF);
    assert.equal(pools.ready(id), POOL_HALF - 1);
    clock.advance(EPOCH_MS / 2 - EPOCH_MS / 10);
    assert.equal(pools.ready(id), 2 * POOL_HALF - 1, 'near the end those of the next are good too');
    clock.advance(EPOCH_MS / 5);
    pools.expire();
    assert.equal(pools.ready(id), 2 * POOL_HALF - 1, 'and after it those of the last');
    clock.advance(EPOCH_MS / 2);
    pools.expire();
    assert.equal(pools.take(id, 100).length, POOL_HALF);
    clock.advance(2 * EPOCH_MS);
    pools.expire();
    assert.equal(pools.size, 0);
  });

  it('are bounded in number, those not renewed for longest go first', () => {
    const clock = new VirtualClock(500 * EPOCH_MS);
    const state: { epochMs: number | undefined } = { epochMs: EPOCH_MS };
    const pools = createSurbPools(clock, () => state.epochMs);
    const first = new Uint8Array(8).fill(200);
    pools.add(first, [surbOf(500)]);
    pools.add(id, [surbOf(500)]);
    for (let other = 2; other <= MAX_SURB_POOLS; other += 1) {
      pools.add(first, [surbOf(500)]);
      pools.add(new Uint8Array(8).fill(other), [surbOf(500)]);
    }
    assert.deepEqual([pools.size, pools.ready(id)], [MAX_SURB_POOLS, 0]);
    assert.equal(pools.ready(first), POOL_HALF);
    state.epochMs = undefined;
    assert.equal(pools.ready(first), 0);
    pools.add(id, [surbOf(500)]);
    pools.expire();
    assert.equal(pools.size, 0);
  });
});
