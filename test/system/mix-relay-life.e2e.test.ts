import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { vrfVerify } from '@fog/crypto';
import { systemClock } from '@fog/kernel';
import { waitFor } from '@fog/testkit';
import { vrfInput } from '../../net/mixnet/src/directory/vrf-input.ts';
import { QUEUE_LIMIT } from '../../net/mixnet/src/relay/limits.ts';
import { startWorld } from '../../net/mixnet/test/relay/relay-world.ts';

const TO_MAILBOX = { command: 'deliver', id: new Uint8Array(16).fill(9) } as const;

suite('life of a relay', () => {
  test('after a clean stop it has the same keys and still knows every packet', async () => {
    await using world = await startWorld({ relays: 1 });
    const packet = world.packet([0], TO_MAILBOX);
    world.relays[0]?.inject(packet);
    await waitFor('the delivery', () => world.inboxes[0]?.items.length === 1);
    const before = world.directory.published.at(-1);
    await world.relays[0]?.stop();
    const relay = await world.again(0);
    await waitFor('its descriptor', () => world.directory.published.at(-1) !== before);
    const after = world.directory.published.at(-1);
    assert.deepEqual(
      after?.mixKeys[0]?.key,
      before?.mixKeys.find((key) => key.epoch === after?.epoch)?.key,
    );
    assert.deepEqual([after?.linkKey, after?.vrfKey], [before?.linkKey, before?.vrfKey]);
    relay.inject(packet);
    await waitFor('the verdict', () => relay.status().packets.dropped['replay'] === 1);
  });

  test('after an unclean stop it has fresh keys and publishes a higher revision', async () => {
    await using world = await startWorld({ relays: 1 });
    const before = world.directory.published.at(-1);
    assert.ok(before);
    // What a killed process leaves: its files as they are while it runs.
    await cp(world.dataDir(0), `${world.dataDir(0)}-crash`, { recursive: true });
    await world.relays[0]?.stop();
    const relay = await world.again(0, `${world.dataDir(0)}-crash`);
    await waitFor('its descriptor', () => world.directory.published.at(-1) !== before);
    const after = world.directory.published.at(-1);
    assert.ok(after);
    assert.notDeepEqual(after.mixKeys[0]?.key, before.mixKeys[0]?.key);
    if (after.epoch === before.epoch) assert.equal(after.revision, before.revision + 1);
    assert.deepEqual(after.vrfKey, before.vrfKey);
    assert.equal(relay.status().published?.revision, after.revision);
  });

  test('far above its queue it drops and counts, holds no more memory, and recovers', async () => {
    await using world = await startWorld({ relays: 1, maxSlots: 2048 });
    const [relay, inbox] = [world.relays[0], world.inboxes[0]];
    assert.ok(relay && inbox);
    const limit = QUEUE_LIMIT.embedded;
    const packets = Array.from({ length: limit * 2 }, () => world.packet([0], TO_MAILBOX));
    let refused = 0;
    for (const packet of packets) if (!relay.inject(packet)) refused += 1;
    const { slots } = world.pool.memory();
    await waitFor('the queue to empty', () => relay.status().queue.depth === 0);
    assert.equal(relay.status().packets.dropped['queue-full'], refused);
    assert.ok(refused > 0);
    await waitFor('all taken to arrive', () => inbox.items.length === packets.length - refused);
    assert.deepEqual(world.pool.memory(), { used: 0, slots });
    assert.ok(relay.inject(world.packet([0], TO_MAILBOX)));
    await waitFor('one more', () => inbox.items.length === packets.length - refused + 1);
  });

  test('delayed packets above the pool are dropped and counted', async () => {
    await using world = await startWorld({ relays: 1, relay: { declaredRate: 1 } });
    const relay = world.relays[0];
    assert.ok(relay);
    const { limit } = relay.status().delayed;
    const packets = Array.from({ length: limit + 50 }, () => world.packet([0], TO_MAILBOX, 4));
    for (const packet of packets) relay.inject(packet);
    await waitFor(
      'the pool to overflow',
      () => (relay.status().packets.dropped['delay-pool'] ?? 0) > 0,
    );
    assert.ok(relay.status().delayed.count <= limit);
  });

  test('what it cannot publish it publishes later', async () => {
    await using world = await startWorld({ relays: 1 });
    const before = world.directory.published.length;
    world.directory.refuse = true;
    world.relays[0]?.republish();
    await waitFor('a refusal', () => world.directory.refusals > 0);
    world.directory.refuse = false;
    await waitFor('the next try', () => world.directory.published.length > before);
  });

  test('each new key epoch is published, and the delays of erased keys are revealed', async () => {
    const epochMs = 2000;
    await using world = await startWorld({ relays: 1, epochMs, clock: systemClock });
    const revealed = await waitFor('a reveal', () =>
      world.directory.published.find(({ reveals }) => reveals.length > 0),
    );
    const [reveal] = revealed.reveals;
    assert.ok(reveal);
    assert.ok(revealed.mixKeys.every(({ epoch }) => epoch > reveal.epoch));
    const value = new Uint8Array(32).fill(reveal.epoch % 256);
    const output = vrfVerify(revealed.vrfKey, vrfInput(reveal.epoch, value), reveal.proof);
    assert.deepEqual(output, reveal.output);
  });
});
