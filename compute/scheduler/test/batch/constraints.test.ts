import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { explainRefusal, placeBatch, refusalOf } from '../../src/index.ts';
import type { BatchPlacement, PlacementNode, PlacementTask } from '../../src/index.ts';
import { GIB, node, task } from '../fixture.ts';
import { latenciesOf } from './slow-timeline.ts';
import { someNodes, someTasks } from './small-batches.ts';

const STRATEGIES = ['greedy', 'nsga2', 'latency_first', 'cost_optimize'] as const;

test('property: no plan breaks a constraint, and every task is placed or has a reason for each node', () => {
  fc.assert(
    fc.property(
      someTasks,
      someNodes,
      fc.constantFrom(...STRATEGIES),
      fc.boolean(),
      (tasks, nodes, strategy, atOnce) => {
        const options = { seed: 3, strategy, atOnce, population: 8, maxEvaluations: 40 };
        const found = placeBatch(tasks, nodes, options);
        const placed = found.assignments.map((one) => one.task);
        const all = [...placed, ...found.unplaced.map((one) => one.task)];
        assert.deepEqual(
          all.toSorted((a, b) => a - b),
          [...tasks.keys()],
        );
        for (const { because } of found.unplaced) assert.equal(because.length, nodes.length);
        assertPairs(found, tasks, nodes);
        assertGangs(found, tasks);
        assertApart(found, tasks, nodes);
        assertRoom(found, tasks, nodes, atOnce);
        assertDue(found, tasks, nodes, atOnce);
      },
    ),
    { numRuns: 300 },
  );
});

type Given = readonly [BatchPlacement, readonly PlacementTask[], readonly PlacementNode[]];

function* pairsOf(...[found, tasks, nodes]: Given): Generator<[PlacementTask, PlacementNode]> {
  for (const { task: index, node: id } of found.assignments) {
    const on = nodes.find((one) => one.id === id);
    const placed = tasks[index];
    assert(on !== undefined && placed !== undefined);
    yield [placed, on];
  }
}

function assertPairs(...given: Given): void {
  for (const [placed, on] of pairsOf(...given)) assert.equal(refusalOf(placed, on), undefined);
}

function assertGangs(found: BatchPlacement, tasks: readonly PlacementTask[]): void {
  const left = new Set(found.unplaced.map((one) => tasks[one.task]?.gang));
  for (const { task: index } of found.assignments) {
    const gang = tasks[index]?.gang;
    assert(gang === undefined || !left.has(gang), `a part of the gang ${gang} was placed`);
  }
}

function assertApart(...given: Given): void {
  const taken = new Set<string>();
  for (const [{ apart }, { owner }] of pairsOf(...given)) {
    if (apart === undefined) continue;
    assert(!taken.has(`${apart} ${owner}`), `two of ${apart} went to ${owner}`);
    taken.add(`${apart} ${owner}`);
  }
}

function assertRoom(...[found, tasks, nodes, atOnce]: [...Given, boolean]): void {
  for (const on of nodes) {
    const held = [...pairsOf(found, tasks, nodes)]
      .filter(([placed, there]) => there === on && (atOnce || placed.gang !== undefined))
      .map(([placed]) => placed);
    const sum = (of: (one: PlacementTask) => number): number =>
      held.reduce((total, one) => total + of(one), 0);
    assert(held.length <= on.slots);
    assert(sum((one) => one.cores ?? 0) <= (on.cores ?? 0));
    assert(sum((one) => one.memoryBytes) <= Math.max(0, on.memoryBytes - (on.memoryHeld ?? 0)));
    assert(
      sum((one) => one.diskBytes ?? 0) <= Math.max(0, (on.diskBytes ?? 0) - (on.diskHeld ?? 0)),
    );
    assert(sum((one) => one.gpus ?? 0) <= Math.max(0, (on.gpus ?? 0) - (on.gpusHeld ?? 0)));
  }
}

