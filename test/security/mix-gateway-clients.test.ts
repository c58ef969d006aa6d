/** Hostile clients at a gateway, all at once on real sockets: each costs a bounded amount and is cut. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type Identity, randomFill, signBytes } from '@fog/crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import { createGateway, type Gateway, idBytes } from '@fog/mixnet';
import { PACKET_BYTES, PAYLOAD_BYTES } from '@fog/sphinx';
import { VirtualClock, waitFor } from '@fog/testkit';
import { encodePace } from '../../net/mixnet/src/gateway/frame-bodies.ts';
import { MAX_MAILBOX_ITEMS, MAX_UNCONFIRMED_ITEMS } from '../../net/mixnet/src/gateway/limits.ts';
import { CLIENT_FRAME, CLIENT_FRAME_BYTES } from '../../net/mixnet/src/link/client-frames.ts';
import { connectToGateway } from '../../net/mixnet/src/link/gateway-link.ts';
import { encodeHello, helloTime, LINK_PROTOCOL } from '../../net/mixnet/src/link/hello.ts';
import { CLIENT_QUEUE, HELLO_BYTES } from '../../net/mixnet/src/link/limits.ts';
import type { LinkEnd } from '../../net/mixnet/src/link/link-ports.ts';
import { sessionBinding } from '../../net/mixnet/src/link/link-tls.ts';
import {
  answerOf,
  LinkWorld,
  rawPeer,
  type RawPeer,
  skewedClock,
  testIdentity,
  type TestRelay,
} from '../../net/mixnet/test/link/link-world.ts';

const LIMITS = { maxHalfOpen: 8, handshakeMs: 5_000, clientRate: 100, clientBurst: 200 };
const MIB = 1024 * 1024;
const payload = new Uint8Array(PAYLOAD_BYTES).fill(5);

/** A client that has been let in and then does what the test likes. */
async function letIn(port: number, identity: Identity, now: number): Promise<RawPeer> {
  const peer = await rawPeer(port);
  const proof = signBytes(identity, 'fog-mix-client-link/1', sessionBinding(peer.socket));
  const client = { key: identity.publicKey, proof };
  const time = helloTime(now);
  peer.socket.write(encodeHello({ protocol: LINK_PROTOCOL, features: [], time, client }));
  assert.equal((await answerOf(peer)).verdict, 'ok');
  return peer;
}

function frameOf(kind: number, body: Uint8Array): Buffer {
  const frame = Buffer.alloc(CLIENT_FRAME_BYTES);
  frame[0] = kind;
  frame.set(body, 1);
  return frame;
}

