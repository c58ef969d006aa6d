import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/index.ts';
import { pairRules } from '../../src/batch/eligibility.ts';
import { addGreedily, plainAims, randomWeights, scoringOf } from '../../src/batch/greedy.ts';
import { createInstance } from '../../src/batch/instance.ts';
import { NodeHeap } from '../../src/batch/node-heap.ts';
import { Plan } from '../../src/batch/plan.ts';
import { node, task } from '../fixture.ts';

test('many tasks of a kind, whose nodes are ranked, are placed about as well as by asking every node', () => {
  const random = seededRandom(5);
  const nodes = Array.from({ length: 60 }, (_, index) =>
    node(`n${index}`, {
      speed: 0.5 + random.next() * 2,
      trust: random.next(),
      rttMs: random.next() * 100,
      slots: 1 + random.below(4),
      prices: { cpuHour: random.next() * 1e6, gbHour: 0, gpuHour: 0 },
    }),
  );
  const tasks = Array.from({ length: 400 }, () => task());
  const instance = createInstance(tasks, nodes, pairRules({ seed: 1, strategy: 'greedy' }));
  for (let round = 0; round < 10; round += 1) {
    const scoring = scoringOf(randomWeights(5, random), plainAims(instance.ranges));
    const [ranked, asked] = [new Plan(instance), new Plan(instance)];
    addGreedily(ranked, scoring);
    for (const turn of asked.nodeOf.keys()) asked.add(turn, asked.bestNode(turn, scoring));
    const score = (plan: Plan): number =>
      plan.genome().measures.reduce((sum, value, at) => sum + value * (scoring[at] as number), 0);
    assert(score(ranked) <= score(asked) * 1.03, `${score(ranked)} against ${score(asked)}`);
  }
});

test('the heap has the least at its top, whatever sinks', () => {
  const random = seededRandom(3);
  const heap = new NodeHeap();
  const scores = new Map<number, number>();
  for (let index = 0; index < 50; index += 1) {
    scores.set(index, random.below(20));
    heap.push(index, scores.get(index) ?? 0);
  }
  for (let round = 0; round < 200; round += 1) {
    const sorted = [...scores.values()].toSorted((a, b) => a - b);
    const top = heap.top ?? -1;
    assert.equal(scores.get(top), sorted[0]);
    assert.equal(heap.second, sorted[1]);
    const score = (sorted[0] ?? 0) + random.below(5);
    scores.set(top, score);
    heap.settle(score);
  }
});
