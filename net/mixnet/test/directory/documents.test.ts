import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CanonicalValue,
  decodeCanonical,
  encodeCanonical,
  identityFromSeed,
} from '@fog/crypto';
import fc from 'fast-check';
import { authorityKeys } from '../../src/directory/authority-keys.ts';
import {
  openCertificate,
  openNote,
  signCertificate,
  signNote,
} from '../../src/directory/certificate.ts';
import { consensusShape, decodeSignedConsensus, NO_HASH } from '../../src/directory/consensus.ts';
import { createSignDescriptor, openDescriptor } from '../../src/directory/descriptor.ts';
import type { RelayDescriptor } from '../../src/directory/documents.ts';
import { MAX_ADDRESSES, MAX_DESCRIPTOR_BYTES } from '../../src/directory/limits.ts';
import { openConsensus } from '../../src/directory/open-consensus.ts';
import { signObject, unpackSigned } from '../../src/directory/signed-object.ts';
import {
  decodePostedVote,
  encodeVotedRelays,
  openVotedRelays,
  openVoteHead,
  signVoteHead,
  type VoteHead,
} from '../../src/directory/vote.ts';
import { testRelay } from './relays.ts';
import { networkOf, seedOf } from './world.ts';

const relay = testRelay(0);
const { identity } = authorityKeys(seedOf(0));
const author = { id: identity.id, key: identity.publicKey };
const cover = { relayLoopsMilli: 1, clientLoopsMilli: 1, clientPayloadMilli: 1 };

const head: VoteHead = {
  kind: 'fog-vote/1',
  network: 'test',
  authority: identity.id,
  epoch: 5,
  revision: 2,
  previous: NO_HASH,
  draws: false,
  vrfProof: new Uint8Array(0),
  parameters: { delayMeansMicros: [0, 1, 2, 3, 4], cover, maxActive: 9 },
  relaysHash: NO_HASH,
};

function reasonFor(changes: Readonly<Record<string, unknown>>): string {
  const changed = { ...relay.descriptor(5), ...changes } as RelayDescriptor;
  const opened = openDescriptor(createSignDescriptor(relay.identity, 'test')(changed), 'test');
  return opened.ok ? 'good' : opened.reason;
}

test('a descriptor comes back as it was', () => {
  const opened = openDescriptor(relay.packed('test', 5), 'test');
  assert.ok(opened.ok);
  assert.deepEqual(opened.value.descriptor, relay.descriptor(5));
});

test('each field of a descriptor has its bounds, and the verdict names it', () => {
  const key = new Uint8Array(32);
  const id = identityFromSeed(key).id;
  const cases: readonly [Readonly<Record<string, unknown>>, RegExp][] = [
    [{ kind: 'fog-relay/2' }, /kind must be "fog-relay\/1"/],
    [{ id }, /id that is not of its key/],
    [{ id: 'x' }, /id must be an id/],
    [{ identityKey: key }, /no good signature/],
    [{ epoch: -1 }, /epoch must be an integer/],
    [{ epoch: 6 }, /keys of its epoch/],
    [{ revision: 2 ** 50 }, /revision must be an integer/],
    [{ mixKeys: [] }, /mixKeys must be a list of 3 to 3/],
    [
      { mixKeys: [5, 6, 7].map((epoch) => ({ epoch, key: key.subarray(1) })) },
      /mixKeys\[0\]\.key must be 32 bytes/,
    ],
    [{ linkKey: new Uint8Array(31) }, /linkKey must be 32 bytes/],
    [{ vrfKey: 'x' }, /vrfKey must be 32 bytes/],
    [{ addresses: [] }, /addresses must be a list/],
    [
      { addresses: Array.from({ length: MAX_ADDRESSES + 1 }, () => ({ host: '::1', port: 1 })) },
      /addresses must be a list/,
    ],
    [{ addresses: [{ host: 'relay.example', port: 1 }] }, /addresses\[0\] must have an IP address/],
    [{ addresses: [{ host: '::1', port: 0 }] }, /port must be an integer from 1 to 65535/],
    [{ roles: ['mix', 'mix'] }, /role twice/],
    [{ roles: ['king'] }, /roles\[0\] must be one of/],
    [{ family: 'x'.repeat(65) }, /family must be a plain text/],
    [{ region: 'a\u001b[2J' }, /region must be a plain text/],
    [{ software: 'a\u202eb' }, /software must be a plain text/],
    [{ features: Array.from({ length: 17 }, () => 'x') }, /features must be a list/],
    [{ declaredRate: 10 ** 9 }, /declaredRate must be an integer/],
    [{ loss: [{ peer: id, sent: 1, lost: 2 }] }, /lost more than it sent/],
    [{ loss: [1, 2].map(() => ({ peer: id, sent: 1, lost: 1 })) }, /reports a peer twice/],
    [{ reveals: [{ epoch: 1, output: key, proof: key }] }, /output must be 64 bytes/],
    [{ surplus: 1 }, /unknown field/],
    [{ stakeAccount: null }, /stakeAccount must be a plain text/],
  ];
  assert.equal(reasonFor({}), 'good');
  for (const [changes, reason] of cases) assert.match(reasonFor(changes), reason);
});