function assertDue(...[found, tasks, nodes, atOnce]: [...Given, boolean]): void {
  for (const [index, latency] of latenciesOf(found, tasks, nodes, atOnce)) {
    const due = tasks[index]?.dueInMs ?? Infinity;
    assert(latency <= due + 1e-6, `task ${index} takes ${latency} ms and is due in ${due}`);
  }
}

test('contradictory wishes say which of them each node breaks', () => {
  const nodes = [node('a', { region: 'us' }), node('b', { region: 'eu', trust: 0.2 })];
  const { unplaced, explain } = placeBatch(
    [task({ region: 'eu', minTrust: 0.5 }), task({ memoryBytes: 90 * GIB })],
    nodes,
    { seed: 1, strategy: 'nsga2' },
  );
  assert.deepEqual(unplaced, [
    {
      task: 0,
      because: [
        { node: 'a', refusal: 'region' },
        { node: 'b', refusal: 'trust' },
      ],
    },
    {
      task: 1,
      because: [
        { node: 'a', refusal: 'memory' },
        { node: 'b', refusal: 'memory' },
      ],
    },
  ]);
  assert.deepEqual(explain.excluded, { region: ['a'], trust: ['b'], memory: ['a', 'b'] });
  assert.equal(explain.because, 'no task can be placed');
  assert.match(
    explainRefusal('region', task({ region: 'eu' }), nodes[0] as PlacementNode),
    /not in eu/,
  );
});

test('what does not fit beside the rest says so: capacity, gang, deadline, apart', () => {
  const one = node('a', { slots: 1 });
  const reasonOf = (tasks: readonly PlacementTask[], options = {}): string[] =>
    placeBatch(tasks, [one], { seed: 1, strategy: 'greedy', ...options }).unplaced.map(
      ({ because }) => because.map(({ refusal }) => refusal).join(),
    );
  assert.deepEqual(reasonOf([task(), task()], { atOnce: true }), ['capacity']);
  assert.deepEqual(reasonOf([task({ gang: 'g' }), task({ gang: 'g' })]).toSorted(), [
    'gang',
    'gang',
  ]);
  const due = task({ expectedMs: 1_000, dueInMs: 1_500 });
  assert.deepEqual(reasonOf([due, due]), ['deadline']);
  for (const dueInMs of [0, 500]) assert.deepEqual(reasonOf([task({ dueInMs })]), ['deadline']);
  assert.deepEqual(reasonOf([task({ apart: 'p' }), task({ apart: 'p' })]), ['apart']);
});

test('a node that failed the task before is the last resort', () => {
  const options = { seed: 1, strategy: 'greedy' } as const;
  const tasks = [task({ avoid: new Set(['a']) })];
  const on = (nodes: readonly PlacementNode[]): string | undefined =>
    placeBatch(tasks, nodes, options).assignments[0]?.node;
  assert.equal(on([node('a'), node('b', { queuedMs: 60_000 })]), 'b');
  assert.equal(on([node('a')]), 'a');
});

test('cores of slots that services keep, and GPUs that are held, are not given out', () => {
  const tasks = [task({ cores: 2 }), task({ cores: 2 })];
  const options = { seed: 1, strategy: 'greedy' } as const;
  const served = node('a', { cores: 4, slots: 2, allSlots: 4 });
  assert.equal(placeBatch(tasks, [served], options).indicators.makespanMs, 2_000);
  const free = node('a', { cores: 4, slots: 4 });
  assert.equal(placeBatch(tasks, [free], options).indicators.makespanMs, 1_000);
  const gpu = node('a', { slots: 4, gpus: 2, gpusHeld: 1 });
  const drawn = [task({ gpus: 1, gang: 'g' }), task({ gpus: 1, gang: 'g' })];
  assert.equal(placeBatch(drawn, [gpu], options).unplaced.length, 2);
});

test('more tasks than slots queue on their node', () => {
  const { assignments, unplaced, indicators } = placeBatch(
    Array.from({ length: 10 }, () => task()),
    [node('a')],
    { seed: 1, strategy: 'greedy' },
  );
  assert.equal(assignments.length, 10);
  assert.deepEqual(unplaced, []);
  assert.equal(indicators.makespanMs, 5_000);
});
