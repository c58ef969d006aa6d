import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { agreementKey, identityFromSeed } from '@fog/crypto';
import { isFogError, utf8 } from '@fog/kernel';
import {
  BODY_BYTES,
  dataRoom,
  encodePayload,
  MAX_SURBS,
  PAYLOAD_BYTES,
  SURB_BYTES,
} from '@fog/sphinx';
import fc from 'fast-check';
import { destinationOf } from '../../src/client/addresses.ts';
import { createAnswerParts } from '../../src/client/answer-parts.ts';
import { openGuards } from '../../src/client/guards.ts';
import {
  decodeFetch,
  decodeTalk,
  encodeFetch,
  SEALED_KIND,
} from '../../src/client/payload-kinds.ts';
import { createContentOpener, sealContent, sealedRoom } from '../../src/client/sealed-content.ts';
import { idBytes } from '../../src/ids.ts';
import { replacePrivateFile } from '@fog/kernel/files';
import { fuzzRuns } from '../fuzz-runs.ts';
import { createMemNetwork, seededRandom } from './mem-network.ts';
import { addressOf, freshFile, settle, startClient } from './start-client.ts';

const random = seededRandom(60);
const identity = identityFromSeed(new Uint8Array(32).fill(61));
const sealTo = agreementKey(identity.publicKey) as Uint8Array;
const bytesOf = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ minLength: size, maxLength: size, size: 'max' }),
    fc.uint8Array({ maxLength: size + 2, size: 'max' }),
    fc.uint8Array({ maxLength: 40 }),
  );

/** Fragments that could nearly be true, of few ids, so that they meet. */
const fragment = fc
  .tuple(fc.nat(3), fc.nat(4), fc.nat(4), fc.uint8Array({ maxLength: 20 }))
  .map(([id, index, total, part]) =>
    Uint8Array.of(id, 0, 0, 0, 0, 0, 0, 0, 0, index, 0, total, ...part),
  );

describe('decoders of the client give a verdict on any bytes', () => {
  it('sealed content', () => {
    const opener = createContentOpener(identity);
    const count = fc.nat(255);
    const data = fc.uint8Array({ maxLength: sealedRoom(0), size: 'max' });
    fc.assert(
      fc.property(bytesOf(BODY_BYTES), fc.nat(255), count, data, (noise, kind, surbs, inside) => {
        assert.equal(opener.open(noise), undefined);
        // Well sealed, but the count of SURBs is not what is there.
        const content = {
          kind,
          surbs: Array.from({ length: surbs }, () => new Uint8Array(0)),
          data: inside,
        };
        const opened = opener.open(sealContent(content, sealTo, random));
        const fits = surbs <= MAX_SURBS && inside.length <= sealedRoom(surbs);
        assert.equal(opened !== undefined, fits);
        assert.equal(opened?.surbs.length ?? surbs, surbs);
        assert.ok(opened?.surbs.every(({ length }) => length === SURB_BYTES) ?? true);
      }),
      fuzzRuns(200),
    );
  });

  it('fetches and parts of conversations', () => {
    fc.assert(
      fc.property(bytesOf(BODY_BYTES), (bytes) => {
        const fetch = decodeFetch(bytes);
        if (fetch !== undefined) assert.deepEqual(encodeFetch(fetch), bytes);
        const talk = decodeTalk(bytes);
        assert.equal(talk !== undefined, bytes.length >= 8);
        assert.equal(talk?.fragment?.length ?? 0, Math.max(0, bytes.length - 8));
      }),
      fuzzRuns(300),
    );
  });

  it('parts of an answer', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fragment, bytesOf(BODY_BYTES)), { maxLength: 30 }), (all) => {
        const parts = createAnswerParts(new Uint8Array(8));
        const taken = all.filter((bytes) => parts.add(bytes));
        assert.ok(taken.length <= (parts.total ?? 0));
        assert.equal(parts.missing().length, (parts.total ?? 0) - taken.length);
        const complete = taken.length > 0 && parts.missing().length === 0;
        assert.equal(parts.whole() !== undefined, complete);
      }),
      fuzzRuns(200),
    );
  });

  it('addresses', () => {
    const good = { relay: 'a'.repeat(26), id: identity.id };
    const text = fc.oneof(
      fc.string(),
      fc.string({
        unit: fc.constantFrom('a', 'b', 'z', '2', '7', '='),
        minLength: 24,
        maxLength: 54,
      }),
      fc.constantFrom(good.relay, good.id),
    );
    fc.assert(
      fc.property(text, text, fc.option(text, { nil: undefined }), (relay, id, key) => {
        try {
          const to = destinationOf({ relay, id, ...(key !== undefined && { key }) });
          assert.deepEqual(to.id, idBytes(id));
          assert.equal(to.sealTo, undefined, 'no random key has the hash');
        } catch (error) {
          assert.ok(isFogError(error, 'MIXNET_ADDRESS'));
        }
      }),
      fuzzRuns(300),
    );
  });

  it('guard files', async () => {
    const network = createMemNetwork({ seed: 62 });
    const file = freshFile('guards');
    await (await openGuards(file, network)).choose(network.consensus());
    const good = await readFile(file, 'utf8');
    const changed = fc.tuple(fc.nat(good.length), fc.nat(8), fc.string({ maxLength: 8 }));
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map(utf8),
      fc.jsonValue().map((guards) => utf8(JSON.stringify({ version: 1, guards }))),
      changed.map(([at, cut, put]) => utf8(good.slice(0, at) + put + good.slice(at + cut))),
    );
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        await replacePrivateFile(file, bytes);
        try {
          const guards = await openGuards(file, network);
          const chosen = await guards.choose(network.consensus());
          for (const id of chosen) assert.ok(network.consensus().relays.has(id));
        } catch (error) {
          assert.ok(isFogError(error, 'MIXNET_GUARD_FILE'), String(error));
        }
      }),
      fuzzRuns(60),
    );
  });
});

