/** What those get of whom too little is known: the same part of single tasks and of batches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { place, placeBatch, type PlacementNode, type PlacementTask } from '../src/index.ts';
import { GIB, node, task } from './fixture.ts';

const known = (id: string, over: Partial<PlacementNode> = {}): PlacementNode =>
  node(id, { owner: id, slots: 4, memoryBytes: 64 * GIB, trust: 0.9, trustSample: 0.95, ...over });
const newcomer = (id: string, over: Partial<PlacementNode> = {}): PlacementNode =>
  known(id, { trust: 0.1, trustSample: 0.1, isNewcomer: true, ...over });

const given = (
  nodes: readonly PlacementNode[],
  tasks: readonly PlacementTask[],
  seed = 7,
): Record<string, number> => {
  const { assignments } = placeBatch(tasks, nodes, { seed, strategy: 'trust_first' });
  const counts: Record<string, number> = {};
  for (const one of assignments) counts[one.node] = (counts[one.node] ?? 0) + 1;
  return counts;
};

const batch = (over: Partial<PlacementTask> = {}): PlacementTask[] =>
  Array.from({ length: 300 }, () => task(over));

test('of a batch newcomers get one task in thirty, whatever the strategy thinks of them', () => {
  const { n = 0, a = 0, b = 0 } = given([known('a'), known('b'), newcomer('n')], batch());
  assert.ok(n >= 9 && n <= 11, `${n} of 300`);
  assert.equal(a + b + n, 300);
  const some = given([known('a'), newcomer('n'), newcomer('m')], batch());
  assert.ok((some['n'] ?? 0) > 0 && (some['m'] ?? 0) > 0);
});

test('but nothing for which trust is paid or asked, and nothing that others wait for', () => {
  const nodes = [known('a'), newcomer('n')];
  for (const over of [{ serviceClass: 'A' }, { tier: 'gold' }, { dueInMs: 1e9 }] as const) {
    assert.equal(given(nodes, batch(over))['n'], undefined, JSON.stringify(over));
    const single = (seed: number): string | undefined =>
      place([task(over)], nodes, { seed }).assignments[0]?.node;
    const seeds = Array.from({ length: 100 }, (_, seed) => single(seed));
    assert.ok(!seeds.includes('n'), JSON.stringify(over));
  }
});

test('a newcomer among many gets its part of a batch, which does not wait for it', () => {
  const many = Array.from({ length: 99 }, (_, at) => known(`k${at}`));
  const tasks = Array.from({ length: 3_000 }, () => task());
  const { n = 0 } = given([...many, newcomer('n')], tasks);
  assert.ok(n >= 25 && n <= 35, `${n} of 3000`);
});

test('where no newcomer can take its task, or has failed it, another does', () => {
  const nodes = [known('a'), newcomer('n', { runtimes: ['python'] })];
  assert.deepEqual(given(nodes, batch()), { a: 300 });
  const avoid = new Set(['n']);
  assert.deepEqual(given([known('a'), newcomer('n')], batch({ avoid })), { a: 300 });
});
