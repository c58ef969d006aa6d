import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { PACKET_BYTES } from '@fog/sphinx';
import { waitFor } from '@fog/testkit';
import fc from 'fast-check';
import { CLIENT_FRAME_BYTES } from '../../src/link/client-frames.ts';
import { LinkWorld, packetOf, rawPeer, relayHello } from './link-world.ts';

const OPENINGS = ['tcp', 'client', 'relay', 'changed-hello', 'linked'] as const;

/** Says the opening and then the chunks, and hangs up. */
async function visit(port: number, opening: string, chunks: readonly Uint8Array[]): Promise<void> {
  const socket = await openSocket(port, opening);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  socket.resume();
  if (opening === 'linked') socket.write(relayHello('relay-1'));
  if (opening === 'changed-hello') {
    const hello = Buffer.from(relayHello('relay-1'));
    const [change = new Uint8Array(0)] = chunks;
    hello.set(change.subarray(0, 64), (change[0] ?? 0) % 256);
    socket.write(hello);
  }
  for (const chunk of chunks) socket.write(chunk);
  socket.end();
  await closed;
}

async function openSocket(port: number, opening: string): Promise<Socket> {
  if (opening === 'tcp') {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return socket;
  }
  return (await rawPeer(port, opening === 'client' ? undefined : 1)).socket;
}

test('whatever a peer says, it is cut or counted, and others are served', async () => {
  await using world = new LinkWorld();
  const limits = { acceptBurst: 1000 };
  const a = await world.relay(1);
  const b = await world.relay(2, {
    limits,
    onClient: () => ({ onFrame: () => {}, onEnd: () => {} }),
  });
  const chunk = fc.uint8Array({ maxLength: 3 * CLIENT_FRAME_BYTES });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...OPENINGS),
      fc.array(chunk, { maxLength: 4 }),
      async (opening, chunks) => {
        const before = b.got.length;
        await visit(b.links.port, opening, chunks);
        await waitFor('the end of it', () => b.links.stats().halfOpen === 0);
        await waitFor('no link', () => b.links.stats().relayLinks === 0);
        const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
        const packets = Math.floor(bytes / PACKET_BYTES);
        if (opening === 'linked') assert.equal(b.got.length - before, packets);
        if (opening === 'tcp' || opening === 'client') assert.equal(b.got.length, before);
      },
    ),
    { numRuns: 60 },
  );
  assert.equal(b.links.stats().clientLinks, 0);
  assert.equal(a.links.send('relay-2', packetOf(7)), true);
  await waitFor('a good packet', () => b.got.at(-1)?.first === 7);
});
