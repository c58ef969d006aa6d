import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityFromSeed } from '@fog/crypto';
import { silentLogger } from '@fog/kernel';
import { PACKET_BYTES, PAYLOAD_BYTES } from '@fog/sphinx';
import { VirtualClock } from '@fog/testkit';
import fc from 'fast-check';
import {
  decodeItem,
  decodePace,
  decodeTaken,
  encodeItem,
  encodePace,
  encodeTaken,
} from '../../src/gateway/frame-bodies.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { ITEM_BYTES } from '../../src/gateway/mailbox.ts';
import { ECHO_SERVICE } from '../../src/gateway/services.ts';
import { idBytes } from '../../src/ids.ts';
import { countedMetrics, memLink, seededRandom } from '../client/mem-network.ts';
import { fuzzRuns } from '../fuzz-runs.ts';

const body = fc.oneof(
  fc.uint8Array({ minLength: PACKET_BYTES, maxLength: PACKET_BYTES, size: 'max' }),
  fc.uint8Array({ maxLength: PACKET_BYTES, size: 'max' }),
  fc.uint8Array({ maxLength: 12 }),
);

test('bodies of frames: a verdict on any bytes, and what is read is what was written', () => {
  fc.assert(
    fc.property(body, (bytes) => {
      const item = decodeItem(bytes);
      if (item !== undefined) {
        const again = new Uint8Array(PACKET_BYTES);
        encodeItem(again, item);
        assert.deepEqual(decodeItem(again), item);
      }
      const taken = decodeTaken(bytes);
      if (taken !== undefined) assert.deepEqual(encodeTaken(taken), bytes.slice(0, 8));
      const pace = decodePace(bytes);
      if (pace !== undefined) assert.deepEqual(encodePace(pace), bytes.slice(0, 4));
    }),
    fuzzRuns(300),
  );
});

test('a gateway survives whatever frames and packets come, and keeps to its bounds', () => {
  const clock = new VirtualClock();
  const metrics = countedMetrics();
  const limits = { mailboxes: 3, mailboxItems: 5, mailboxBytes: 8 * ITEM_BYTES };
  const deps = { clock, metrics: { ...metrics, count: () => {} }, random: seededRandom(1) };
  const gateway = createGateway({ limits }, { ...deps, logger: silentLogger });
  const home = identityFromSeed(new Uint8Array(32).fill(200));
  gateway.attach({ id: home.id, inject: () => true, send: () => true });
  const ids = [1, 2, 3, 4, 5].map((byte) => identityFromSeed(new Uint8Array(32).fill(byte)));
  const links = new Map<number, ReturnType<typeof memLink>>();
  const step = fc.oneof(
    fc.record({ do: fc.constant('frame'), who: fc.nat(4), kind: fc.nat(6), body }),
    fc.record({
      do: fc.constantFrom('join', 'leave', 'wait'),
      who: fc.nat(4),
      kind: fc.nat(9),
      body,
    }),
    fc.record({
      do: fc.constantFrom('deliver', 'reply', 'echo'),
      who: fc.nat(4),
      kind: fc.nat(9),
      body,
    }),
  );
  const payload = (bytes: Uint8Array): Uint8Array => {
    const whole = new Uint8Array(PAYLOAD_BYTES);
    whole.set(bytes.subarray(0, PAYLOAD_BYTES));
    return whole;
  };
  const act = (each: { do: string; who: number; kind: number; body: Uint8Array }): void => {
    const identity = ids[each.who] as (typeof ids)[number];
    const mailbox = idBytes(identity.id) as Uint8Array;
    if (each.do === 'frame') links.get(each.who)?.atClient.sendFrame(each.kind, each.body);
    else if (each.do === 'leave') links.get(each.who)?.atClient.close('local');
    else if (each.do === 'wait') clock.advance(each.kind * 100);
    else if (each.do === 'deliver') gateway.deliver(mailbox, payload(each.body));
    else if (each.do === 'reply') gateway.reply(mailbox, mailbox, payload(each.body));
    else if (each.do === 'echo') gateway.deliver(ECHO_SERVICE, payload(each.body));
    else {
      const link = memLink(clock, {
        client: identity.id,
        gateway: home.id,
        key: identity.publicKey,
      });
      link.atGateway.handlers = gateway.onClient(link.atGateway);
      links.set(each.who, link);
    }
  };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      for (const each of steps) act(each);
      clock.advance(10);
      const { mailboxes, items, heldBytes } = gateway.stats();
      assert.ok(mailboxes <= 3);
      assert.ok(items <= 8);
      assert.equal(heldBytes, items * ITEM_BYTES);
    }),
    fuzzRuns(200),
  );
  gateway.stop();
  assert.equal(clock.pending, 0);
});
