import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { delayFindings, lossFindings } from '../../src/audit/findings.ts';
import type { Consensus, LinkLoss } from '../../src/directory/documents.ts';
import { testRelay } from '../directory/relays.ts';

const EPOCH = 5;

/** A consensus in which relay `from` says of relay `to` what the table says: loops lost of a hundred. */
function measured(
  count: number,
  lostOf: (from: number, to: number) => number | undefined,
  sent = 100,
): { readonly consensus: Consensus } {
  const ids = Array.from({ length: count }, (_none, index) => testRelay(index).identity.id);
  const relays = ids.map((_id, from) => {
    const loss = ids.flatMap((peer, to): LinkLoss[] => {
      const lost = lostOf(from, to);
      return lost === undefined ? [] : [{ peer, sent, lost: Math.floor((lost * sent) / 100) }];
    });
    return { descriptor: testRelay(from, { loss }).descriptor(EPOCH) };
  });
  return { consensus: { epoch: EPOCH, relays } as unknown as Consensus };
}

function badOnes(world: { readonly consensus: Consensus }): string[] {
  return lossFindings(world).flatMap(({ relay, good }) => (good ? [] : [relay]));
}

const id = (index: number): string => testRelay(index).identity.id;

describe('findings of loss', () => {
  it('are bad for the relay that loses more than the others, once for each relay', () => {
    const world = measured(6, (from, to) => (from === to ? undefined : to === 2 ? 60 : 12));
    assert.deepEqual(badOnes(world), [id(2)]);
    const findings = lossFindings(world);
    assert.equal(new Set(findings.map(({ relay }) => relay)).size, 6);
    const bad = findings.find(({ good }) => !good);
    assert.deepEqual(bad, {
      relay: id(2),
      kind: 'relay_loss',
      epoch: EPOCH,
      good: false,
      weight: 1,
      counts: { lossPpm: 600_000, usualPpm: 120_000, neighbours: 5 },
    });
  });

  it('do not blame those beside a relay that drops all', () => {
    const world = measured(5, (from, to) => (from === to ? undefined : to === 0 ? 100 : 33));
    assert.deepEqual(badOnes(world), [id(0)]);
  });

  it('need two neighbours, ten loops of each, and more than one liar', () => {
    const one = measured(6, (from, to) => (from === 1 && to === 2 ? 100 : undefined));
    assert.deepEqual(lossFindings(one), []);
    const few = measured(6, (from, to) => (from === to ? undefined : 50), 9);
    assert.deepEqual(lossFindings(few), []);
    const framed = measured(6, (from, to) => {
      if (from === to) return undefined;
      return from < 2 && to === 3 ? 100 : 0;
    });
    assert.deepEqual(badOnes(framed), []);
  });

  it('are none where nobody can tell who loses, and none of a relay that is not listed', () => {
    const down = measured(6, (from, to) => (from === to ? undefined : 60 + to));
    assert.deepEqual(lossFindings(down), []);
    const world = measured(3, (from, to) => (from === to ? undefined : 0));
    for (const { descriptor } of world.consensus.relays.slice(0, 2)) {
      (descriptor.loss as LinkLoss[]).push({ peer: id(40), sent: 100, lost: 100 });
    }
    assert.equal(lossFindings(world).length, 3);
    const own = measured(3, (from, to) => (from === to ? 100 : undefined));
    assert.deepEqual(lossFindings(own), [], 'what a relay says of itself');
  });
});

describe('findings of delays', () => {
  const settled = { relay: 'a', epoch: 3, loops: 4, short: 0, forged: 0 };

  it('are good for delays that were kept, bad for slow ones, worse for early ones and for a lie', () => {
    const none = new Set<string>();
    const of = (changes: Partial<typeof settled>, slow: ReadonlySet<string> = none) => {
      const [found] = delayFindings([{ ...settled, ...changes }], slow);
      return [found?.good, found?.weight];
    };
    assert.deepEqual(of({}), [true, 1]);
    assert.deepEqual(of({ short: 1 }), [false, 5]);
    assert.deepEqual(of({ loops: 0, forged: 2 }), [false, 5]);
    assert.deepEqual(of({}, new Set(['a'])), [false, 1]);
    assert.deepEqual(of({}, new Set(['b'])), [true, 1]);
  });

  it('are none where the relay never said what it owed', () => {
    assert.deepEqual(delayFindings([{ ...settled, loops: 0 }], new Set()), []);
  });
});
