import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PACKET_BYTES } from '@fog/sphinx';
import { VirtualClock, waitFor } from '@fog/testkit';
import { DIAL_QUEUE, RELAY_QUEUE, SWEEP_MS } from '../../src/link/limits.ts';
import { answerOf, LinkWorld, packetOf, rawPeer, relayHello, skewedClock } from './link-world.ts';

const OVERFLOW_ROUNDS = 40;

test('packets go both ways over one link', async () => {
  await using world = new LinkWorld();
  const a = await world.relay(1, { features: ['one', 'two'] });
  const b = await world.relay(2, { features: ['two'] });
  for (let n = 0; n < 50; n += 1) assert.equal(a.links.send('relay-2', packetOf(n)), true);
  await waitFor('50 packets', () => b.got.length === 50);
  assert.deepEqual(
    b.got.map(({ first }) => first),
    Array.from({ length: 50 }, (_, n) => n),
  );
  assert.equal(b.got[0]?.from, 'relay-1');
  assert.equal(b.links.send('relay-1', packetOf(7)), true);
  await waitFor('the answer', () => a.got.length === 1);
  assert.deepEqual(a.got, [{ from: 'relay-2', first: 7 }]);
  assert.equal(b.links.stats().relayLinks, 1, 'the answer used the link that was there');
});

test('a relay that is in no consensus gets no packet and no link', async () => {
  await using world = new LinkWorld();
  const a = await world.relay(1);
  assert.equal(a.links.send('relay-9', packetOf(1)), false);
  assert.equal(a.links.send('relay-1', packetOf(1)), false, 'nor does the relay itself');
  assert.equal(a.links.stats().dropped['no-link'], 2);
});

test('the end that dials refuses another key before it writes a byte', async () => {
  await using world = new LinkWorld();
  const a = await world.relay(1);
  const b = await world.relay(2, { keySeed: 77 });
  assert.equal(a.links.send('relay-2', packetOf(1)), true);
  await waitFor('the failure', () => a.links.stats().dropped['no-link'] === 1);
  assert.equal(a.metrics.counts.get('fog_mixnet_link_dial_failed_total wrong-key'), 1);
  assert.match(a.logger.lines.join('\n'), /another link key than the consensus names/);
  assert.equal(b.got.length, 0);
  assert.equal(b.links.stats().relayLinks, 0);
});

test('the end that listens refuses an unknown key without reading', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2);
  await using peer = await rawPeer(b.links.port, 66);
  assert.equal((await answerOf(peer)).verdict, 'unknown-key', 'answered before a hello was sent');
  peer.socket.write(relayHello('relay-2'));
  peer.socket.write(packetOf(1));
  await peer.closed;
  assert.equal(b.got.length, 0);
  assert.equal(b.links.stats().refused['unknown-key'], 1);
  assert.equal(b.metrics.counts.get('fog_mixnet_link_refused_total unknown-key'), 1);
});

test('a known key under another relay’s name is refused', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2);
  await world.relay(1);
  await world.relay(3);
  await using peer = await rawPeer(b.links.port, 1);
  peer.socket.write(relayHello('relay-3'));
  assert.equal((await answerOf(peer)).verdict, 'unknown-key');
});

test('another major version is refused on both sides', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2);
  await world.relay(1);
  await using peer = await rawPeer(b.links.port, 1);
  peer.socket.write(relayHello('relay-1', { protocol: '/fog/mix/2.0' }));
  const answer = await answerOf(peer);
  assert.deepEqual([answer.verdict, answer.protocol], ['protocol', '/fog/mix/1.0']);
  assert.match(
    b.logger.lines.join('\n'),
    /speaks .*\/fog\/mix\/2\.0.* and this program \/fog\/mix\/1\.0/,
  );
  await using newer = await rawPeer(b.links.port, 1);
  newer.socket.write(relayHello('relay-1', { protocol: '/fog/mix/1.7' }));
  assert.equal((await answerOf(newer)).verdict, 'ok', 'minor versions get along');
});

