import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeCanonical, vrfKeyFromSeed } from '@fog/crypto';
import { createAuditBook } from '../../src/audit/audit-book.ts';
import { decodeRecords, encodeRecords } from '../../src/audit/audit-file.ts';
import { emptyRecords, type OpenLoop } from '../../src/audit/audit-records.ts';
import { MAX_OPEN_LOOPS, MAX_REVEAL_EPOCHS } from '../../src/audit/limits.ts';
import type { VerifiedConsensus, VrfReveal } from '../../src/directory/documents.ts';
import { vrfInput } from '../../src/directory/vrf-input.ts';
import { owedDelayMs } from '../../src/relay/delays.ts';
import { drawBytes, drawUniform } from '../../src/client/draws.ts';
import { createMemNetwork, seededRandom, sharedRandomOf } from '../client/mem-network.ts';

const MEAN_MICROS = 100_000;
const random = seededRandom(3);
const vrf = vrfKeyFromSeed(new Uint8Array(32).fill(5));

function revealFor(epoch: number): VrfReveal {
  return { epoch, ...vrf.prove(vrfInput(epoch, sharedRandomOf(epoch))) };
}

function loopOf(relay: string, epoch: number, beyondMs: number): OpenLoop {
  const delayTag = drawBytes(random, 16);
  const rttMs = owedDelayMs(revealFor(epoch).output, delayTag, MEAN_MICROS) + beyondMs;
  return { relay, epoch, vrfKey: vrf.publicKey, delayTag, meanMicros: MEAN_MICROS, rttMs };
}

/** A consensus in which all relays have the same VRF key and reveal this. */
function revealing(reveals: readonly VrfReveal[], ahead = 0): VerifiedConsensus {
  const { consensus, ...rest } = createMemNetwork({ seed: 9 }).consensus();
  const relays = consensus.relays.map((relay) => ({
    ...relay,
    descriptor: { ...relay.descriptor, vrfKey: vrf.publicKey, reveals },
  }));
  return {
    ...rest,
    consensus: { ...consensus, epoch: consensus.epoch + ahead, relays },
    relays: new Map(relays.map((relay) => [relay.descriptor.id, relay])),
  };
}

const EPOCH = revealing([]).consensus.epoch;
const IDS = [...revealing([]).relays.keys()];
const [A = '', B = '', C = ''] = IDS;

describe('audit book', () => {
  it('calls a hop too slow only from 200 loops on, against the other hops', () => {
    for (const [loops, expected] of [
      [199, []],
      [200, ['long']],
    ] as const) {
      const book = createAuditBook(emptyRecords(), () => 0);
      const jitter = (): number => 3 + drawUniform(random) * 4;
      for (let loop = 0; loop < loops; loop += 1) {
        book.add(loopOf(A, EPOCH, jitter() + 60));
        book.add(loopOf(B, EPOCH, jitter()));
        book.add(loopOf(C, EPOCH, jitter()));
      }
      assert.equal(book.settle(revealing([revealFor(EPOCH)])).length, 3);
      const byRelay = new Map(book.report().hops.map((hop) => [hop.relay, hop.suspicions]));
      assert.deepEqual(byRelay.get(A), expected);
      assert.deepEqual(byRelay.get(B), []);
      assert.deepEqual(byRelay.get(C), []);
    }
  });

  it('calls a hop short beyond the margin of 2 ms only', () => {
    const book = createAuditBook(emptyRecords(), () => 0);
    book.add(loopOf(A, EPOCH, -1.9));
    book.add(loopOf(B, EPOCH, -2.1));
    book.settle(revealing([revealFor(EPOCH)]));
    const byRelay = new Map(book.report().hops.map((hop) => [hop.relay, hop.short]));
    assert.deepEqual([byRelay.get(A), byRelay.get(B)], [0, 1]);
    for (const { relay, owedMeanMs = 0, tookMeanMs = 0 } of book.report().hops) {
      const beyondMs = relay === A ? -1.9 : -2.1;
      assert.ok(Math.abs(tookMeanMs - owedMeanMs - beyondMs) < 0.01);
    }
  });

  it('believes no reveal the VRF did not make', () => {
    const good = revealFor(EPOCH);
    const other = vrfKeyFromSeed(new Uint8Array(32).fill(6));
    const alpha = vrfInput(EPOCH, sharedRandomOf(EPOCH));
    const chosen = vrf.prove(vrfInput(EPOCH, new Uint8Array(32).fill(200)));
    for (const reveal of [
      { ...good, output: good.output.map((byte) => byte ^ 1) },
      { epoch: EPOCH, ...other.prove(alpha) },
      { epoch: EPOCH, ...chosen },
    ]) {
      const book = createAuditBook(emptyRecords(), () => 0);
      book.add(loopOf(A, EPOCH, 1));
      book.settle(revealing([reveal]));
      const [hop] = book.report().hops;
      assert.equal(hop?.forged, 1);
      assert.deepEqual(hop.suspicions, ['forged']);
    }
  });

  it('waits for a reveal, and after some epochs counts its absence', () => {
    const book = createAuditBook(emptyRecords(), () => 0);
    book.add(loopOf(A, EPOCH, 1));
    assert.deepEqual(book.settle(revealing([], MAX_REVEAL_EPOCHS)), []);
    assert.equal(book.report().open, 1);
    const settled = book.settle(revealing([], MAX_REVEAL_EPOCHS + 1));
    assert.deepEqual(settled, [{ relay: A, epoch: EPOCH, loops: 0, short: 0, forged: 0 }]);
    assert.equal(book.report().hops[0]?.unrevealed, 1);
  });

  it('calls no reveal forged for a value that was drawn while it was away', () => {
    const book = createAuditBook(emptyRecords(), () => 0);
    book.add(loopOf(A, EPOCH - 3, 1));
    book.settle(revealing([revealFor(EPOCH - 3)]));
    const [hop] = book.report().hops;
    assert.deepEqual([hop?.unrevealed, hop?.forged, hop?.suspicions], [1, 0, []]);
  });

  it('keeps a bounded number of loops', () => {
    const book = createAuditBook(emptyRecords(), () => 0);
    const loop = loopOf(A, EPOCH, 1);
    for (let index = 0; index < MAX_OPEN_LOOPS + 10; index += 1) book.add(loop);
    assert.equal(book.report().open, MAX_OPEN_LOOPS);
  });

  it('writes and reads its records alike, and refuses others', () => {
    const book = createAuditBook(emptyRecords(), () => 7);
    book.add(loopOf(A, EPOCH, 1));
    book.settle(revealing([revealFor(EPOCH)]));
    book.lost(B);
    book.add({ ...loopOf(B, EPOCH, 1), rttMs: 12.5 });
    const bytes = encodeRecords(book.records);
    const again = decodeRecords(bytes);
    assert.deepEqual(encodeRecords(again), bytes);
    assert.equal(again.open[0]?.rttMs, 12.5);
    assert.equal(again.hops.get(B)?.lost, 1);
    assert.deepEqual(decodeRecords(encodeCanonical({ version: 1 })), emptyRecords());
    assert.throws(() => decodeRecords(encodeCanonical({ version: 3 })), TypeError);
    assert.throws(() => decodeRecords(bytes.subarray(1)), TypeError);
    assert.throws(() => decodeRecords(new Uint8Array(0)), TypeError);
  });
});
