import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { identityFromSeed } from '@fog/crypto';
import { silentLogger } from '@fog/kernel';
import { PACKET_BYTES, PAYLOAD_BYTES } from '@fog/sphinx';
import { VirtualClock } from '@fog/testkit';
import {
  decodeItem,
  encodePace,
  encodeTaken,
  type ItemFrame,
} from '../../src/gateway/frame-bodies.ts';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import {
  type GatewayLimits,
  MAX_ABSENCE_MS,
  MAX_ITEM_AGE_MS,
  MAX_PACE_PER_SECOND,
  MAX_UNCONFIRMED_ITEMS,
  SWEEP_MS,
} from '../../src/gateway/limits.ts';
import { ITEM_BYTES } from '../../src/gateway/mailbox.ts';
import { ECHO_SERVICE, NULL_SERVICE } from '../../src/gateway/services.ts';
import { idBytes } from '../../src/ids.ts';
import { CLIENT_FRAME } from '../../src/link/client-frames.ts';
import { countedMetrics, memLink, seededRandom } from '../client/mem-network.ts';

const HOME = identityFromSeed(new Uint8Array(32).fill(200));

interface Client {
  readonly id: Uint8Array;
  readonly items: ItemFrame[];
  readonly kinds: number[];
  readonly ends: string[];
  full: boolean;
  send(kind: number, body: Uint8Array): void;
  close(): void;
}

interface World {
  readonly clock: VirtualClock;
  readonly gateway: Gateway;
  readonly metrics: ReturnType<typeof countedMetrics>;
  readonly injected: Uint8Array[];
  readonly connect: (name: number) => Client;
}

function createWorld(limits: Partial<GatewayLimits> = {}, takes = true): World {
  const clock = new VirtualClock();
  const metrics = countedMetrics();
  const injected: Uint8Array[] = [];
  const deps = { clock, metrics, random: seededRandom(1), logger: silentLogger };
  const gateway = createGateway({ limits }, deps);
  gateway.attach({
    id: HOME.id,
    inject: (packet) => {
      if (takes) injected.push(packet.slice());
      return takes;
    },
    send: () => true,
  });
  return {
    clock,
    gateway,
    metrics,
    injected,
    connect: (name) => {
      const identity = identityFromSeed(new Uint8Array(32).fill(name));
      const names = { client: identity.id, gateway: HOME.id, key: identity.publicKey };
      const { atClient, atGateway } = memLink(clock, names);
      const client: Client = {
        id: idBytes(identity.id) as Uint8Array,
        items: [],
        kinds: [],
        ends: [],
        full: false,
        send: (kind, body) => void atClient.sendFrame(kind, body),
        close: () => atClient.close('local'),
      };
      atClient.handlers = {
        onFrame: (kind, body) => {
          client.kinds.push(kind);
          const item = kind === CLIENT_FRAME.item ? decodeItem(body) : undefined;
          if (item !== undefined) client.items.push(item);
        },
        onEnd: (reason) => void client.ends.push(reason),
      };
      atGateway.handlers = gateway.onClient({
        ...atGateway,
        sendFrame: (kind, body) => !client.full && atGateway.sendFrame(kind, body),
      });
      return client;
    },
  };
}

function payload(byte: number): Uint8Array {
  return new Uint8Array(PAYLOAD_BYTES).fill(byte);
}

