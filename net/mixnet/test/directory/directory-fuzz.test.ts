/** Every decoder of the directory: a verdict, or the error it declares, whatever it is given. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type CanonicalValue, decodeCanonical, encodeCanonical, signBytes } from '@fog/crypto';
import { isFogError } from '@fog/kernel';
import fc from 'fast-check';
import { authorityKeys } from '../../src/directory/authority-keys.ts';
import { emptyState, readState } from '../../src/directory/authority-state.ts';
import type { BlobFile } from '../../src/directory/blob-file.ts';
import { hasMoreItems } from '../../src/directory/cbor-items.ts';
import {
  openCertificate,
  openNote,
  signCertificate,
  signNote,
} from '../../src/directory/certificate.ts';
import { readCache } from '../../src/directory/consensus-cache.ts';
import { createConsensusView } from '../../src/directory/consensus-view.ts';
import { consensusPurpose, decodeSignedConsensus, NO_HASH } from '../../src/directory/consensus.ts';
import { openDescriptor } from '../../src/directory/descriptor.ts';
import { evidenceShape } from '../../src/directory/evidence.ts';
import { openConsensus, openSignedConsensus } from '../../src/directory/open-consensus.ts';
import { createReveals, periodShape } from '../../src/directory/reveals.ts';
import { packSigned, signObject, unpackSigned } from '../../src/directory/signed-object.ts';
import { decodePostedVote, openVotedRelays, openVoteHead } from '../../src/directory/vote.ts';
import { fuzzRuns } from '../fuzz-runs.ts';
import { testRelay } from './relays.ts';
import { begin, toPhase, voteOf } from './rounds-world.ts';
import { VirtualWorld } from './virtual-world.ts';
import { networkOf, seedOf } from './world.ts';

const EPOCH_MS = 20 * 60_000;
const network = networkOf(['http://a', 'http://b', 'http://c'], EPOCH_MS);
const { identity } = authorityKeys(seedOf(0));
const author = { id: identity.id, key: identity.publicKey };
const relay = testRelay(0);
const round = { network: 'test', epoch: 5, revision: 2 };

/** Good bytes of each kind, from a network that ran. */
const good: { [kind: string]: Uint8Array } = {};
let nowMs = 0;

before(async () => {
  await using world = new VirtualWorld();
  await begin(world);
  await toPhase(world, 1);
  const vote = voteOf(world, 0, 9);
  const get = (path: string): Uint8Array =>
    world.cores[0]?.requests.handle({ method: 'GET', path }).body ?? new Uint8Array();
  const head = decodePostedVote(vote);
  assert.ok(head.ok);
  nowMs = world.clock.now();
  Object.assign(good, {
    vote,
    relays: head.value.relays,
    head: packSigned(head.value.head),
    descriptor: relay.packed('test', world.epoch()),
    certificate: signCertificate(identity, round, [head.value.head]),
    note: packSigned(signNote(identity, round, { hash: NO_HASH, signature: new Uint8Array(64) })),
    consensus: get('/v1/consensus/current'),
    state: encodeCanonical(emptyState('test') as unknown as CanonicalValue),
    cache: encodeCanonical({ consensuses: [get('/v1/consensus/current')], forks: [] }),
  });
});

const anything = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ maxLength: 20 }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 80 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 8 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

interface Edit {
  readonly at: number;
  readonly kind: 'flip' | 'cut' | 'insert' | 'repeat';
  readonly bytes: Uint8Array;
}

const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('flip', 'cut', 'insert', 'repeat'),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 3 },
);

function edited(input: Uint8Array, changes: readonly Edit[]): Uint8Array {
  let bytes = Buffer.from(input);
  for (const { at, kind, bytes: piece } of changes) {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    if (kind === 'flip' && bytes.length > 0) {
      bytes[place] = (bytes[place] ?? 0) ^ (piece[0] || 1);
    } else {
      const rest = bytes.subarray(kind === 'cut' ? place + piece.length : place);
      const put = kind === 'repeat' ? bytes.subarray(place, place + 64) : piece;
      bytes = Buffer.concat(
        [bytes.subarray(0, place), kind === 'cut' ? '' : put, rest].map((each) =>
          Buffer.from(each),
        ),
      );
    }
  }
  return new Uint8Array(bytes);
}

