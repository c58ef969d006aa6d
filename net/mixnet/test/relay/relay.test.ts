import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { waitFor } from '@fog/testkit';
import { buildPacket, never, startWorld, testPayload } from './relay-world.ts';

const MAILBOX = new Uint8Array(16).fill(9);
const TO_MAILBOX = { command: 'deliver', id: MAILBOX } as const;

suite('relays over real links', () => {
  test('a packet goes over three relays and is delivered as it was sent', async () => {
    await using world = await startWorld({ relays: 3 });
    assert.ok(world.relays[0]?.inject(world.packet([0, 1, 2], TO_MAILBOX)));
    const inbox = world.inboxes[2];
    await waitFor('the delivery', () => inbox?.items.length === 1);
    assert.deepEqual(inbox?.items[0]?.id, MAILBOX);
    assert.deepEqual(inbox?.items[0]?.payload, testPayload('hello'));
    assert.equal(world.relays[0]?.status().packets.forwarded, 1);
    assert.equal(world.relays[2]?.status().packets.delivered, 1);
  });

  test('the second of two equal packets is a replay', async () => {
    await using world = await startWorld({ relays: 2, workers: 2 });
    const packet = world.packet([0, 1], TO_MAILBOX);
    for (let copy = 0; copy < 20; copy += 1) world.relays[0]?.inject(packet);
    await waitFor('all copies to be judged', () => {
      return world.relays[0]?.status().packets.dropped['replay'] === 19;
    });
    await waitFor('the delivery', () => world.inboxes[1]?.items.length === 1);
  });

  test('bad packets are counted by what is wrong with them', async () => {
    await using world = await startWorld({ relays: 1 });
    const relay = world.relays[0];
    assert.ok(relay);
    const bent = (at: number, value: number): Uint8Array => {
      const packet = world.packet([0], TO_MAILBOX);
      packet[at] = value;
      return packet;
    };
    const epochByte = (relay.status().epoch % 256) ^ 0x80;
    const good = world.packet([0], TO_MAILBOX);
    relay.inject(bent(0, 9));
    relay.inject(bent(1, epochByte));
    relay.inject(bent(100, (good[100] ?? 0) ^ 1));
    relay.inject(good.subarray(1));
    const lowOrder = world.packet([0], TO_MAILBOX);
    lowOrder.fill(0, 2, 34);
    relay.inject(lowOrder);
    const torn = world.packet([0], TO_MAILBOX);
    torn[2000] = (torn[2000] ?? 0) ^ 1;
    relay.inject(torn);
    relay.inject(
      buildPacket({
        directory: world.directory,
        relays: world.relays,
        hops: [0],
        end: TO_MAILBOX,
        delayClass: 0,
        epoch: relay.status().epoch + 2,
      }),
    );
    const { packets } = relay.status();
    await waitFor('all to be judged', () => {
      const { dropped } = relay.status().packets;
      return Object.values(dropped).reduce((sum, each) => sum + each, 0) === 7;
    });
    const dropped = Object.entries(relay.status().packets.dropped).filter(([, count]) => count > 0);
    assert.deepEqual(Object.fromEntries(dropped), {
      'wrong-size': 1,
      'wrong-suite': 1,
      'no-key': 1,
      'bad-point': 1,
      'bad-mac': 1,
      'bad-payload': 1,
      'cross-epoch': 1,
    });
    assert.ok(packets);
  });

  test('its health is a packet through its own pipeline', async () => {
    await using world = await startWorld({ relays: 1 });
    assert.deepEqual(await world.relays[0]?.health(never), { state: 'healthy' });
    await world.pool.stop();
    assert.equal((await world.relays[0]?.health(never))?.state, 'unhealthy');
  });

  test('delayed packets arrive too, and none before its time is up', async () => {
    await using world = await startWorld({ relays: 1 });
    for (let count = 0; count < 50; count += 1) {
      world.relays[0]?.inject(world.packet([0], TO_MAILBOX, 2));
    }
    await waitFor('all deliveries', () => world.inboxes[0]?.items.length === 50);
    assert.equal(world.relays[0]?.status().delayed.count, 0);
    assert.equal(world.pool.memory().used, 0);
  });
});