test('a descriptor without a field, too large, or signed by another is refused', () => {
  const { linkKey: _without, ...rest } = relay.descriptor(5);
  const packed = createSignDescriptor(relay.identity, 'test')(rest as RelayDescriptor);
  const missing = openDescriptor(packed, 'test');
  assert.ok(!missing.ok && /linkKey must be 32 bytes/.test(missing.reason));
  const large = openDescriptor(new Uint8Array(MAX_DESCRIPTOR_BYTES + 200), 'test');
  assert.ok(!large.ok && /more than/.test(large.reason));
  const foreign = createSignDescriptor(identity, 'test')(relay.descriptor(5));
  const forged = openDescriptor(foreign, 'test');
  assert.ok(!forged.ok && /no good signature/.test(forged.reason));
});

test('votes, certificates and notes come back, and only from their author and network', () => {
  const opened = signVoteHead(identity, head);
  assert.deepEqual(openVoteHead(opened.signed, author, 'test'), { ok: true, value: opened });
  assert.ok(!openVoteHead(opened.signed, author, 'other').ok);
  const other = authorityKeys(seedOf(1)).identity;
  assert.ok(!openVoteHead(opened.signed, { id: other.id, key: other.publicKey }, 'test').ok);
  const round = { network: 'test', epoch: 5, revision: 2 };
  const packed = signCertificate(identity, round, [opened.signed]);
  const signed = unpackSigned(packed, 'it', 10_000);
  assert.ok(signed.ok);
  const certificate = openCertificate(signed.value, author, 'test');
  assert.ok(certificate.ok && certificate.value.heads.length === 1);
  const note = signNote(identity, round, { hash: NO_HASH, signature: new Uint8Array(64) });
  assert.ok(openNote(note, author, 'test').ok);
  assert.ok(!openNote(note, author, 'other').ok);
  assert.ok(!openCertificate(note, author, 'test').ok);
});

test('a vote that draws must prove its output, and one that does not must not', () => {
  for (const changes of [{ draws: true }, { vrfProof: new Uint8Array(80) }]) {
    const { signed } = signVoteHead(identity, { ...head, ...changes });
    const opened = openVoteHead(signed, author, 'test');
    assert.ok(!opened.ok && /VRF proof/.test(opened.reason));
  }
});

test("a vote's relays are in order, each once, with good descriptors", () => {
  const figures = { reputationPpm: 1, performancePpm: 1, stakeCredits: 0, upMs: 0, running: true };
  const voted = [0, 1]
    .map((index) => testRelay(index))
    .sort((a, b) => (a.identity.id < b.identity.id ? -1 : 1))
    .map((each) => ({ descriptor: each.packed('test', 5), ...figures }));
  assert.ok(openVotedRelays(encodeVotedRelays(voted), 'test').ok);
  const reason = (relays: typeof voted): string => {
    const opened = openVotedRelays(encodeVotedRelays(relays), 'test');
    return opened.ok ? 'good' : opened.reason;
  };
  assert.match(reason(voted.toReversed()), /in order/);
  assert.match(reason([...voted.slice(0, 1), ...voted.slice(0, 1)]), /each once/);
  const [first] = voted;
  assert.ok(first);
  assert.match(reason([{ ...first, upMs: -1 }]), /upMs must be/);
  assert.match(reason([{ ...first, descriptor: Uint8Array.of(1) }]), /bad descriptor/);
});

const RUNS = 2_000;

test('decoders give verdicts on any bytes and never throw', () => {
  const network = networkOf(['http://a', 'http://b', 'http://c'], 1_200_000);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (input) => {
      assert.ok(!openDescriptor(input, 'test').ok);
      assert.ok(!decodePostedVote(input).ok);
      assert.ok(!openConsensus(input, network).ok);
      assert.ok(!decodeSignedConsensus(input).ok);
      openVotedRelays(input, 'test');
    }),
    { numRuns: RUNS },
  );
});

test('one changed byte of a signed object is found, wherever it is', () => {
  const packed = relay.packed('test', 5);
  fc.assert(
    fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Uint8Array.from(packed);
      changed[at] = (changed[at] ?? 0) ^ change;
      assert.ok(!openDescriptor(changed, 'test').ok);
    }),
    { numRuns: RUNS },
  );
});

/** Any canonical value, signed by the right key: only the shape stands between it and the authority. */
const anything = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ maxLength: 20 }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 8 }), tie('value'), { maxKeys: 4 }),
  ),
})).value;

test('shapes give verdicts on any signed value, also in the place of one field', () => {
  const good = relay.descriptor(5);
  const fields = Object.keys(good);
  const vote = Object.keys(head);
  fc.assert(
    fc.property(anything, fc.nat(), (value, pick) => {
      const field = fields[pick % fields.length] ?? '';
      const changed = { ...good, [field]: value } as unknown as RelayDescriptor;
      const read = openDescriptor(createSignDescriptor(relay.identity, 'test')(changed), 'test');
      if (read.ok) assert.deepEqual(read.value.descriptor, decoded(changed));
      const odd = { ...head, [vote[pick % vote.length] ?? '']: value };
      openVoteHead(signObject(identity, 'fog-vote/1 test', odd), author, 'test');
      consensusShape(value, 'it');
    }),
    { numRuns: RUNS },
  );
});

function decoded(value: object): unknown {
  return decodeCanonical(encodeCanonical(value as CanonicalValue));
}
