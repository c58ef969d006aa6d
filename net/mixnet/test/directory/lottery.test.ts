import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b } from '@fog/crypto';
import fc from 'fast-check';
import type {
  Consensus,
  ConsensusRelay,
  RelayDescriptor,
  RelayFlag,
} from '../../src/directory/documents.ts';
import { LOG_STEPS, stakePpm } from '../../src/directory/log-table.ts';
import {
  drawIndexes,
  type LotteryRelay,
  runLottery,
  verifyLottery,
} from '../../src/directory/lottery.ts';
import { testRelay } from './relays.ts';

const VALUE = new Uint8Array(32).fill(3);

interface Made {
  readonly changes?: Partial<RelayDescriptor>;
  readonly flags?: readonly RelayFlag[];
  readonly reputationPpm?: number;
  readonly performancePpm?: number;
  readonly stakeCredits?: number;
}

function relay(index: number, { changes = {}, ...figures }: Made = {}): LotteryRelay {
  return {
    descriptor: testRelay(index, { family: `family ${index}`, ...changes }).descriptor(1),
    flags: ['Running'],
    reputationPpm: 500_000,
    performancePpm: 500_000,
    stakeCredits: 0,
    ...figures,
  };
}

function weights(relays: readonly LotteryRelay[], singleOperator = true): number[] {
  const input = { relays, singleOperator, sharedRandom: VALUE, maxActive: 100 };
  return runLottery(input).map(({ weightPpm }) => weightPpm);
}

test('the table is ln(1 + stake) in tenths, rounded down', () => {
  assert.equal(LOG_STEPS.length, 200);
  for (const [index, stake] of LOG_STEPS.entries()) {
    const step = (index + 1) / 10;
    assert.ok(Math.log1p(stake) >= step - 1e-12, `${stake}`);
    assert.ok(Math.log1p(stake - 1) < step, `${stake}`);
  }
  assert.equal(stakePpm(0), 0);
  assert.equal(stakePpm(1), 30_000);
  assert.equal(stakePpm(1e12), 1_000_000);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e12 }), (stake) => {
      const exact = Math.min(Math.log1p(stake) / 20, 1) * 1_000_000;
      assert.ok(exact - stakePpm(stake) < 5_000.1 && stakePpm(stake) <= exact + 0.1);
    }),
  );
});

test('half reputation, three tenths performance, two tenths stake; no less than a hundredth', () => {
  const full = { reputationPpm: 1_000_000, performancePpm: 1_000_000, stakeCredits: 1e12 };
  const changes = { stakeAccount: 'a' };
  assert.deepEqual(weights([relay(0, { ...full, changes })]), [1_000_000]);
  assert.deepEqual(weights([relay(0, { ...full, stakeCredits: 0 })]), [800_000]);
  assert.deepEqual(weights([relay(0, { reputationPpm: 1_000_000, performancePpm: 0 })]), [500_000]);
  assert.deepEqual(weights([relay(0, { reputationPpm: 0, performancePpm: 1_000_000 })]), [300_000]);
  assert.deepEqual(weights([relay(0, { reputationPpm: 0, performancePpm: 0 })]), [10_000]);
});

test('splitting a stake over relays brings no more of it', () => {
  const bare = { reputationPpm: 0, performancePpm: 200_000 };
  const changes = { stakeAccount: 'a' };
  const [alone = 0] = weights([relay(0, { ...bare, changes, stakeCredits: 1_000 })]);
  const split = weights(
    [0, 1, 2, 3].map((index) => relay(index, { ...bare, changes, stakeCredits: 250 })),
  );
  const base = 60_000;
  const gained = split.reduce((sum, weight) => sum + weight - base, 0);
  assert.ok(gained <= alone - base && gained > alone - base - 10, `${gained} ${alone}`);
});

test('no family and no subnet has more than a fifth', () => {
  const made = Array.from({ length: 12 }, (_none, index) =>
    relay(index, {
      changes: {
        family: index < 5 ? 'big' : `family ${index}`,
        addresses: [{ host: index >= 7 ? `8.8.${index}.1` : `9.${index}.0.1`, port: 1 }],
      },
      reputationPpm: index < 5 ? 1_000_000 : 300_000,
    }),
  );
  const result = weights(made, false);
  const total = result.reduce((sum, weight) => sum + weight, 0);
  const sumOf = (from: number, to: number): number =>
    result.slice(from, to).reduce((sum, weight) => sum + weight, 0);
  assert.ok(sumOf(0, 5) <= total / 5 + 12, `${sumOf(0, 5)} of ${total}`);
  assert.ok(sumOf(7, 12) <= total / 5 + 12, `${sumOf(7, 12)} of ${total}`);
  assert.ok(weights(made, true)[0] === 650_000);
});

const spec = fc.record({
  family: fc.integer({ min: 0, max: 7 }),
  subnet: fc.integer({ min: 0, max: 7 }),
  reputation: fc.integer({ min: 0, max: 1_000_000 }),
});

