import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signBytes } from '@fog/crypto';
import { systemClock, type Clock } from '@fog/kernel';
import { PACKET_BYTES } from '@fog/sphinx';
import { VirtualClock, waitFor } from '@fog/testkit';
import { CLIENT_FRAME, CLIENT_FRAME_BYTES } from '../../src/link/client-frames.ts';
import { connectToGateway } from '../../src/link/gateway-link.ts';
import { encodeAnswer, encodeHello, helloTime, LINK_PROTOCOL } from '../../src/link/hello.ts';
import { CLIENT_QUEUE, HELLO_BYTES, LINK_LIMITS, SWEEP_MS } from '../../src/link/limits.ts';
import { sessionBinding } from '../../src/link/link-tls.ts';
import type { ClientLink, FrameLink, LinkEnd } from '../../src/link/link-ports.ts';
import {
  answerOf,
  LinkWorld,
  packetOf,
  rawPeer,
  type RawPeer,
  skewedClock,
  type TestRelay,
  type TestRelayOptions,
  testIdentity,
} from './link-world.ts';

const CLIENT = testIdentity(100);

interface Side {
  readonly frames: { readonly kind: number; readonly body: Buffer }[];
  readonly ends: LinkEnd[];
}

interface TestGateway extends TestRelay, Side {
  readonly clients: ClientLink[];
}

function recorder(): Side & { readonly handlers: { onFrame: never; onEnd: never } } {
  const frames: Side['frames'] = [];
  const ends: LinkEnd[] = [];
  const handlers = {
    onFrame: (kind: number, body: Uint8Array) => frames.push({ kind, body: Buffer.from(body) }),
    onEnd: (reason: LinkEnd) => ends.push(reason),
  };
  return { frames, ends, handlers: handlers as never };
}

async function gateway(world: LinkWorld, options: TestRelayOptions = {}): Promise<TestGateway> {
  const clients: ClientLink[] = [];
  const { frames, ends, handlers } = recorder();
  const onClient = (link: ClientLink): typeof handlers => {
    clients.push(link);
    return handlers;
  };
  const relay = await world.relay(2, { ...options, onClient });
  return { ...relay, clients, frames, ends };
}

async function join(
  world: LinkWorld,
  { clock = systemClock, keySeed = 100 }: { clock?: Clock; keySeed?: number } = {},
): Promise<Side & { readonly link: FrameLink }> {
  const side = recorder();
  const known = world.directory.relays.get('relay-2');
  assert.ok(known);
  const link = await connectToGateway(
    {
      gateway: { id: 'relay-2', linkKey: known.key, addresses: known.addresses },
      identity: testIdentity(keySeed),
      features: ['pad'],
      signal: AbortSignal.timeout(10_000),
    },
    { clock, handlers: side.handlers },
  );
  return { ...side, link };
}

/** A hello of the client with a proof for the session of `bound`. */
function clientHello(bound: RawPeer): Uint8Array {
  return encodeHello({
    protocol: LINK_PROTOCOL,
    features: [],
    time: helloTime(systemClock.now()),
    client: {
      key: CLIENT.publicKey,
      proof: signBytes(CLIENT, 'fog-mix-client-link/1', sessionBinding(bound.socket)),
    },
  });
}

test('frames go both ways, short bodies are filled with random bytes, padding is not handed on', async () => {
  await using world = new LinkWorld();
  const g = await gateway(world, { features: ['pad'] });
  const { link, frames, ends } = await join(world);
  assert.deepEqual([link.peer, link.features], ['relay-2', ['pad']]);
  assert.equal(link.sendFrame(CLIENT_FRAME.padding, new Uint8Array(0)), true);
  assert.equal(link.sendFrame(CLIENT_FRAME.packet, packetOf(9)), true);
  assert.equal(link.sendFrame(CLIENT_FRAME.taken, Uint8Array.of(1, 2, 3)), true);
  await waitFor('frames', () => g.frames.length === 2);
  assert.deepEqual(g.frames[0], { kind: CLIENT_FRAME.packet, body: Buffer.from(packetOf(9)) });
  const taken = g.frames[1];
  assert.ok(taken);
  assert.deepEqual([...taken.body.subarray(0, 3)], [1, 2, 3]);
  assert.ok(new Set(taken.body.subarray(3)).size > 200, 'random to the end');
  const [client] = g.clients;
  assert.ok(client);
  assert.deepEqual([client.peer, client.key], [CLIENT.id, CLIENT.publicKey]);
  assert.equal(client.sendFrame(CLIENT_FRAME.item, packetOf(4)), true);
  await waitFor('the item', () => frames.length === 1);
  assert.equal(frames[0]?.kind, CLIENT_FRAME.item);
  assert.equal(g.links.stats().clientLinks, 1);
  link.close();
  await waitFor('the end', () => g.ends.length === 1);
  assert.deepEqual([ends, g.ends], [['local'], ['peer']]);
  assert.equal(link.sendFrame(CLIENT_FRAME.padding, new Uint8Array(0)), false);
  assert.equal(g.links.stats().clientLinks, 0);
});

