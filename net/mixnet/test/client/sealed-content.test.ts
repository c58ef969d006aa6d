import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { agreementKey, identityFromSeed } from '@fog/crypto';
import { utf8 } from '@fog/kernel';
import { BODY_BYTES, SURB_BYTES } from '@fog/sphinx';
import { createContentOpener, sealContent, sealedRoom } from '../../src/client/sealed-content.ts';
import { decodeItem } from '../../src/gateway/frame-bodies.ts';
import { idBytes } from '../../src/ids.ts';
import { CLIENT_FRAME } from '../../src/link/client-frames.ts';
import { createMemNetwork, seededRandom } from './mem-network.ts';
import { addressOf, settle, startClient } from './start-client.ts';

const random = seededRandom(70);
const alice = identityFromSeed(new Uint8Array(32).fill(1));
const bob = identityFromSeed(new Uint8Array(32).fill(2));
const toBob = agreementKey(bob.publicKey) as Uint8Array;
const opener = createContentOpener(bob);

function contentOf(surbCount: number, sizeBytes: number): Parameters<typeof sealContent>[0] {
  const surbs = Array.from({ length: surbCount }, (_, n) => new Uint8Array(SURB_BYTES).fill(n + 1));
  return { kind: 1, surbs, data: new Uint8Array(sizeBytes).fill(170) };
}

describe('sealed content', () => {
  it('comes back as it was, with SURBs and without, and always has one size', () => {
    for (const surbs of [0, 1, 2, 3]) {
      for (const size of [0, 1, sealedRoom(surbs)]) {
        const content = contentOf(surbs, size);
        const body = sealContent(content, toBob, random);
        assert.equal(body.length, BODY_BYTES);
        assert.deepEqual(opener.open(body), content);
      }
    }
  });

  it('is closed to others, and noticed where one bit is changed', () => {
    const body = sealContent(contentOf(1, 100), toBob, random);
    assert.equal(createContentOpener(alice).open(body), undefined);
    for (const at of [0, 31, 32, 700, BODY_BYTES - 1]) {
      const bent = body.slice();
      bent[at] = (bent[at] ?? 0) ^ 1;
      assert.equal(opener.open(bent), undefined);
    }
    assert.equal(opener.open(body.subarray(1)), undefined);
    assert.equal(opener.open(new Uint8Array(BODY_BYTES)), undefined);
    // The same content twice has nothing in common.
    assert.notDeepEqual(body, sealContent(contentOf(1, 100), toBob, random));
  });

  it('for a key of low order is for nobody', () => {
    const body = sealContent(contentOf(0, 5), new Uint8Array(32), random);
    assert.equal(opener.open(body), undefined);
  });
});

describe('what a gateway keeps', () => {
  it('has neither the message nor a SURB in clear, and looks alike whatever it is', async () => {
    const network = createMemNetwork({ seed: 71 });
    const identity = identityFromSeed(new Uint8Array(32).fill(210));
    const [sender, receiver] = [
      await startClient(network),
      await startClient(network, { identity }),
    ];
    const to = addressOf(receiver);
    await receiver.stop();
    await settle(network, sender.send(to, utf8('a secret of two'), { level: 'private' }));
    const giveUp = new AbortController();
    const signal = giveUp.signal;
    const asked = sender.request(to, utf8('a secret of two'), { level: 'private', signal });
    const refused = assert.rejects(asked);
    await network.clock.advanceAsync(1_000);
    giveUp.abort(new Error('enough'));
    await refused;

    const payloads: Uint8Array[] = [];
    const { descriptor } = network.relay(to.relay);
    const link = await network.connect(
      { gateway: descriptor(), identity, signal: AbortSignal.timeout(1_000) },
      {
        clock: network.clock,
        handlers: {
          onFrame: (kind, body) => {
            const item = kind === CLIENT_FRAME.item ? decodeItem(body) : undefined;
            if (item !== undefined) payloads.push(item.payload);
          },
          onEnd: () => {},
        },
      },
    );
    await network.clock.advanceAsync(100);
    link.close();
    assert.equal(payloads.length, 2);
    for (const payload of payloads) {
      const kept = Buffer.from(payload);
      assert.ok(!kept.includes('secret'));
      for (const { id } of network.relays)
        assert.ok(!kept.includes(Buffer.from(idBytes(id) ?? [])));
      assert.deepEqual([...kept.subarray(32, 36)], [3, 0, BODY_BYTES >> 8, BODY_BYTES & 255]);
      assert.ok(new Set(kept.subarray(36)).size > 240, 'random to the end');
    }
    await sender.stop();
  });

  it('is refused by the client where it was open to the gateway', async () => {
    const network = createMemNetwork({ seed: 72 });
    const [sender, receiver] = [await startClient(network), await startClient(network)];
    const { relay, id } = addressOf(receiver);
    let heard = 0;
    receiver.onMessage(() => (heard += 1));
    await settle(network, sender.send({ relay, id }, utf8('open'), { level: 'public' }));
    await network.clock.advanceAsync(1_000);
    assert.equal(heard, 0);
    assert.equal(network.metrics.total('fog_mixnet_client_items_total', { result: 'unsealed' }), 1);
    await Promise.all([sender.stop(), receiver.stop()]);
  });
});
