import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  capacityFor,
  explainPlacement,
  place,
  type PlacementNode,
  type PlacementTask,
} from '../src/index.ts';
import { GIB, node, task } from './fixture.ts';

test('spreads over nodes by held work for their slots', () => {
  const nodes = [node('a', { slots: 4 }), node('b', { slots: 2 })];
  const { assignments, unplaced } = place(
    Array.from({ length: 6 }, () => task()),
    nodes,
    { seed: 0 },
  );
  const onA = assignments.filter((one) => one.node === 'a').length;
  assert.equal(onA, 4);
  assert.deepEqual(unplaced, []);
});

test('never places against a hard constraint, and says which', () => {
  const cases: [PlacementTask, PlacementNode, string][] = [
    [task({ runtime: 'python' }), node('a', { runtimes: ['wasm'] }), 'runtime'],
    [
      task({ runtime: 'python', owner: 'bob' }),
      node('a', { sandboxLevel: 'process' }),
      'sandbox-level',
    ],
    [task({ memoryBytes: 9 * GIB }), node('a'), 'memory'],
    [task(), node('a', { held: 2 }), 'full'],
  ];
  for (const [one, on, refusal] of cases) {
    assert.deepEqual(place([one], [on], { seed: 0 }).unplaced, [0]);
    assert.deepEqual(explainPlacement(one, [on]), [{ node: 'a', refusal }]);
  }
  assert.deepEqual(explainPlacement(task(), [node('a')]), []);
});

test('a node without an OS sandbox takes its own python and foreign wasm', () => {
  const weak = node('a', { sandboxLevel: 'process' });
  assert.equal(place([task({ runtime: 'python' })], [weak], { seed: 0 }).assignments.length, 1);
  assert.equal(place([task({ owner: 'bob' })], [weak], { seed: 0 }).assignments.length, 1);
});

test('goes where it ends first: a faster machine, until what waits there outweighs its speed', () => {
  const nodes = [node('slow', { speed: 1 }), node('fast', { speed: 2 })];
  const order = (count: number): string[] =>
    place(
      Array.from({ length: count }, () => task({ depth: 4 })),
      nodes,
      { seed: 0 },
    ).assignments.map((one) => one.node);
  assert.deepEqual(order(5), ['fast', 'fast', 'fast', 'slow', 'slow']);
});

test('machines within a quarter of each other share', () => {
  const nodes = [node('a', { speed: 1 }), node('b', { speed: 1.1 })];
  const { assignments } = place([task(), task()], nodes, { seed: 0 });
  assert.deepEqual(new Set(assignments.map((one) => one.node)), new Set(['a', 'b']));
});

test('of equally good nodes one that ran the program of late, if much would have to be moved', () => {
  const nodes = [node('cold'), node('warm', { held: 1, warm: new Set(['m']) })];
  const order = (module: string, inputBytes: number): string[] => {
    const one = task({ module, inputBytes });
    return place([one, one], nodes, { seed: 0 }).assignments.map((each) => each.node);
  };
  assert.deepEqual(order('m', 2 ** 24), ['warm', 'cold']);
  assert.deepEqual(order('other', 2 ** 24), ['cold', 'warm']);
  assert.deepEqual(order('m', 2 ** 10), ['cold', 'warm']);
});

test('an avoided node is the last resort', () => {
  const avoid = new Set(['a']);
  const busy = node('b', { held: 1 });
  assert.equal(place([task({ avoid })], [node('a'), busy], { seed: 0 }).assignments[0]?.node, 'b');
  assert.equal(place([task({ avoid })], [node('a')], { seed: 0 }).assignments[0]?.node, 'a');
});

test('property: within windows, deterministic, and exactly as many as the capacity allows', () => {
  const nodes = fc.array(
    fc.record({ slots: fc.integer({ min: 1, max: 8 }), held: fc.integer({ min: 0, max: 20 }) }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(
      nodes,
      fc.nat(40),
      fc.integer({ min: 1, max: 8 }),
      fc.nat(),
      (shapes, count, depth, seed) => {
        const fleet = shapes.map((shape, i) =>
          node(`n${i}`, { ...shape, credit: shape.slots * 8 }),
        );
        const tasks = Array.from({ length: count }, () => task({ depth }));
        const first = place(tasks, fleet, { seed });
        assert.deepEqual(first, place(tasks, fleet, { seed }));
        const capacity = capacityFor(task({ depth }), fleet);
        assert.equal(first.assignments.length, Math.min(count, capacity));
        for (const one of fleet) {
          const got = first.assignments.filter((a) => a.node === one.id).length;
          assert(got === 0 || one.held + got <= one.slots * depth);
        }
      },
    ),
  );
});

const known = (id: string, trustSample: number, over: Partial<PlacementNode> = {}) =>
  node(id, {
    owner: id,
    slots: 10,
    memoryBytes: 1_000 * GIB,
    trust: trustSample / 2,
    trustSample,
    ...over,
  });

const counts = (nodes: readonly PlacementNode[], tasks: number, seed = 1) => {
  const all = Array.from({ length: tasks }, () => task());
  const given: Record<string, number> = {};
  for (const { node: id } of place(all, nodes, { seed }).assignments) {
    given[id] = (given[id] ?? 0) + 1;
  }
  return given;
};

test('goes to the trusted first, and to others when those are busy', () => {
  const nodes = [known('bad', 0.1), known('good', 0.9), known('fair', 0.5)];
  assert.deepEqual(counts(nodes, 8), { good: 8 });
  assert.deepEqual(counts(nodes, 25), { good: 10, fair: 10, bad: 5 });
});

test('asks nobody for trust in their own work', () => {
  const nodes = [known('own', 0.1, { owner: 'ann' }), known('good', 0.9)];
  assert.deepEqual(counts(nodes, 4), { own: 4 });
});

test('shares as before while nothing is known of anybody', () => {
  const strangers = ['a', 'b', 'c'].map((id, at) => ({
    ...node(id, { owner: id, slots: 10, trustSample: at / 3, isNewcomer: true }),
  }));
  assert.deepEqual(counts(strangers, 9), { a: 3, b: 3, c: 3 });
});

test('gives newcomers one task in thirty, of the lowest class only', () => {
  const many = { slots: 1_000, credit: 1_000 };
  const nodes = [known('good', 0.9, many), known('new', 0.1, { ...many, isNewcomer: true })];
  assert.deepEqual(counts(nodes, 600), { good: 580, new: 20 });
  const important = Array.from({ length: 60 }, () => task({ serviceClass: 'S' }));
  const chosen = place(important, nodes, { seed: 0 }).assignments.map(({ node: id }) => id);
  assert.deepEqual([...new Set(chosen)], ['good']);
});

test('gives newcomers their share of work whose turns are any part of all', () => {
  const nodes = [known('good', 0.9), known('new', 0.1, { isNewcomer: true })];
  for (const each of [1, 2, 3, 7, 30]) {
    const turns = Array.from({ length: 900 }, (_, at) => 1 + at * each);
    const given = turns.filter(
      (seed) => place([task()], nodes, { seed }).assignments[0]?.node === 'new',
    );
    assert.ok(given.length >= 25 && given.length <= 35, `${given.length} of each ${each}.`);
  }
});

test('a node that may hold one lease takes a wide task, and one at a time', () => {
  const last = node('a', { slots: 8, cores: 8, credit: 1 });
  const wide = task({ cores: 4 });
  assert.equal(capacityFor(wide, [last]), 1);
  assert.deepEqual(place([wide, wide], [last], { seed: 0 }).unplaced, [1]);
  assert.equal(capacityFor(wide, [{ ...last, held: 1 }]), 0);
});