/** The value with another in one place, however deep; `path` says which. */
function changed(
  value: CanonicalValue,
  path: readonly number[],
  other: CanonicalValue,
): CanonicalValue {
  const [step, ...deeper] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return other;
  if (value instanceof Uint8Array) return other;
  const keys = Object.keys(value);
  const key = keys[step % (keys.length + 1)];
  if (key === undefined) return other;
  const inner = changed((value as Record<string, CanonicalValue>)[key] ?? null, deeper, other);
  if (Array.isArray(value))
    return value.map((each, index) => (String(index) === key ? inner : each));
  return { ...(value as Record<string, CanonicalValue>), [key]: inner };
}

const path = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 5 });

function memoryFile(content: Uint8Array): BlobFile {
  return { read: () => Promise.resolve(content), replace: () => Promise.resolve() };
}

/** All that can be done with bytes from the network. Each throws nothing. */
function readAll(input: Uint8Array): void {
  openDescriptor(input, 'test');
  decodePostedVote(input);
  openVotedRelays(input, 'test');
  decodeSignedConsensus(input);
  openConsensus(input, network);
  createConsensusView(network).take(input, nowMs);
  const signed = unpackSigned(input, 'it', 100_000);
  if (!signed.ok) return;
  openVoteHead(signed.value, author, 'test');
  openCertificate(signed.value, author, 'test');
  openNote(signed.value, author, 'test');
}

async function readFiles(input: Uint8Array): Promise<void> {
  await readCache(memoryFile(input));
  const place = { path: 'state', file: memoryFile(input) };
  await readState(place, 'test').catch((error: unknown) => {
    if (!isFogError(error, 'MIXNET_STATE')) throw error;
  });
}

describe('decoders of the directory', () => {
  it('take any bytes', async () => {
    const bytes = fc.uint8Array({ maxLength: 600, size: 'max' });
    await fc.assert(
      fc.asyncProperty(bytes, async (input) => {
        readAll(input);
        await readFiles(input);
      }),
      fuzzRuns(300),
    );
  });

  it('take good messages with bytes changed, left out, put in and repeated', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), edits, async (pick, changes) => {
        const kinds = Object.keys(good);
        const input = edited(good[kinds[pick % kinds.length] ?? ''] ?? new Uint8Array(), changes);
        readAll(input);
        await readFiles(input);
      }),
      fuzzRuns(150),
    );
  });

  it('take any value in any place of a signed object, under a good signature', () => {
    const relayKey = relay.identity;
    fc.assert(
      fc.property(path, anything, (where, value) => {
        const odd = (kind: string): CanonicalValue => {
          const packed = unpackSigned(good[kind] ?? new Uint8Array(), 'it', 100_000);
          assert.ok(packed.ok);
          return changed(decodeCanonical(packed.value.bytes) ?? null, where, value);
        };
        const sign = (kind: string, purpose: string): ReturnType<typeof signObject> =>
          signObject(identity, `${purpose} test`, odd(kind) as object);
        openVoteHead(sign('head', 'fog-vote/1'), author, 'test');
        openCertificate(sign('certificate', 'fog-certificate/1'), author, 'test');
        openNote(sign('note', 'fog-signature/1'), author, 'test');
        const descriptor = signObject(relayKey, 'fog-relay/1 test', odd('descriptor') as object);
        const opened = openDescriptor(packSigned(descriptor), 'test');
        if (opened.ok) createReveals([]).take(opened.value.descriptor);
      }),
      fuzzRuns(150),
    );
  });

  it('take any value in any place of a consensus that all authorities signed', () => {
    const signers = [0, 1, 2]
      .map((index) => authorityKeys(seedOf(index)).identity)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    fc.assert(
      fc.property(path, anything, (where, value) => {
        const signed = decodeSignedConsensus(good['consensus'] ?? new Uint8Array());
        assert.ok(signed.ok);
        const odd = changed(decodeCanonical(signed.value.document) ?? null, where, value);
        const document = encodeCanonical(odd);
        const signatures = signers.map((each) => ({
          authority: each.id,
          signature: signBytes(each, consensusPurpose('test'), document),
        }));
        openSignedConsensus({ document, signatures }, network);
      }),
      fuzzRuns(60),
    );
  });

  it('take any value as evidence, as a period of reveals and in a state', async () => {
    const state = decodeCanonical(good['state'] ?? new Uint8Array()) ?? null;
    await fc.assert(
      fc.asyncProperty(path, anything, async (where, value) => {
        evidenceShape(value, 'it');
        periodShape(value, 'it');
        await readFiles(encodeCanonical(changed(state, where, value)));
      }),
      fuzzRuns(200),
    );
  });
});

