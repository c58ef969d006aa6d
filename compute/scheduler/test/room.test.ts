/** What all tasks of a node take together, whoever placed them and when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { place, type PlacementNode, type PlacementTask, slotsFor } from '../src/index.ts';
import { withTask } from '../src/feasibility.ts';
import { GIB, node, task } from './fixture.ts';

const someTask = fc.record({
  memoryBytes: fc.integer({ min: 0, max: 9 }).map((gib) => gib * GIB),
  diskBytes: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
  gpus: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
  cores: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  depth: fc.integer({ min: 1, max: 4 }),
  serviceClass: fc.constantFrom('S' as const, 'B' as const),
});

const someNode = fc.record({
  slots: fc.integer({ min: 1, max: 5 }),
  memoryBytes: fc.integer({ min: 1, max: 16 }).map((gib) => gib * GIB),
  diskBytes: fc.integer({ min: 0, max: 100 }),
  gpus: fc.integer({ min: 0, max: 4 }),
  isNewcomer: fc.boolean(),
  trust: fc.option(fc.constant(0.5), { nil: undefined }),
});

const someTasks = fc.array(someTask, { maxLength: 20 });
const someNodes = fc.array(someNode, { minLength: 1, maxLength: 4 });
const STRATEGIES = ['round_robin', 'least_loaded', 'affinity_based', 'random'] as const;

/** Whatever of it runs side by side fits: wide tasks all, of the others the largest at the worst. */
function assertFits(on: PlacementNode, tasks: readonly PlacementTask[]): void {
  const sum = (of: (one: PlacementTask) => number, all = tasks): number =>
    all.reduce((total, one) => total + of(one), 0);
  const wide = tasks.filter((one) => slotsFor(one, on) > 1);
  const slots = on.slots - sum((one) => slotsFor(one, on), wide);
  assert(slots >= 0, 'more slots than there are');
  const narrow = tasks
    .filter((one) => slotsFor(one, on) === 1)
    .map(({ memoryBytes }) => memoryBytes)
    .toSorted((a, b) => b - a);
  const memory = sum(({ memoryBytes }) => memoryBytes, wide);
  const atWorst = narrow.slice(0, slots).reduce((total, one) => total + one, memory);
  assert(atWorst <= on.memoryBytes, `${atWorst / GIB} GiB of memory of ${on.memoryBytes / GIB}`);
  assert(sum(({ diskBytes = 0 }) => diskBytes) <= (on.diskBytes ?? 0), 'more disk than there is');
  assert(sum(({ gpus = 0 }) => gpus) <= (on.gpus ?? 0), 'more GPUs than there are');
}

test('property: no node is given more than it has, in one round and over many', () => {
  const options = fc.option(fc.constantFrom(...STRATEGIES), { nil: undefined });
  fc.assert(
    fc.property(
      fc.array(someTasks, { minLength: 1, maxLength: 4 }),
      someNodes,
      options,
      fc.nat(60),
      (rounds, shapes, strategy, seed) => {
        const fleet = shapes.map(({ trust, ...shape }, at) =>
          node(`n${at}`, {
            ...shape,
            cores: shape.slots,
            credit: shape.slots * 32,
            ...(trust === undefined ? {} : { trust }),
          }),
        );
        const now = [...fleet];
        const given = new Map<string, PlacementTask[]>(fleet.map(({ id }) => [id, []]));
        const route =
          strategy === undefined ? {} : { route: { strategy, state: { random: () => 0.5 } } };
        for (const shaped of rounds) {
          const tasks = shaped.map(({ diskBytes, gpus, cores, ...one }) =>
            task({
              ...one,
              ...(diskBytes === undefined ? {} : { diskBytes }),
              ...(gpus === undefined ? {} : { gpus }),
              ...(cores === undefined ? {} : { cores }),
            }),
          );
          for (const { task: index, node: id } of place(tasks, now, { seed, ...route })
            .assignments) {
            const at = now.findIndex((one) => one.id === id);
            now[at] = withTask(now[at] as PlacementNode, tasks[index] as PlacementTask);
            given.get(id)?.push(tasks[index] as PlacementTask);
          }
        }
        for (const one of fleet) assertFits(one, given.get(one.id) ?? []);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('two tasks that fit alone, and not together, do not go to one node', () => {
  const large = task({ memoryBytes: 5 * GIB, depth: 8 });
  const small = task({ memoryBytes: GIB, depth: 8 });
  const one = node('a', { slots: 4, credit: 32 });
  assert.deepEqual(place([large, large], [one], { seed: 0 }).unplaced, [1]);
  assert.deepEqual(place([large, small, large, small], [one], { seed: 0 }).unplaced, [2]);
  const route = { strategy: 'least_loaded', state: { random: () => 0 } } as const;
  assert.deepEqual(place([large, large], [one], { seed: 0, route }).unplaced, [1]);
  const both = place([large, large], [one, node('b')], { seed: 0 }).assignments;
  assert.deepEqual(new Set(both.map((each) => each.node)), new Set(['a', 'b']));
  const disk = task({ diskBytes: 60 });
  assert.deepEqual(place([disk, disk], [node('a', { diskBytes: 100 })], { seed: 0 }).unplaced, [1]);
});

test('equal tasks wait behind each other as before, where those that run side by side fit', () => {
  const one = node('a', { slots: 2, credit: 32, memoryBytes: 2 * GIB });
  const tasks = Array.from({ length: 10 }, () => task({ depth: 5 }));
  assert.deepEqual(place(tasks, [one], { seed: 0 }).unplaced, []);
  const tight = { ...one, memoryBytes: 1.5 * GIB };
  assert.equal(place(tasks, [tight], { seed: 0 }).assignments.length, 1);
});