test('clocks 30 s apart work, 10 min apart are refused with the skew on both sides', async () => {
  await using world = new LinkWorld();
  const a = await world.relay(1);
  const late = await world.relay(2, { clock: skewedClock(-30_000) });
  assert.equal(a.links.send('relay-2', packetOf(1)), true);
  await waitFor('the packet', () => late.got.length === 1);

  const wrong = await world.relay(3, { clock: skewedClock(10 * 60_000) });
  assert.equal(a.links.send('relay-3', packetOf(1)), true);
  await waitFor('the failure', () => a.links.stats().dropped['no-link'] === 1);
  assert.equal(a.metrics.counts.get('fog_mixnet_link_dial_failed_total clock-skew'), 1);
  assert.match(
    a.logger.lines.join('\n'),
    /its clock is (10|9\.9|10\.1) min ahead of this machine's/,
  );
  assert.match(wrong.logger.lines.join('\n'), /its clock is (10|9\.9|10\.1) min behind/);
  assert.equal(wrong.links.stats().refused['clock-skew'], 1);
  assert.equal(wrong.got.length, 0);
});

test('garbage instead of a hello is refused, garbage on the link is for the packet check', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2);
  await world.relay(1);
  await using peer = await rawPeer(b.links.port, 1);
  peer.socket.write(Buffer.alloc(100_000, 0xee));
  assert.equal((await answerOf(peer)).verdict, 'malformed');
  await peer.closed;

  await using talker = await rawPeer(b.links.port, 1);
  talker.socket.write(relayHello('relay-1'));
  assert.equal((await answerOf(talker)).verdict, 'ok');
  talker.socket.end(Buffer.alloc(2 * PACKET_BYTES + 17, 0xee));
  await waitFor('the end', () => b.links.stats().relayLinks === 0);
  assert.deepEqual(
    b.got.map(({ first }) => first),
    [0xee, 0xee],
  );
  assert.equal(b.links.stats().dropped.truncated, 1);
});

test('packets over the rate of a link are dropped and counted, and the link stays', async () => {
  await using world = new LinkWorld();
  const clock = new VirtualClock(Date.now());
  const a = await world.relay(1);
  const b = await world.relay(2, { clock, limits: { relayRate: 10, relayBurst: 20 } });
  for (let n = 0; n < 50; n += 1) a.links.send('relay-2', packetOf(n));
  await waitFor('50 packets', () => b.links.stats().dropped.rate === 30);
  assert.equal(b.got.length, 20);
  clock.advance(500);
  a.links.send('relay-2', packetOf(99));
  await waitFor('one more', () => b.got.at(-1)?.first === 99);
  assert.equal(b.links.stats().relayLinks, 1);
});

test('a full queue drops on its link alone', async () => {
  await using world = new LinkWorld();
  const a = await world.relay(1);
  const b = await world.relay(2);
  const c = await world.relay(3);
  let taken = 0;
  while (a.links.send('relay-2', packetOf(1))) taken += 1;
  assert.equal(taken, DIAL_QUEUE, 'while the link is being opened');
  assert.equal(a.links.stats().dropped.queue, 1);
  await waitFor('the link', () => b.got.length === taken);
  for (let n = 0; n < RELAY_QUEUE; n += 1) a.links.send('relay-2', packetOf(2));
  assert.equal(a.links.send('relay-2', packetOf(2)), false);
  assert.equal(a.links.send('relay-3', packetOf(3)), true, 'the other link has room');
  await waitFor('all', () => b.got.length === taken + RELAY_QUEUE && c.got.length === 1);
});

test('all queues together keep to the ceiling', async () => {
  await using world = new LinkWorld();
  const a = await world.relay(1, { limits: { maxQueuedPackets: 10 } });
  await world.relay(2);
  await world.relay(3);
  for (let n = 0; n < 6; n += 1) assert.equal(a.links.send('relay-2', packetOf(n)), true);
  for (let n = 0; n < 4; n += 1) assert.equal(a.links.send('relay-3', packetOf(n)), true);
  assert.equal(a.links.send('relay-3', packetOf(9)), false);
});

test('a peer that does not read costs one queue and is cut', async () => {
  await using world = new LinkWorld();
  const clock = new VirtualClock(Date.now());
  const a = await world.relay(1, { clock });
  await world.relay(2);
  await using peer = await rawPeer(a.links.port, 2);
  peer.socket.write(relayHello('relay-2'));
  await answerOf(peer);
  peer.socket.pause();
  await waitFor('a full queue', () => {
    for (let n = 0; n < RELAY_QUEUE / OVERFLOW_ROUNDS; n += 1) {
      if (!a.links.send('relay-2', packetOf(1))) return true;
    }
    return false;
  });
  assert.equal(a.links.stats().dropped.queue, 1);
  for (let passedMs = 0; passedMs < 70_000; passedMs += SWEEP_MS) clock.advance(SWEEP_MS);
  assert.equal(a.metrics.counts.get('fog_mixnet_link_ended_total relay stalled'), 1);
  assert.equal(a.links.stats().relayLinks, 0);
});