describe('an authority', () => {
  it('answers any request, and goes on', async () => {
    await using world = new VirtualWorld();
    await begin(world);
    const core = world.cores[0];
    assert.ok(core);
    const posts = ['descriptors', 'votes', 'certificates', 'signatures', 'nothing', ''];
    const gets = ['consensus/current', 'consensus/next', 'status', 'evidence', 'votes/ff', '../x'];
    const statuses = new Set([200, 304, 400, 403, 404, 409, 425, 507]);
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(...posts, ...gets),
        fc.boolean(),
        fc.oneof(fc.uint8Array({ maxLength: 300 }), edits),
        (pick, name, isGet, input) => {
          const kinds = Object.keys(good);
          const sample = good[kinds[pick % kinds.length] ?? ''] ?? new Uint8Array();
          const body = input instanceof Uint8Array ? input : edited(sample, input);
          const at = `/v1/${name}`;
          assert.ok(core.requests.maxBodyBytes(at) <= 7 * 1024 * 1024);
          const { status } = core.requests.handle(
            isGet ? { method: 'GET', path: at } : { method: 'POST', path: at, body },
          );
          assert.ok(statuses.has(status), String(status));
        },
      ),
      fuzzRuns(200),
    );
    assert.deepEqual(core.health(), { state: 'healthy' });
    assert.equal(core.status().current?.relays, 9);
  });
});

describe('the count of items', () => {
  it('is that of the decoder', () => {
    const items = (value: CanonicalValue): number => {
      if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 1;
      const names = Array.isArray(value) ? 0 : Object.keys(value).length;
      return 1 + names + Object.values(value).reduce<number>((sum, each) => sum + items(each), 0);
    };
    fc.assert(
      fc.property(anything, (value) => {
        const bytes = encodeCanonical(value);
        const count = items(value);
        assert.equal(hasMoreItems(bytes, count), false);
        assert.equal(hasMoreItems(bytes, count - 1), true);
      }),
      fuzzRuns(300),
    );
  });

  it('lets pass the fullest descriptor, and refuses millions of empty maps before one is made', () => {
    const peer = identity.id.slice(0, -3);
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    const full = testRelay(1, {
      loss: Array.from({ length: 128 }, (_none, index) => ({
        peer: `${peer}a${letters[Math.floor(index / 26)]}${letters[index % 26]}`,
        sent: 2 ** 39,
        lost: 2 ** 38,
      })),
      reveals: Array.from({ length: 8 }, (_none, epoch) => ({
        epoch,
        output: new Uint8Array(64),
        proof: new Uint8Array(80),
      })),
      features: Array.from({ length: 16 }, (_none, index) => `feature ${index}`),
      addresses: [1, 2, 3, 4].map((port) => ({ host: '::1', port })),
      roles: ['mix', 'gateway', 'exit', 'hsdir'],
    });
    const opened = openDescriptor(full.packed('test', 5), 'test');
    assert.ok(opened.ok, opened.ok ? '' : opened.reason);
    const bomb = new Uint8Array(6_000_000).fill(0xa0);
    bomb.set([0x9a, 0, 0x5b, 0x8d, 0x7b]);
    for (const verdict of [decodePostedVote(bomb), decodeSignedConsensus(bomb)]) {
      assert.ok(!verdict.ok && /more than 2000 items/.test(verdict.reason));
    }
    const lie = openVotedRelays(bomb, 'test');
    assert.ok(!lie.ok && /more than 16000 items/.test(lie.reason));
    const inside = packSigned({ bytes: bomb.slice(0, 16_000), signature: new Uint8Array(64) });
    const unsigned = openDescriptor(inside, 'test');
    assert.ok(!unsigned.ok && /names no identity key/.test(unsigned.reason));
  });
});