describe('hostile clients at a gateway', () => {
  const clock = new VirtualClock(Date.now());
  const world = new LinkWorld();
  const ends = new Map<string, LinkEnd>();
  const sockets: Socket[] = [];
  const peers: RawPeer[] = [];
  let injected = 0;
  let gateway: Gateway;
  let relay: TestRelay;
  let port: number;
  const enter = async (byte: number): Promise<{ peer: RawPeer; identity: Identity }> => {
    const identity = testIdentity(byte);
    const peer = await letIn(port, identity, clock.now());
    peers.push(peer);
    return { peer, identity };
  };
  const isCut = async (identity: Identity): Promise<LinkEnd> =>
    waitFor(
      `the end of ${identity.id}`,
      () => {
        clock.advance(1_000);
        return ends.get(identity.id);
      },
      { deadlineMs: 60_000 },
    );

  before(async () => {
    const metrics = { count: () => {}, gauge: () => {}, observe: () => {} };
    gateway = createGateway({}, { clock, logger: silentLogger, metrics, random: randomFill });
    const inject = (): boolean => {
      injected += 1;
      return true;
    };
    gateway.attach({ id: testIdentity(2).id, inject, send: () => true });
    relay = await world.relay(2, {
      clock,
      limits: LIMITS,
      onClient: (link) => {
        const { onFrame, onEnd } = gateway.onClient(link);
        return {
          onFrame,
          onEnd: (reason) => {
            ends.set(link.peer, reason);
            onEnd(reason);
          },
        };
      },
    });
    port = relay.links.port;
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    for (const peer of peers) await peer[Symbol.asyncDispose]();
    gateway.stop();
    await world[Symbol.asyncDispose]();
  });

  it('that only connect are capped, and cut at the deadline', async () => {
    for (let count = 0; count < 40; count += 1) {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('error', () => {});
      sockets.push(socket);
    }
    await waitFor('the cap', () => relay.links.stats().refused.capped === 32);
    assert.equal(relay.links.stats().halfOpen, LIMITS.maxHalfOpen);
    clock.advance(LIMITS.handshakeMs);
    await waitFor('nobody half-open', () => relay.links.stats().halfOpen === 0);
    assert.equal(relay.links.stats().refused.timeout, LIMITS.maxHalfOpen);
  });

  it('that say hello a byte at a time, or a hello without end, are cut', async () => {
    const slow = await rawPeer(port);
    const long = await rawPeer(port);
    peers.push(slow, long);
    slow.socket.write(Buffer.of(0));
    long.socket.write(Buffer.alloc(4 * MIB, 0x41));
    await long.closed;
    assert.ok(long.received().length <= HELLO_BYTES);
    slow.socket.write(Buffer.of(1));
    clock.advance(LIMITS.handshakeMs);
    await slow.closed;
    await waitFor('nobody half-open', () => relay.links.stats().halfOpen === 0);
    assert.equal(relay.links.stats().clientLinks, 0);
  });

  it('that send garbage after their hello are cut at the first frame', async () => {
    const { peer, identity } = await enter(100);
    peer.socket.write(Buffer.alloc(MIB, 0xee));
    assert.equal(await isCut(identity), 'bad-frame');
  });

  it('that flood are held to their rate and cut, and pass on no more than their burst', async () => {
    const before = injected;
    const { peer, identity } = await enter(101);
    const packet = frameOf(CLIENT_FRAME.packet, new Uint8Array(PACKET_BYTES));
    peer.socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => packet)));
    // The clock stands still: nothing is granted beyond the burst.
    assert.equal(await waitFor('the end', () => ends.get(identity.id)), 'flood');
    assert.equal(injected - before, LIMITS.clientBurst);
  });

  it('that do not read keep a window of items, their mailbox fills, and they are cut', async () => {
    const { peer, identity } = await enter(102);
    const mailbox = idBytes(identity.id) as Uint8Array;
    peer.socket.pause();
    for (let item = 0; item < 3 * MAX_MAILBOX_ITEMS; item += 1) gateway.deliver(mailbox, payload);
    assert.equal(gateway.stats().items, MAX_MAILBOX_ITEMS);
    assert.ok(MAX_UNCONFIRMED_ITEMS < CLIENT_QUEUE);
    assert.equal(await isCut(identity), 'idle');
  });

  it('that ask for padding and do not read it fill one queue, and are cut', async () => {
    const { peer, identity } = await enter(103);
    peer.socket.pause();
    peer.socket.write(frameOf(CLIENT_FRAME.pace, encodePace(4_000_000_000)));
    const before = process.memoryUsage().external;
    assert.equal(await isCut(identity), 'stalled');
    assert.ok(process.memoryUsage().external - before < 32 * MIB);
  });

  it('did not keep the gateway from a good one', async () => {
    const known = world.directory.relays.get('relay-2');
    assert.ok(known);
    const identity = testIdentity(110);
    let items = 0;
    const link = await connectToGateway(
      {
        gateway: { id: 'relay-2', linkKey: known.key, addresses: known.addresses },
        identity,
        signal: AbortSignal.timeout(10_000),
      },
      {
        clock: skewedClock(clock.now() - systemClock.now()),
        handlers: {
          onFrame: (kind) => {
            if (kind === CLIENT_FRAME.item) items += 1;
          },
          onEnd: () => {},
        },
      },
    );
    const before = injected;
    link.sendFrame(CLIENT_FRAME.packet, new Uint8Array(PACKET_BYTES));
    gateway.deliver(idBytes(identity.id) as Uint8Array, payload);
    await waitFor('an item', () => items === 1);
    await waitFor('its packet', () => injected === before + 1);
    assert.equal(relay.links.stats().clientLinks, 1);
    link.close();
  });
});