test('a link is opened again after a pause that grows', async () => {
  await using world = new LinkWorld();
  const clock = new VirtualClock(Date.now());
  const a = await world.relay(1, { clock });
  const first = await world.relay(2);
  const { port } = first.links;
  await first.links.stop();
  a.links.send('relay-2', packetOf(1));
  await waitFor('the failure', () => a.links.stats().dropped['no-link'] === 1);
  assert.equal(a.links.send('relay-2', packetOf(1)), false);
  assert.equal(a.links.stats().dropped.backoff, 1);
  clock.advance(400);
  a.links.send('relay-2', packetOf(1));
  await waitFor('the second failure', () => a.links.stats().dropped['no-link'] === 2);

  const again = await world.relay(2, { port });
  clock.advance(60_000);
  assert.equal(a.links.send('relay-2', packetOf(5)), true);
  await waitFor('the packet', () => again.got.length === 1);
  await again.links.stop();
  await waitFor('the end', () => a.links.stats().relayLinks === 0);
  assert.equal(a.metrics.counts.get('fog_mixnet_link_ended_total relay peer'), 1);
});

test('a link whose key left the consensus is cut', async () => {
  await using world = new LinkWorld();
  const a = await world.relay(1);
  const b = await world.relay(2);
  a.links.send('relay-2', packetOf(1));
  await waitFor('the packet', () => b.got.length === 1);
  world.directory.change();
  assert.equal(b.links.stats().relayLinks, 1);
  world.directory.relays.delete('relay-1');
  world.directory.change();
  assert.equal(b.links.stats().relayLinks, 0);
  assert.equal(b.metrics.counts.get('fog_mixnet_link_ended_total relay not-in-consensus'), 1);
});

test('an idle link is closed, and a byte now and then does not keep it', async () => {
  await using world = new LinkWorld();
  const clock = new VirtualClock(Date.now());
  const b = await world.relay(2, { clock, limits: { idleMs: 5000 } });
  await world.relay(1);
  await using peer = await rawPeer(b.links.port, 1);
  peer.socket.write(relayHello('relay-1'));
  await answerOf(peer);
  for (let n = 0; n < 7; n += 1) {
    peer.socket.write(Buffer.alloc(1));
    clock.advance(SWEEP_MS);
  }
  await peer.closed;
  assert.equal(b.metrics.counts.get('fog_mixnet_link_ended_total relay idle'), 1);
});

test('a second link of a relay replaces its first', async () => {
  await using world = new LinkWorld();
  const b = await world.relay(2);
  await world.relay(1);
  await using first = await rawPeer(b.links.port, 1);
  first.socket.write(relayHello('relay-1'));
  await answerOf(first);
  await using second = await rawPeer(b.links.port, 1);
  second.socket.write(relayHello('relay-1'));
  await answerOf(second);
  await first.closed;
  assert.equal(b.links.stats().relayLinks, 1);
  assert.equal(b.metrics.counts.get('fog_mixnet_link_ended_total relay replaced'), 1);
});

test('a relay that stops still sends what it has taken, but not to a peer that does not read', async () => {
  await using world = new LinkWorld();
  const a = await world.relay(1);
  const b = await world.relay(2);
  a.links.send('relay-2', packetOf(1));
  await waitFor('the link', () => b.got.length === 1);
  await world.relay(3);
  await using deaf = await rawPeer(a.links.port, 3);
  deaf.socket.write(relayHello('relay-3'));
  assert.equal((await answerOf(deaf)).verdict, 'ok');
  deaf.socket.pause();
  await waitFor('a full queue', () => {
    while (a.links.send('relay-3', packetOf(3)));
    return a.links.stats().dropped.queue > 3;
  });
  for (let n = 0; n < 500; n += 1) a.links.send('relay-2', packetOf(2));
  await a.links.stop();
  await waitFor('the rest', () => b.got.length === 501);
  assert.equal(a.links.stats().relayLinks, 0);
  assert.equal(a.links.send('relay-2', packetOf(1)), false, 'after the stop nothing is taken');
});
