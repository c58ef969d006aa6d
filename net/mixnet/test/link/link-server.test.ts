import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { test } from 'node:test';
import { silentLogger, systemClock } from '@fog/kernel';
import { VirtualClock, waitFor } from '@fog/testkit';
import { LOG_BURST } from '../../src/link/limits.ts';
import { linkSecureContext, linkTlsOptions } from '../../src/link/link-tls.ts';
import { createRelayLinks } from '../../src/link/relay-links.ts';
import { answerOf, LinkWorld, packetOf, rawPeer, relayHello, seed } from './link-world.ts';

const HANDSHAKE_MS = 5000;

async function tcp(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('close', resolve);
    socket.resume();
  });
}

test('who says nothing, or TLS a byte at a time, or no hello, is cut at the deadline', async () => {
  await using world = new LinkWorld();
  const clock = new VirtualClock(Date.now());
  const b = await world.relay(2, { clock, limits: { handshakeMs: HANDSHAKE_MS } });
  await world.relay(1);
  const silent = await tcp(b.links.port);
  const slow = await tcp(b.links.port);
  slow.write(Buffer.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01));
  await using mute = await rawPeer(b.links.port, 1);
  mute.socket.write(relayHello('relay-1').subarray(0, 100));
  await waitFor('three half-open', () => b.links.stats().halfOpen === 3);
  clock.advance(HANDSHAKE_MS - 1);
  assert.equal(b.links.stats().refused.timeout, 0);
  clock.advance(1);
  await Promise.all([closed(silent), closed(slow), mute.closed]);
  await waitFor('nobody', () => b.links.stats().halfOpen === 0);
  assert.equal(b.links.stats().refused.timeout, 3);
  assert.equal(b.links.stats().refused.tls, 0);
});

test('garbage instead of TLS is counted and cut', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2);
  const peer = await tcp(b.links.port);
  peer.write('GET / HTTP/1.1\r\n\r\n');
  await closed(peer);
  await waitFor('the count', () => b.links.stats().refused.tls === 1);
  assert.equal(b.links.stats().halfOpen, 0);
});

test('older TLS and other key kinds are refused', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2);
  const old = connectTls({
    port: b.links.port,
    host: '127.0.0.1',
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  });
  old.on('error', () => {});
  await closed(old);
  await waitFor('the count', () => b.links.stats().refused.tls === 1);
});

test('half-open peers are capped, and leave room when they go', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2, { limits: { maxHalfOpen: 2 } });
  const first = await tcp(b.links.port);
  await tcp(b.links.port);
  await waitFor('two', () => b.links.stats().halfOpen === 2);
  await closed(await tcp(b.links.port));
  assert.equal(b.links.stats().refused.capped, 1);
  first.destroy();
  await waitFor('room', () => b.links.stats().halfOpen === 1);
  await using peer = await rawPeer(b.links.port, 99);
  assert.equal((await answerOf(peer)).verdict, 'unknown-key');
});

test('one address has a cap that authenticated relays do not use up', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2, { limits: { maxLinksPerAddress: 2 } });
  for (const number of [1, 3, 4]) {
    const other = await world.relay(number);
    other.links.send('relay-2', packetOf(number));
    await waitFor('the link', () => b.got.some(({ first }) => first === number));
  }
  await tcp(b.links.port);
  await tcp(b.links.port);
  await waitFor('two', () => b.links.stats().halfOpen === 2);
  await closed(await tcp(b.links.port));
  assert.equal(b.links.stats().refused.capped, 1);
});

test('new connections have a rate, and refusals in the log too', async () => {
  await using world = new LinkWorld();
  const clock = new VirtualClock(Date.now());
  const b = await world.relay(2, { clock, limits: { acceptRate: 1, acceptBurst: LOG_BURST + 2 } });
  for (let n = 0; n < LOG_BURST + 2; n += 1) {
    await using peer = await rawPeer(b.links.port, 99);
    assert.equal((await answerOf(peer)).verdict, 'unknown-key');
  }
  assert.equal(b.logger.lines.length, LOG_BURST);
  await closed(await tcp(b.links.port));
  assert.equal(b.links.stats().refused.capped, 1);
  clock.advance(1000);
  await using peer = await rawPeer(b.links.port, 99);
  assert.equal((await answerOf(peer)).verdict, 'unknown-key');
});

test('relay links are capped', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2, { limits: { maxRelayLinks: 1 } });
  const a = await world.relay(1);
  const c = await world.relay(3);
  a.links.send('relay-2', packetOf(1));
  await waitFor('the link', () => b.got.length === 1);
  c.links.send('relay-2', packetOf(3));
  await waitFor('the refusal', () => b.links.stats().refused.full === 1);
  await waitFor('the failure', () => c.links.stats().dropped['no-link'] === 1);
  assert.match(c.logger.lines.join('\n'), /as many links as it may have/);
});

test('a TLS session cannot be taken up again', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2);
  const sessions: Buffer[] = [];
  await using first = await rawPeer(b.links.port, 99);
  first.socket.on('session', (session) => sessions.push(session));
  await answerOf(first);
  await first.closed;
  const again = connectTls({
    port: b.links.port,
    host: '127.0.0.1',
    secureContext: linkSecureContext(),
    rejectUnauthorized: false,
    ...(sessions[0] && { session: sessions[0] }),
  });
  await once(again, 'secureConnect');
  assert.equal(again.isSessionReused(), false);
  assert.equal(again.getProtocol(), 'TLSv1.3');
  again.destroy();
});

test('the hybrid group is used where OpenSSL has it', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2);
  await using peer = await rawPeer(b.links.port);
  const hybrid = linkTlsOptions().ecdhCurve?.startsWith('X25519MLKEM768');
  const { name } = peer.socket.getEphemeralKeyInfo() as { readonly name: string };
  assert.equal(name, hybrid ? 'X25519MLKEM768' : 'X25519');
});

test('a port in use is an error that names it', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2);
  const { port } = b.links;
  await assert.rejects(world.relay(3, { port }), {
    code: 'MIXNET_LINK_LISTEN',
    message: new RegExp(`127\\.0\\.0\\.1:${port}.*Free the port`),
  });
});

test('features that cannot be told are refused at once', () => {
  const metrics = { count: () => {}, gauge: () => {}, observe: () => {} };
  const { directory } = new LinkWorld();
  const logger = silentLogger;
  assert.throws(
    () =>
      createRelayLinks(
        { relay: 'r', host: '127.0.0.1', port: 0, linkSeed: seed(1), features: ['Not This'] },
        { directory, clock: systemClock, logger, metrics, onRelayPackets: () => {} },
      ),
    { code: 'MIXNET_LINK_FEATURES' },
  );
});
