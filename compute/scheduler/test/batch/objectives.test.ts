import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BatchOptions,
  type Objectives,
  placeBatch,
  type PlacementNode,
  type PlacementTask,
} from '../../src/index.ts';
import { GIB, node, task } from '../fixture.ts';

function objectivesOf(
  tasks: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  options: Partial<BatchOptions> = {},
): Objectives {
  const { front, chosen } = placeBatch(tasks, nodes, { seed: 1, strategy: 'greedy', ...options });
  const point = front[chosen];
  assert(point !== undefined);
  return point.objectives;
}

function near(actual: number, expected: number): void {
  assert(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
}

const far = node('a', { rttMs: 40, bandwidthMbps: 8, queuedMs: 500, speed: 2, slots: 1 });
const heavy = task({ inputBytes: 1_000_000, module: 'm', expectedMs: 2_000 });

test('latency is in milliseconds: round trip, transfer at megabits, queue, and run at the speed', () => {
  near(objectivesOf([heavy], [far]).latencyMs, 40 + 1_000 + 500 + 1_000);
  const warm = { ...far, warm: new Set(['m']) };
  near(objectivesOf([heavy], [warm]).latencyMs, 40 + 500 + 1_000);
  // Half as far is less, so that it is minimised.
  assert(objectivesOf([heavy], [{ ...far, rttMs: 20 }]).latencyMs < 2_540);
});

test('latency is the mean over the tasks: the second waits for the slot and finds the program there', () => {
  near(objectivesOf([heavy, heavy], [far]).latencyMs, (2_540 + 3_540) / 2);
  // With two slots both start at once, and the second waits for the line instead.
  const wide = { ...far, slots: 2 };
  near(objectivesOf([heavy, heavy], [wide]).latencyMs, 2_540);
  const other = { ...heavy, module: 'n' };
  near(objectivesOf([heavy, other], [wide]).latencyMs, (2_540 + 3_540) / 2);
});

test('what is started at once waits for no queue', () => {
  near(objectivesOf([heavy], [far], { atOnce: true }).latencyMs, 40 + 1_000 + 1_000);
});

test('imbalance is the variance of utilisation: none when spread evenly, one unit when one node has all', () => {
  const two = [node('a', { slots: 1 }), node('b', { slots: 1 })];
  near(objectivesOf([task(), task()], two).imbalance, 0);
  const tied = [task({ labels: { disk: 'ssd' } }), task({ labels: { disk: 'ssd' } }), task()];
  const labelled = [node('a', { slots: 1, labels: { disk: 'ssd' } }), node('b', { slots: 1 })];
  // Two on one node and one on the other: utilisation 4/3 and 2/3 of the time that three need on two nodes.
  near(objectivesOf(tied, labelled).imbalance, (1 / 3) ** 2);
});

test('distrust is one minus trust: a draw ranks in place of the bound, nothing known is little trust', () => {
  near(objectivesOf([task()], [node('a', { trust: 0.9 })]).distrust, 0.1);
  near(objectivesOf([task()], [node('a', { trust: 0.9, trustSample: 0.6 })]).distrust, 0.4);
  near(objectivesOf([task()], [node('a')]).distrust, 0.7);
  const both = [node('a', { trust: 0.2 }), node('b', { trust: 0.95 })];
  const { assignments } = placeBatch([task()], both, { seed: 1, strategy: 'trust_first' });
  assert.equal(assignments[0]?.node, 'b');
});

const prices = { cpuHour: 3_600_000, gbHour: 0, gpuHour: 0, spotDiscount: 0.5 };

test('cost is in µ-credits at the asking price for the expected run', () => {
  const priced = node('a', { prices });
  near(objectivesOf([task({ expectedMs: 2_000 })], [priced]).cost, 2_000);
  near(objectivesOf([task({ expectedMs: 2_000 })], [{ ...priced, speed: 2 }]).cost, 1_000);
  near(objectivesOf([task({ cores: 2 }), task()], [{ ...priced, cores: 2 }]).cost, 3_000);
  const memory = node('a', { prices: { ...prices, cpuHour: 0, gbHour: 3_600_000 } });
  near(objectivesOf([task({ memoryBytes: 2e9 })], [memory]).cost, 2_000);
});

test('price is in µ-credits at quotes: spot discount, tier, and a surcharge of up to 30 % when full', () => {
  const idle = node('a', { prices, slots: 1_000, memoryBytes: 8_000 * GIB });
  // A task among a thousand slots, and the horizon is its own run: a thousandth of the node.
  const surcharge = 1 + 0.3 / 1_000;
  near(objectivesOf([task()], [idle]).price, 1_000 * surcharge);
  near(objectivesOf([task({ isSpot: true })], [idle]).price, 500 * surcharge);
  near(objectivesOf([task({ tier: 'gold' })], [idle]).price, 5_000 * surcharge);
  near(objectivesOf([task()], [node('a', { prices, slots: 1 })]).price, 1_300);
});

test('a market takes the place of the asking prices', () => {
  const quotes = { quote: (_: PlacementTask, on: PlacementNode) => (on.id === 'a' ? 10 : 20) };
  const nodes = [node('a', { prices }), node('b')];
  const weights = { latencyMs: 0, imbalance: 0, distrust: 0, cost: 0, price: 1 };
  const found = placeBatch([task()], nodes, { seed: 1, strategy: 'greedy', quotes, weights });
  assert.equal(found.assignments[0]?.node, 'a');
  near(found.front[0]?.objectives.price ?? 0, 10);
});

test('each named strategy is best in what it is named for', () => {
  const nodes = [
    node('fast', { speed: 4, trust: 0.5, prices }),
    node('known', { trust: 0.99, prices, rttMs: 400 }),
    node('cheap', { trust: 0.4, speed: 0.5 }),
  ];
  const tasks = Array.from({ length: 12 }, () => task({ expectedMs: 4_000 }));
  const of = (strategy: BatchOptions['strategy']): Objectives =>
    objectivesOf(tasks, nodes, { strategy });
  const names = {
    latency_first: 'latencyMs',
    load_balance: 'imbalance',
    trust_first: 'distrust',
    cost_optimize: 'cost',
  } as const;
  for (const [strategy, objective] of Object.entries(names)) {
    const own = of(strategy as keyof typeof names)[objective];
    for (const other of Object.keys(names))
      assert(own <= of(other as keyof typeof names)[objective], `${strategy} against ${other}`);
  }
});

test('the greedy plan of a batch is about what single placements come to: slots by trust, whatever the price', () => {
  const fleet = [
    node('dear', { slots: 2, prices, trust: 0.8 }),
    node('wide', { slots: 2, trust: 0.8 }),
    node('small', { slots: 1, trust: 0.8 }),
    node('unsure', { slots: 1, trust: 0.4 }),
  ];
  const tasks = Array.from({ length: 60 }, () => task());
  const { front, chosen } = placeBatch(tasks, fleet, { seed: 1, strategy: 'greedy' });
  const powers = fleet.map(({ slots, trust = 0 }) => slots * trust);
  const whole = powers.reduce((sum, power) => sum + power, 0);
  for (const [at, { id }] of fleet.entries()) {
    const share = (60 * (powers[at] as number)) / whole;
    const planned = front[chosen]?.perNode[id] ?? 0;
    assert(Math.abs(planned - share) <= 3, `${id}: ${planned} planned, ${share} is its share`);
  }
});