describe('gateway', () => {
  it('hands out items in order, numbered, with their SURB ids', () => {
    const { clock, gateway, connect } = createWorld();
    const client = connect(1);
    const surbId = new Uint8Array(16).fill(9);
    gateway.deliver(client.id, payload(1));
    gateway.reply(client.id, surbId, payload(2));
    clock.advance(10);
    const [first, second] = client.items;
    assert.deepEqual([first?.payload, first?.surbId], [payload(1), undefined]);
    assert.deepEqual([second?.payload, second?.surbId], [payload(2), surbId]);
    assert.equal((second?.sequence ?? 0) - (first?.sequence ?? 0), 1);
    gateway.stop();
  });

  it('keeps items until they are taken, over sessions', () => {
    const { clock, gateway, connect } = createWorld();
    const first = connect(1);
    for (const byte of [1, 2, 3]) gateway.deliver(first.id, payload(byte));
    clock.advance(10);
    first.send(CLIENT_FRAME.taken, encodeTaken(first.items[1]?.sequence ?? 0));
    clock.advance(10);
    assert.equal(gateway.stats().items, 1);
    first.close();
    gateway.deliver(first.id, payload(4));
    assert.deepEqual(gateway.stats().clients, 0);
    const second = connect(1);
    clock.advance(10);
    assert.deepEqual(
      second.items.map((item) => item.payload[0]),
      [3, 4],
    );
    assert.equal(second.items[0]?.sequence, first.items[2]?.sequence);
    second.send(CLIENT_FRAME.taken, encodeTaken(second.items[1]?.sequence ?? 0));
    clock.advance(10);
    assert.deepEqual(gateway.stats(), { clients: 1, mailboxes: 1, items: 0, heldBytes: 0 });
    gateway.stop();
  });

  it('replaces a stale session by a new one of the same client, and heeds the old no more', () => {
    const { clock, gateway, injected, connect } = createWorld();
    const stale = connect(1);
    const fresh = connect(1);
    assert.deepEqual(stale.ends, ['peer']);
    assert.deepEqual(fresh.ends, []);
    gateway.deliver(fresh.id, payload(1));
    stale.send(CLIENT_FRAME.packet, new Uint8Array(PACKET_BYTES));
    clock.advance(10);
    assert.equal(stale.items.length, 0);
    assert.equal(fresh.items.length, 1);
    assert.equal(injected.length, 0);
    assert.equal(gateway.stats().clients, 1);
    gateway.stop();
  });

  it('bounds the items of a mailbox, the bytes of all, and the mailboxes', () => {
    const limits = { mailboxItems: 3, mailboxBytes: 5 * ITEM_BYTES, mailboxes: 2 };
    const { gateway, metrics, connect } = createWorld(limits);
    const [one, two] = [connect(1), connect(2)];
    for (let item = 0; item < 5; item += 1) gateway.deliver(one.id, payload(item));
    for (let item = 0; item < 5; item += 1) gateway.deliver(two.id, payload(item));
    const total = (result: string): number =>
      metrics.total('fog_mixnet_gateway_items_total', { result });
    assert.deepEqual([total('ok'), total('mailbox-full'), total('gateway-full')], [5, 2, 3]);
    assert.equal(gateway.stats().heldBytes, 5 * ITEM_BYTES);
    const three = connect(3);
    assert.deepEqual(three.ends, ['peer']);
    assert.equal(metrics.total('fog_mixnet_gateway_refused_total'), 1);
    gateway.deliver(three.id, payload(1));
    assert.equal(total('no-mailbox'), 1);
    gateway.stop();
  });

  it('gives the place of the longest absent client with an empty mailbox to a new one', () => {
    const { clock, gateway, connect } = createWorld({ mailboxes: 2 });
    const [one, two] = [connect(1), connect(2)];
    two.close();
    clock.advance(1_000);
    one.close();
    gateway.deliver(one.id, payload(1));
    const three = connect(3);
    assert.deepEqual(three.ends, []);
    clock.advance(10);
    const again = connect(1);
    clock.advance(10);
    assert.equal(again.items.length, 1);
    gateway.stop();
  });

  it('expires items and the mailboxes of absent clients', () => {
    const { clock, gateway, connect } = createWorld();
    const client = connect(1);
    client.full = true;
    gateway.deliver(client.id, payload(1));
    clock.advance(MAX_ITEM_AGE_MS + SWEEP_MS);
    assert.equal(gateway.stats().items, 0);
    client.close();
    gateway.deliver(client.id, payload(2));
    clock.advance(MAX_ABSENCE_MS + SWEEP_MS);
    assert.deepEqual(gateway.stats(), { clients: 0, mailboxes: 0, items: 0, heldBytes: 0 });
    gateway.stop();
    assert.equal(clock.pending, 0);
  });

  it('numbers its items beyond those of its life before', () => {
    const before = createWorld();
    const old = before.connect(1);
    before.gateway.deliver(old.id, payload(1));
    before.clock.advance(1_000);
    const after = createWorld();
    after.clock.advance(1_000);
    const fresh = after.connect(1);
    after.gateway.deliver(fresh.id, payload(1));
    after.clock.advance(10);
    assert.ok((fresh.items[0]?.sequence ?? 0) > (old.items[0]?.sequence ?? 0));
    before.gateway.stop();
    after.gateway.stop();
  });

  it('sends no more than a window of unconfirmed items, and waits for a full link', () => {
    const { clock, gateway, connect } = createWorld();
    const client = connect(1);
    client.full = true;
    for (let item = 0; item < MAX_UNCONFIRMED_ITEMS + 40; item += 1) {
      gateway.deliver(client.id, payload(item % 256));
    }
    clock.advance(200);
    assert.equal(client.items.length, 0);
    client.full = false;
    clock.advance(200);
    assert.equal(client.items.length, MAX_UNCONFIRMED_ITEMS);
    client.send(CLIENT_FRAME.taken, encodeTaken(client.items.at(-1)?.sequence ?? 0));
    clock.advance(200);
    assert.equal(client.items.length, MAX_UNCONFIRMED_ITEMS + 40);
    gateway.stop();
  });

  it('lets packets of a client through up to its rate, and counts the rest', () => {
    const { clock, gateway, injected, metrics, connect } = createWorld({
      clientRate: 100,
      clientBurst: 10,
    });
    const client = connect(1);
    const send = (count: number): void => {
      for (let index = 0; index < count; index += 1) {
        client.send(CLIENT_FRAME.packet, new Uint8Array(PACKET_BYTES).fill(index));
      }
      clock.advance(1);
    };
    send(15);
    assert.equal(injected.length, 10);
    assert.equal(metrics.total('fog_mixnet_gateway_packets_total', { result: 'rate' }), 5);
    clock.advance(50);
    send(15);
    assert.equal(injected.length, 15);
    gateway.stop();
  });

  it('counts packets the relay has no room for', () => {
    const { clock, gateway, metrics, connect } = createWorld({}, false);
    connect(1).send(CLIENT_FRAME.packet, new Uint8Array(PACKET_BYTES));
    clock.advance(1);
    assert.equal(metrics.total('fog_mixnet_gateway_packets_total', { result: 'queue-full' }), 1);
    gateway.stop();
  });

  it('pads to the rate a client asks for, items among the padding', () => {
    const { clock, gateway, connect } = createWorld();
    const client = connect(1);
    client.send(CLIENT_FRAME.pace, encodePace(20_000));
    clock.advance(1);
    for (let second = 0; second < 100; second += 1) {
      gateway.deliver(client.id, payload(second));
      clock.advance(1_000);
      client.send(CLIENT_FRAME.taken, encodeTaken(client.items.at(-1)?.sequence ?? 0));
    }
    assert.equal(client.items.length, 100);
    assert.ok(Math.abs(client.kinds.length - 2_000) < 4 * Math.sqrt(2_000));
    client.send(CLIENT_FRAME.pace, encodePace(0));
    clock.advance(1);
    const before = client.kinds.length;
    gateway.deliver(client.id, payload(1));
    clock.advance(10_000);
    assert.equal(client.kinds.length, before + 1);
    client.send(CLIENT_FRAME.pace, encodePace(2 ** 32 - 1));
    clock.advance(10_000);
    assert.ok(client.kinds.length - before < 11 * MAX_PACE_PER_SECOND);
    gateway.stop();
  });

  it('ignores frames and payloads that make no sense', () => {
    const { clock, gateway, metrics, connect } = createWorld();
    const client = connect(1);
    for (const kind of [CLIENT_FRAME.item, CLIENT_FRAME.padding, 99, 255]) {
      client.send(kind, new Uint8Array(PACKET_BYTES).fill(255));
    }
    client.send(CLIENT_FRAME.taken, new Uint8Array(8).fill(255));
    clock.advance(10);
    assert.deepEqual(client.ends, []);
    gateway.deliver(ECHO_SERVICE, payload(255));
    gateway.deliver(NULL_SERVICE, payload(255));
    gateway.deliver(ECHO_SERVICE, new Uint8Array(PAYLOAD_BYTES));
    assert.equal(metrics.total('fog_mixnet_service_echo_total', { result: 'no-surb' }), 2);
    assert.equal(metrics.total('fog_mixnet_service_null_total'), 1);
    gateway.stop();
  });
});
