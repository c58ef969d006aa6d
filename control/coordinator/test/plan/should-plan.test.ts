import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlacementNode, PlacementTask } from '@fog/scheduler';
import { isLarge, leastTasks, misfit, type PlanProgress } from '../../src/plan/should-plan.ts';

const task: PlacementTask = { owner: 'ann', runtime: 'wasm', memoryBytes: 1, depth: 1 };
const node = (id: string, over: Partial<PlacementNode> = {}): PlacementNode => ({
  id,
  owner: 'ann',
  runtimes: ['wasm'],
  sandboxLevel: 'os',
  memoryBytes: 8,
  slots: 2,
  credit: 16,
  held: 2,
  ...over,
});

/** Ten tasks of a second on each of two nodes with two slots. */
function progress(
  waiting: Readonly<Record<string, number>>,
  over: Partial<PlanProgress> = {},
): PlanProgress {
  return {
    ageMs: 2_500,
    known: new Set(['a', 'b']),
    shares: new Map([
      ['a', { tasks: 10, endMs: 5_000 }],
      ['b', { tasks: 10, endMs: 5_000 }],
    ]),
    makespanMs: 5_000,
    waitingOn: (id) => waiting[id] ?? 0,
    nameOf: (id) => `node ${id}`,
    ...over,
  };
}

test('few tasks and short ones are placed one by one', () => {
  assert.equal(isLarge(1_000, 31), false);
  assert.equal(isLarge(99, 100_000), false);
  assert.equal(isLarge(100, 32), true);
});

test('a plan must save more than it costs: its budget is a tenth of the work that waits', () => {
  assert.equal(leastTasks({ usualMs: 10_000, slots: 4, budgetMs: 300 }), 32);
  assert.equal(leastTasks({ usualMs: 100, slots: 10, budgetMs: 300 }), 300);
});

test('a plan that goes as planned holds', () => {
  const fleet = [node('a'), node('b')];
  assert.equal(misfit(task, fleet, progress({ a: 4, b: 4 })), undefined);
  assert.equal(misfit(task, fleet, progress({})), undefined);
});

test('a node that vanished, drains or cools down with tasks of the plan ends it', () => {
  const gone = misfit(task, [node('a')], progress({ a: 4, b: 4 }));
  assert.equal(gone, 'node b takes no work now');
  const cooling = [node('a'), node('b', { closed: 'cooling' })];
  assert.equal(misfit(task, cooling, progress({ a: 4, b: 4 })), 'node b takes no work now');
  assert.equal(misfit(task, cooling, progress({ a: 4 })), undefined);
});

test('so does a node that was not there, unless it could not take the tasks', () => {
  const fleet = [node('a'), node('b')];
  const joined = misfit(task, [...fleet, node('c')], progress({ a: 4, b: 4 }));
  assert.equal(joined, 'node c can take work now');
  const small = [...fleet, node('c', { memoryBytes: 0 })];
  assert.equal(misfit(task, small, progress({ a: 4, b: 4 })), undefined);
});

test('so does a node far behind, or one done long before it was to be', () => {
  const fleet = [node('a'), node('b')];
  const slow = progress({ a: 4, b: 8 });
  assert.equal(misfit(task, fleet, slow), 'node b is behind what was planned');
  const idle = [node('a', { held: 0 }), node('b')];
  const early = progress({ a: 0, b: 4 }, { ageMs: 2_400 });
  assert.equal(misfit(task, idle, early), 'node a is done sooner than planned');
});

test('where all are behind a new plan would be the same', () => {
  const fleet = [node('a'), node('b')];
  const ageMs = 6_000;
  assert.equal(misfit(task, fleet, progress({ a: 5, b: 6 }, { ageMs })), undefined);
  assert.equal(misfit(task, fleet, progress({ a: 10, b: 10 }, { ageMs })), undefined);
  const shares = new Map([['a', { tasks: 10, endMs: 5_000 }]]);
  const alone = progress({ a: 6 }, { ageMs, shares });
  assert.equal(misfit(task, [node('a')], alone), undefined);
  assert.equal(misfit(task, fleet, alone), 'node a is behind what was planned');
});

test('a plan holds for a quarter of its time, and to its end when that is near', () => {
  const fleet = [node('a'), node('b')];
  const behind = { a: 4, b: 9 };
  assert.equal(misfit(task, fleet, progress(behind, { ageMs: 1_200 })), undefined);
  assert.ok(misfit(task, fleet, progress(behind, { ageMs: 1_300 })) !== undefined);
  const idle = [node('a', { held: 0 }), node('b')];
  assert.equal(misfit(task, idle, progress({ b: 2 }, { ageMs: 2_400 })), undefined);
});

test('a node that the plan gave little is not done too soon', () => {
  const fleet = [node('a', { held: 0 }), node('b')];
  const shares = new Map([
    ['a', { tasks: 2, endMs: 1_000 }],
    ['b', { tasks: 18, endMs: 9_000 }],
  ]);
  const uneven = progress({ a: 0, b: 12 }, { shares, makespanMs: 9_000 });
  assert.equal(misfit(task, fleet, uneven), undefined);
});