function assertCapped(keys: readonly number[], result: readonly number[], what: string): void {
  const total = result.reduce((sum, weight) => sum + weight, 0);
  const groups = Map.groupBy(keys.entries(), ([, key]) => key);
  const allowed = total * Math.max(1 / 5, 1 / groups.size) + keys.length;
  for (const members of groups.values()) {
    const sum = members.reduce((all, [index]) => all + (result[index] ?? 0), 0);
    assert.ok(sum <= allowed, `${what}: ${sum} of ${total}`);
  }
}

test('no family weighs too much, whatever the families', () => {
  fc.assert(
    fc.property(fc.array(spec, { minLength: 2, maxLength: 30 }), (specs) => {
      const made = specs.map(({ family, reputation }, index) =>
        relay(index, { changes: { family: `f${family}` }, reputationPpm: reputation }),
      );
      const families = specs.map(({ family }) => family);
      assertCapped(families, weights(made, false), 'family');
    }),
  );
});

test('where families and subnets cannot both be held, the subnets are', () => {
  fc.assert(
    fc.property(fc.array(spec, { minLength: 2, maxLength: 30 }), (specs) => {
      const made = specs.map(({ family, subnet, reputation }, index) =>
        relay(index, {
          changes: { family: `f${family}`, addresses: [{ host: `8.${subnet}.0.1`, port: 1 }] },
          reputationPpm: reputation,
        }),
      );
      const result = weights(made, false);
      assert.ok(result.every((weight) => weight >= 1));
      const subnets = specs.map(({ subnet }) => subnet);
      assertCapped(subnets, result, 'subnet');
    }),
  );
});

test('gateways, guards, exits and directories are always active; of the others so many are drawn', () => {
  const made = Array.from({ length: 20 }, (_none, index) => {
    const flags: RelayFlag[][] = [['Gateway'], ['Guard'], ['Exit'], ['HSDir']];
    return relay(index, { flags: ['Running', ...(flags[index] ?? [])] });
  });
  const off = relay(20, { flags: [] });
  const input = { singleOperator: false, sharedRandom: VALUE, maxActive: 5 };
  const result = runLottery({ ...input, relays: [...made, off] });
  assert.ok(result.slice(0, 4).every(({ active }) => active));
  assert.equal(result.slice(4, 20).filter(({ active }) => active).length, 5);
  assert.equal(result[20]?.active, false);
});

function consensusOf(relays: readonly ConsensusRelay[]): Consensus {
  const pathPolicy = {
    singleOperator: false,
    distinctFamilies: true,
    distinctSubnets: true,
    distinctRegions: false,
  };
  return { relays, pathPolicy, sharedRandom: VALUE, maxActive: 3 } as unknown as Consensus;
}

test('anyone recomputes the draw, and finds what was changed', () => {
  const made = Array.from({ length: 12 }, (_none, index) => relay(index));
  const input = { relays: made, singleOperator: false, sharedRandom: VALUE, maxActive: 3 };
  const drawn = runLottery(input);
  assert.deepEqual(verifyLottery(consensusOf(drawn)), { ok: true, drawn: 3, active: 3 });
  const change = (how: (relay: ConsensusRelay) => Partial<ConsensusRelay>) => {
    const [first, ...rest] = drawn;
    assert.ok(first);
    return verifyLottery(consensusOf([{ ...first, ...how(first) }, ...rest]));
  };
  const heavier = change(({ weightPpm }) => ({ weightPpm: weightPpm + 1 }));
  assert.ok(!heavier.ok && heavier.reason.includes('weight'));
  const swapped = change(({ active }) => ({ active: !active }));
  assert.ok(!swapped.ok && swapped.reason.includes('drawn'));
});

test('the draw is this one', () => {
  assert.deepEqual(drawIndexes([5, 1, 3, 9, 2, 7], 6, VALUE), [3, 0, 4, 5, 2, 1]);
});

test('the first pick goes by weight: chi-square over 100,000 values', () => {
  const pool = [10_000, 50_000, 120_000, 200_000, 250_000, 370_000];
  const total = pool.reduce((sum, weight) => sum + weight, 0);
  const counts = pool.map(() => 0);
  const draws = 100_000;
  const number = new Uint8Array(4);
  const value = new Uint8Array(32);
  for (let draw = 0; draw < draws; draw += 1) {
    new DataView(number.buffer).setUint32(0, draw);
    blake2b(value, number);
    const [first = 0] = drawIndexes(pool, 1, value);
    counts[first] = (counts[first] ?? 0) + 1;
  }
  const chiSquare = pool.reduce((sum, weight, index) => {
    const expected = (weight / total) * draws;
    return sum + ((counts[index] ?? 0) - expected) ** 2 / expected;
  }, 0);
  // 5 degrees of freedom: 20.5 is passed once in a thousand; the values are always the same ones.
  assert.ok(chiSquare < 20.5, `chi-square ${chiSquare}, counts ${counts.join(' ')}`);
});

test('without putting back: every relay once, the heavy ones sooner', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 50 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (pool, value) => {
        const picks = drawIndexes(pool, pool.length + 3, value);
        assert.deepEqual(
          picks.toSorted((a, b) => a - b),
          pool.map((_weight, index) => index),
        );
        assert.deepEqual(drawIndexes(pool, 1, value), picks.slice(0, 1));
      },
    ),
  );
});