test('a proof is good for its own session only', async () => {
  await using world = new LinkWorld();
  const g = await gateway(world);
  await using first = await rawPeer(g.links.port);
  await using second = await rawPeer(g.links.port);
  second.socket.write(clientHello(first));
  assert.equal((await answerOf(second)).verdict, 'bad-proof');
  first.socket.write(clientHello(first));
  assert.equal((await answerOf(first)).verdict, 'ok');
  assert.equal(g.links.stats().refused['bad-proof'], 1);
  assert.equal(g.clients.length, 1);
});

test('a peer without certificate or proof is refused', async () => {
  await using world = new LinkWorld();
  const g = await gateway(world);
  const opening = { protocol: LINK_PROTOCOL, features: [], time: helloTime(Date.now()) };
  await using nobody = await rawPeer(g.links.port);
  nobody.socket.write(encodeHello(opening));
  assert.equal((await answerOf(nobody)).verdict, 'malformed');
  await using claimed = await rawPeer(g.links.port);
  claimed.socket.write(encodeHello({ ...opening, relay: 'relay-2' }));
  assert.equal((await answerOf(claimed)).verdict, 'unknown-key');
});

test('a client refuses a gateway with another key', async () => {
  await using world = new LinkWorld();
  const g = await gateway(world, { keySeed: 77 });
  await assert.rejects(join(world), {
    code: 'MIXNET_LINK_KEY',
    message: /relay-2: it shows another link key/,
  });
  assert.equal(g.clients.length, 0);
});

test('a client whose clock is 10 min off is told by how much', async () => {
  await using world = new LinkWorld();
  const g = await gateway(world);
  await join(world, { clock: skewedClock(30_000) });
  assert.equal(g.clients.length, 1);
  await assert.rejects(join(world, { clock: skewedClock(10 * 60_000) }), {
    code: 'MIXNET_LINK_CLOCK',
    message: /its clock is (10|9\.9|10\.1) min behind this machine's.*NTP/,
  });
});

test('a relay that is no gateway takes no clients', async () => {
  await using world = new LinkWorld();
  await world.relay(2);
  await assert.rejects(join(world), { code: 'MIXNET_LINK_REFUSED', message: /is no gateway/ });
});

test('a full gateway refuses, but not the client it already has', async () => {
  await using world = new LinkWorld();
  const g = await gateway(world, { limits: { maxClientLinks: 1 } });
  const first = await join(world);
  await assert.rejects(join(world, { keySeed: 101 }), { code: 'MIXNET_LINK_REFUSED' });
  const second = await join(world);
  await waitFor('the end of the first', () => first.ends.length === 1);
  assert.deepEqual(g.ends, ['replaced']);
  assert.equal(g.links.stats().clientLinks, 1);
  assert.equal(second.link.sendFrame(CLIENT_FRAME.packet, packetOf(1)), true);
  await waitFor('its frame', () => g.frames.length === 1);
});

test('a gateway that is not there is an error with the reason', async () => {
  await using world = new LinkWorld();
  const g = await gateway(world);
  await g.links.stop();
  await assert.rejects(join(world), { code: 'MIXNET_LINK_UNREACHABLE', message: /ECONNREFUSED/ });
  world.directory.relays.set('relay-2', { key: testIdentity(2).publicKey, addresses: [] });
  await assert.rejects(join(world), {
    code: 'MIXNET_LINK_UNREACHABLE',
    message: /names no address/,
  });
});

test('a gateway that hangs up, speaks nonsense or another version, or is far off, is an error', async () => {
  const answer = { protocol: LINK_PROTOCOL, features: [], verdict: 'ok' } as const;
  const time = helloTime(Date.now());
  const cases = [
    ['MIXNET_LINK_UNREACHABLE', /it hung up during the handshake/, new Uint8Array(10)],
    ['MIXNET_LINK_PROTOCOL', /its answer is malformed/, new Uint8Array(HELLO_BYTES).fill(9)],
    [
      'MIXNET_LINK_PROTOCOL',
      /it speaks "\/fog\/mix\/2\.0"/,
      encodeAnswer({ ...answer, time, protocol: '/fog/mix/2.0' }),
    ],
    ['MIXNET_LINK_CLOCK', /15 min behind/, encodeAnswer({ ...answer, time: time - 900_000 })],
  ] as const;
  for (const [code, message, bytes] of cases) {
    await using world = new LinkWorld();
    await world.rogue(2, (socket) => socket.end(bytes));
    await assert.rejects(join(world), { code, message });
  }
});