describe('a running client', () => {
  it('survives whatever is in its mailbox, and goes on', async () => {
    const network = createMemNetwork({ seed: 63 });
    const alice = await startClient(network, { identity });
    const { gateway } = network.relay(addressOf(alice).relay);
    const home = idBytes(addressOf(alice).relay) as Uint8Array;
    const mailbox = idBytes(identity.id) as Uint8Array;
    alice.onMessage((message, answer, write) => {
      for (const respond of [answer, write]) respond?.(message).catch(() => {});
    });
    const surb = fc
      .tuple(fc.boolean(), fc.uint8Array({ minLength: 40, maxLength: 40 }))
      .map(([ours, noise]) => {
        const bytes = new Uint8Array(SURB_BYTES).fill(noise[39] ?? 0);
        bytes.set(noise);
        if (ours) bytes.set(home);
        bytes[16] = 1;
        return bytes;
      });
    const data = fc.oneof(
      fragment,
      fragment.map((bytes) => Uint8Array.of(...bytes.subarray(0, 8), ...bytes)),
      fc.uint8Array({ maxLength: 60 }),
    );
    const inside = fc.record({
      kind: fc.oneof(fc.nat(5), fc.nat(255)),
      surbs: fc.array(surb, { maxLength: MAX_SURBS }),
      data,
    });
    const outside = fc.uint8Array({ maxLength: dataRoom(0), size: 'max' });
    await fc.assert(
      fc.asyncProperty(inside, outside, fc.boolean(), async (content, noise, sealed) => {
        const payload = new Uint8Array(PAYLOAD_BYTES);
        if (sealed) {
          const box = sealContent(content, sealTo, random);
          encodePayload(payload, { kind: SEALED_KIND, surbs: [], data: box });
        } else encodePayload(payload, { kind: content.kind, surbs: [], data: noise });
        gateway?.deliver(mailbox, payload);
        gateway?.reply(mailbox, payload.slice(0, 16), payload.slice());
        await network.clock.advanceAsync(10);
      }),
      fuzzRuns(200),
    );
    assert.equal((await alice.health(AbortSignal.timeout(1_000))).state, 'healthy');
    const ping = await settle(network, alice.ping({ hops: 3 }));
    assert.equal(ping.hops.length, 3);
    await alice.stop();
  });
});
