import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemNetwork } from './mem-network.ts';
import { settle, startClient } from './start-client.ts';

describe('loops of a client', () => {
  it('find exactly the packets a relay drops, and lay them on its routes', async () => {
    const network = createMemNetwork({ seed: 40 });
    const alice = await startClient(network);
    const bad = network.relays[8];
    assert.ok(bad);
    let dropped = 0;
    bad.drops = () => {
      const drops = network.clock.monotonicMs() % 3 < 1;
      if (drops) dropped += 1;
      return drops;
    };
    const request = { purpose: 'ping', hops: 3, classAt: () => 1 };
    const sent = Array.from({ length: 200 }, () => alice.loop(request));
    const reports = await settle(network, Promise.all(sent));
    const lost = reports.filter((report) => report?.outcome === 'lost');
    assert.ok(dropped > 0);
    assert.equal(lost.length, dropped);
    assert.ok(lost.every((report) => report?.route.relays.includes(bad.id)));
    const home = reports.filter((report) => report?.outcome === 'home');
    assert.equal(home.length, 200 - dropped);
    await alice.stop();
  });

  it('are all lost where a relay drops all, and none is counted where none was sent', async () => {
    const network = createMemNetwork({ seed: 41 });
    const alice = await startClient(network);
    const total = (outcome: string): number =>
      network.metrics.total('fog_mixnet_client_loops_total', { outcome });
    assert.deepEqual([total('home'), total('lost')], [0, 0]);
    for (const relay of network.relays) relay.drops = () => true;
    const request = { purpose: 'ping', hops: 3, classAt: () => 0 };
    const sent = Array.from({ length: 20 }, () => alice.loop(request));
    const reports = await settle(network, Promise.all(sent));
    assert.ok(reports.every((report) => report?.outcome === 'lost'));
    assert.deepEqual([total('home'), total('lost')], [0, 20]);
    await alice.stop();
  });
});
