import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  besides,
  capacityFor,
  type Ending,
  explainPlacement,
  explainRefusal,
  place,
  type PlacementNode,
  type PlacementTask,
  reserveFor,
  slotsFor,
} from '../../src/index.ts';
import { GIB, node, task } from '../fixture.ts';

describe('wide tasks', () => {
  const wide = task({ cores: 4 });

  test('take the slots whose cores they ask for', () => {
    assert.equal(slotsFor(wide, node('a', { slots: 8, cores: 8 })), 4);
    assert.equal(slotsFor(wide, node('a', { slots: 2, cores: 8 })), 1);
    assert.equal(slotsFor(wide, node('a', { slots: 6, cores: 8 })), 3);
    assert.equal(slotsFor(wide, node('a', { slots: 3, allSlots: 8, cores: 8 })), 4);
    assert.equal(slotsFor(task({ cores: 0.5 }), node('a', { slots: 8, cores: 8 })), 1);
    assert.equal(slotsFor(task(), node('a', { slots: 8, cores: 8 })), 1);
  });

  test('have room only where so many are free, also beside those placed before', () => {
    const machine = node('a', { slots: 8, cores: 8 });
    assert.equal(capacityFor(wide, [machine]), 2);
    assert.equal(capacityFor(wide, [{ ...machine, held: 1 }]), 1);
    const { assignments, unplaced } = place([wide, wide, wide], [machine], { seed: 0 });
    assert.equal(assignments.length, 2);
    assert.deepEqual(unplaced, [2]);
    const busy = { ...machine, held: 5 };
    assert.deepEqual(explainPlacement(wide, [busy]), [{ node: 'a', refusal: 'full' }]);
    assert.equal(explainRefusal('full', wide, busy), 'does not have 4 free slots');
    assert.equal(explainRefusal('full', task(), busy), 'has no free slot');
  });

  test('a GPU is held by one task', () => {
    const machine = node('a', { slots: 8, gpus: 2 });
    const one = task({ gpus: 1 });
    assert.equal(capacityFor(one, [machine]), 2);
    assert.equal(place([one, one, one], [machine], { seed: 0 }).assignments.length, 2);
    assert.equal(capacityFor(one, [{ ...machine, gpusHeld: 2 }]), 0);
    const words = explainRefusal('full', one, { ...machine, gpusHeld: 2 });
    assert.equal(words, 'has no free GPU for it');
    assert.equal(capacityFor(task(), [{ ...machine, gpusHeld: 2 }]), 8);
  });
});

describe('backfill', () => {
  const wide = task({ cores: 4 });
  const machine = { slots: 4, cores: 4 };
  const endings: Record<string, Ending[]> = {
    a: [
      { slots: 1, inMs: 900 },
      { slots: 1, inMs: 100 },
    ],
    b: [{ slots: 2, inMs: 500 }],
    c: [],
  };
  const endingsOn = ({ id }: { id: string }): Ending[] => endings[id] ?? [];
  const nodes = ['a', 'b', 'c'].map((id) => node(id, { ...machine, held: 2 }));

  test('the node that will have room soonest is kept; one of which nobody knows is not', () => {
    assert.deepEqual(reserveFor(wide, nodes, endingsOn), { node: 'b', inMs: 500 });
    assert.deepEqual(reserveFor(task({ cores: 3 }), nodes, endingsOn), { node: 'a', inMs: 100 });
    assert.equal(reserveFor(wide, [nodes[2] ?? node('c')], endingsOn), undefined);
  });

  test('a node whose GPU a service has is not kept for a task that wants one', () => {
    const both = task({ cores: 4, gpus: 1 });
    const busy = node('a', { ...machine, gpus: 1, gpusHeld: 1 });
    assert.equal(
      reserveFor(both, [busy], () => []),
      undefined,
    );
    const ends = [
      { slots: 1, gpus: 1, inMs: 300 },
      { slots: 1, inMs: 100 },
    ];
    assert.deepEqual(
      reserveFor(both, [busy], () => ends),
      { node: 'a', inMs: 300 },
    );
  });

  test('nothing is kept for a task that takes one slot, or that nobody can run', () => {
    assert.equal(reserveFor(task(), nodes, endingsOn), undefined);
    assert.equal(reserveFor(task({ cores: 8 }), nodes, endingsOn), undefined);
  });

  test('much memory or disk, or several GPUs, are kept together like slots', () => {
    const large = task({ memoryBytes: 6 * GIB });
    const busy = { ...machine, held: 3, memoryHeld: 6 * GIB, memoryLeast: GIB };
    const ends = [1, 2, 3].map((at) => ({ slots: 1, memoryBytes: 2 * GIB, inMs: at * 100 }));
    const find = (wanted: PlacementTask, over: Partial<PlacementNode> = {}): unknown =>
      reserveFor(wanted, [node('a', { ...busy, ...over })], () => ends);
    assert.deepEqual(find(large), { node: 'a', inMs: 200 });
    // The next that ends frees enough for it.
    const full = { memoryHeld: 7 * GIB, memoryLeast: 2 * GIB };
    assert.equal(find(task({ memoryBytes: 2 * GIB }), full), undefined);
    assert.deepEqual(find(task({ memoryBytes: 3 * GIB }), full), { node: 'a', inMs: 100 });
    assert.equal(
      reserveFor(large, [node('a', busy), node('b', { held: 2 })], () => ends),
      undefined,
    );
    const disk = { diskBytes: 9, diskHeld: 9 };
    const freed = ends.map((end) => ({ ...end, diskBytes: 3 }));
    const scratch = task({ diskBytes: 5 });
    assert.deepEqual(
      reserveFor(scratch, [node('a', { ...machine, ...disk })], () => freed),
      { node: 'a', inMs: 200 },
    );
    const gpus = { gpus: 4, gpusHeld: 4 };
    const cards = ends.map((end) => ({ ...end, gpus: 1 }));
    assert.deepEqual(
      reserveFor(task({ gpus: 2 }), [node('a', { ...machine, ...gpus })], () => cards),
      { node: 'a', inMs: 200 },
    );
    assert.equal(
      reserveFor(task({ gpus: 1 }), [node('a', gpus)], () => cards),
      undefined,
    );
  });

  test('others pass elsewhere, and there if they are over in time', () => {
    const reserved = { node: 'b', inMs: 500 };
    const ids = (usualMs: number | undefined): string[] =>
      besides(reserved, nodes, usualMs).map(({ id }) => id);
    assert.deepEqual(ids(499), ['a', 'b', 'c']);
    assert.deepEqual(ids(500), ['a', 'c']);
    assert.deepEqual(ids(undefined), ['a', 'c']);
  });
});
