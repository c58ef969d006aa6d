import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError } from '@fog/kernel';
import { placeBatch, type PlacementNode, type PlacementTask } from '../../src/index.ts';
import { node, task } from '../fixture.ts';

function messageOf(
  tasks: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  options: Partial<Parameters<typeof placeBatch>[2]> = {},
): string {
  try {
    placeBatch(tasks, nodes, { seed: 1, strategy: 'greedy', ...options });
  } catch (error) {
    assert(isFogError(error, 'SCHEDULER_INPUT'));
    return error.message;
  }
  return '';
}

test('a number that is none is refused with its task or node and its field', () => {
  const nodes = [node('a')];
  const cases: [PlacementTask, RegExp][] = [
    [task({ memoryBytes: Number.NaN }), /^Task 1 has memoryBytes NaN: .* at least 0/],
    [task({ cores: -1 }), /^Task 1 has cores -1: /],
    [task({ expectedMs: Infinity }), /^Task 1 has expectedMs Infinity: /],
    [task({ dueInMs: -5 }), /^Task 1 has dueInMs -5: .* at least 0/],
    [task({ minTrust: 2 }), /^Task 1 has minTrust 2: .* 0 to 1/],
    [task({ maxPrice: { credits: -1, hours: 1 } }), /^Task 1 has maxPrice.credits -1: /],
  ];
  for (const [wrong, message] of cases) assert.match(messageOf([task(), wrong], nodes), message);
  const prices = { cpuHour: 1, gbHour: 1, gpuHour: 1 };
  const machines: [Partial<PlacementNode>, RegExp][] = [
    [{ speed: 0 }, /^Node b has speed 0: it must be a number above 0/],
    [{ speed: -1 }, /^Node b has speed -1: /],
    [{ rttMs: Number.NaN }, /^Node b has rttMs NaN: /],
    [{ bandwidthMbps: 0 }, /^Node b has bandwidthMbps 0: /],
    [{ trust: 1.5 }, /^Node b has trust 1.5: /],
    [{ prices: { ...prices, gbHour: -1 } }, /^Node b has prices.gbHour -1: /],
    [{ prices: { ...prices, spotDiscount: 3 } }, /^Node b has prices.spotDiscount 3: /],
  ];
  for (const [wrong, message] of machines)
    assert.match(messageOf([task()], [...nodes, node('b', wrong)]), message);
});

test('a node given twice, a budget without a clock, a mad market and a negative weight are refused', () => {
  assert.match(messageOf([task()], [node('a'), node('a')]), /^Node a is given twice/);
  assert.match(messageOf([task()], [node('a')], { budgetMs: 5 }), /budgetMs without nowMs/);
  for (const price of [Number.NaN, -1, Infinity]) {
    const quotes = { quote: () => price };
    assert.match(messageOf([task()], [node('a')], { quotes }), /^Node a is quoted at /);
  }
  const weights = { latencyMs: 1, imbalance: -1, distrust: 0, cost: 0, price: 0 };
  assert.match(messageOf([task()], [node('a')], { weights }), /weights.imbalance -1/);
  const none = { ...weights, latencyMs: 0, imbalance: 0 };
  assert.match(messageOf([task()], [node('a')], { weights: none }), /weights of 0 alone/);
});