test('a gateway that never answers is given up at the deadline', async () => {
  await using world = new LinkWorld();
  const clock = new VirtualClock(Date.now());
  await world.rogue(2, (socket) => {
    socket.once('data', () => clock.advance(LINK_LIMITS.handshakeMs));
  });
  await assert.rejects(join(world, { clock }), {
    code: 'MIXNET_LINK_UNREACHABLE',
    message: /did not finish the handshake within 10 s/,
  });
});

test('the signal ends an attempt', async () => {
  await using world = new LinkWorld();
  await gateway(world);
  const known = world.directory.relays.get('relay-2');
  assert.ok(known);
  const abort = new AbortController();
  const attempt = connectToGateway(
    {
      gateway: { id: 'relay-2', linkKey: known.key, addresses: known.addresses },
      identity: CLIENT,
      signal: abort.signal,
    },
    { clock: systemClock, handlers: recorder().handlers },
  );
  abort.abort(new Error('enough'));
  await assert.rejects(attempt, /enough/);
});

test('an unknown kind of frame ends the link', async () => {
  await using world = new LinkWorld();
  const g = await gateway(world);
  await using peer = await rawPeer(g.links.port);
  peer.socket.write(clientHello(peer));
  await answerOf(peer);
  peer.socket.write(Buffer.alloc(2 * CLIENT_FRAME_BYTES, 0xee));
  await peer.closed;
  assert.deepEqual([g.ends, g.frames], [['bad-frame'], []]);
});

test('frames over the rate are dropped, and a flood ends the link', async () => {
  await using world = new LinkWorld();
  const clock = new VirtualClock(Date.now());
  const g = await gateway(world, { clock, limits: { clientRate: 10, clientBurst: 20 } });
  const { link, ends } = await join(world);
  for (let n = 0; n < 30; n += 1) link.sendFrame(CLIENT_FRAME.packet, packetOf(n));
  await waitFor('the excess', () => g.links.stats().dropped.rate === 10);
  assert.equal(g.frames.length, 20);
  for (let n = 0; n < 8; n += 1) clock.advance(SWEEP_MS);
  link.sendFrame(CLIENT_FRAME.packet, packetOf(1));
  await waitFor('one more', () => g.frames.length === 21);
  for (let n = 0; n < 60; n += 1) link.sendFrame(CLIENT_FRAME.packet, packetOf(n));
  await waitFor('the end', () => ends.length === 1);
  assert.deepEqual(g.ends, ['flood']);
});

test('a gateway may close a client, or send to it, as it comes', async () => {
  await using world = new LinkWorld();
  const { ends, handlers } = recorder();
  let visits = 0;
  const onClient = (link: ClientLink): typeof handlers => {
    visits += 1;
    if (visits === 1) link.close();
    else link.sendFrame(CLIENT_FRAME.item, packetOf(6));
    return handlers;
  };
  const g = await world.relay(2, { onClient });
  const turnedAway = await join(world);
  await waitFor('its end', () => turnedAway.ends.length === 1);
  assert.deepEqual([ends, g.links.stats().clientLinks], [['local'], 0]);
  const greeted = await join(world);
  await waitFor('the frame', () => greeted.frames.length === 1);
});

test('frames taken before the link is closed still arrive', async () => {
  await using world = new LinkWorld();
  const g = await gateway(world);
  const { link, ends } = await join(world);
  for (let n = 0; n < 100; n += 1) link.sendFrame(CLIENT_FRAME.packet, packetOf(n));
  link.close();
  assert.deepEqual(ends, ['local']);
  assert.equal(link.sendFrame(CLIENT_FRAME.packet, packetOf(1)), false);
  await waitFor('all frames', () => g.frames.length === 100);
  await waitFor('the end', () => g.ends.length === 1);
});

test('the queue of a client link is bounded', async () => {
  await using world = new LinkWorld();
  await gateway(world);
  const { link } = await join(world);
  let taken = 0;
  while (link.sendFrame(CLIENT_FRAME.packet, packetOf(1))) taken += 1;
  assert.equal(taken, CLIENT_QUEUE);
  assert.equal(link.queued, CLIENT_QUEUE);
});

test('a frame that cannot be sent is a bug of the caller', async () => {
  await using world = new LinkWorld();
  await gateway(world);
  const { link } = await join(world);
  const long = new Uint8Array(PACKET_BYTES + 1);
  assert.throws(() => link.sendFrame(CLIENT_FRAME.packet, long), { code: 'MIXNET_FRAME' });
  assert.throws(() => link.sendFrame(9, packetOf(1)), { code: 'MIXNET_FRAME' });
});
