import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Problem, search, type SearchOptions } from '../../src/index.ts';
import { dominates } from './brute-force.ts';
import { knapsack } from './knapsack.ts';

const OPTIONS: SearchOptions<Int32Array> = {
  seed: 7,
  population: 40,
  generations: 30,
  crossover: 0.8,
  mutation: 0.3,
  tournament: 3,
  survival: 'crowding',
};

const SURVIVALS = ['crowding', 'reference'] as const;

test('equal seeds give equal searches, others do not', () => {
  for (const survival of SURVIVALS) {
    const options = { ...OPTIONS, survival, archive: 50 };
    const one = search(knapsack, options);
    assert.deepEqual(search(knapsack, options), one);
    assert.notDeepEqual(search(knapsack, { ...options, seed: 8 }).front, one.front);
  }
});

test('a search that a clock stopped replays from its evaluations', () => {
  for (const survival of SURVIVALS)
    for (const evaluations of [1, 2, 39, 40, 41, 80, 81, 1001]) {
      const options = { ...OPTIONS, survival, archive: 30, stall: { generations: 25, share: 0 } };
      let evaluated = 0;
      const counted: typeof knapsack = {
        ...knapsack,
        evaluate: (genome, out) => {
          evaluated += 1;
          return knapsack.evaluate(genome, out);
        },
      };
      const shouldStop = (): boolean => evaluated >= evaluations;
      const stopped = search(counted, { ...options, shouldStop });
      assert.deepEqual([stopped.stoppedBy, stopped.evaluations], ['budget', evaluations]);
      const replayed = search(knapsack, { ...options, maxEvaluations: evaluations });
      assert.deepEqual(replayed, { ...stopped, stoppedBy: 'evaluations' });
    }
});

test('nothing is made for a search that is over', () => {
  let made = 0;
  const counted: typeof knapsack = {
    ...knapsack,
    create: (random) => {
      made += 1;
      return knapsack.create(random);
    },
  };
  search(counted, { ...OPTIONS, shouldStop: () => made === 5 });
  assert.equal(made, 5);
});

test('the front is feasible and mutually non-dominated', () => {
  for (const survival of SURVIVALS)
    for (const archive of [0, 20, 2000]) {
      const { front, generations, stoppedBy } = search(knapsack, { ...OPTIONS, survival, archive });
      assert.deepEqual([generations, stoppedBy], [30, 'generations']);
      assert.ok(
        front.length > 10 &&
          front.length <= Math.max(archive, OPTIONS.population * (archive === 0 ? 1 : 50)),
      );
      for (const one of front) {
        assert.equal(one.violation, 0);
        const again = new Float64Array(3);
        knapsack.evaluate(one.genome, again);
        assert.deepEqual(again, one.objectives);
        assert.ok(!front.some((other) => dominates(other.objectives, one.objectives)));
      }
    }
});

test('seeds enter the first population, and the first of them is the answer without time', () => {
  const seed = Int32Array.from({ length: 24 }, (_, at) => (at < 4 ? 1 : 0));
  const { front, evaluations } = search(knapsack, {
    ...OPTIONS,
    seeds: [seed],
    shouldStop: () => true,
  });
  assert.equal(evaluations, 1);
  assert.deepEqual(
    front.map((one) => one.genome),
    [seed],
  );
});

test('more seeds than the population has room for are all regarded', () => {
  const seeds = Array.from({ length: 24 * 4 }, (_, first) =>
    Int32Array.from({ length: 24 }, (_, at) => ((at + first) % 5 < 2 + (first % 3) ? 1 : 0)),
  );
  const { evaluations } = search(knapsack, { ...OPTIONS, population: 4, generations: 1, seeds });
  assert.equal(evaluations, new Set(seeds.map((one) => one.join(''))).size + 4);
});

test('without a feasible point those that violate least are told', () => {
  const never: Problem<Int32Array> = {
    ...knapsack,
    evaluate: (genome, out) => 1 + knapsack.evaluate(genome, out) + (genome[0] as number),
  };
  for (const survival of SURVIVALS) {
    const { front } = search(never, { ...OPTIONS, survival, archive: 10 });
    assert.ok(front.length > 0);
    assert.ok(front.every((one) => one.violation === 1));
  }
});

test('a problem that runs out of genomes ends', () => {
  const two: Problem<Int32Array> = {
    objectives: 1,
    evaluate: (genome, out) => {
      out[0] = genome[0] as number;
      return 0;
    },
    create: (random) => Int32Array.of(random.below(2)),
    cross: (a, b) => [a, b],
    mutate: (_, random) => Int32Array.of(random.below(2)),
    key: (genome) => genome[0] as number,
  };
  for (const survival of SURVIVALS) {
    const result = search(two, { ...OPTIONS, survival });
    assert.deepEqual([result.stoppedBy, result.evaluations], ['stall', 2]);
    assert.deepEqual(
      result.front.map((one) => one.genome[0]),
      [0],
    );
  }
});

test('objectives and violations that are no numbers are refused', () => {
  const broken = (objective: number, violation: number): Problem<Int32Array> => ({
    ...knapsack,
    evaluate: (_, out) => {
      out.fill(1).fill(objective, 1, 2);
      return violation;
    },
  });
  assert.throws(() => search(broken(NaN, 0), OPTIONS), {
    code: 'SCHEDULER_OBJECTIVE',
    message: 'objective 1 of 3 is NaN: every objective must be a finite number',
  });
  assert.throws(() => search(broken(Infinity, 0), OPTIONS), { code: 'SCHEDULER_OBJECTIVE' });
  for (const violation of [NaN, -1])
    assert.throws(() => search(broken(1, violation), OPTIONS), {
      message: `the constraint violation is ${violation}: it must be 0 or more`,
    });
});

test('options out of range are refused by name', () => {
  const cases: [Partial<SearchOptions<Int32Array>>, string][] = [
    [{ population: 0 }, 'population is 0: it must be from 1 to 10000'],
    [{ population: 2.5 }, 'population is 2.5: it must be an integer'],
    [{ generations: -1 }, 'generations is -1: it must be from 0 to 9007199254740991'],
    [{ crossover: 1.1 }, 'crossover is 1.1: it must be from 0 to 1'],
    [{ mutation: NaN }, 'mutation is NaN: it must be from 0 to 1'],
    [{ tournament: 0 }, 'tournament is 0: it must be from 1 to 10000'],
    [{ seed: 0.5 }, 'seed is 0.5: it must be an integer'],
    [{ archive: -1 }, 'archive is -1: it must be from 0 to 2000'],
    [{ maxEvaluations: 0 }, 'maxEvaluations is 0: it must be from 1 to 9007199254740991'],
    [
      { stall: { generations: 0, share: 0 } },
      'stall.generations is 0: it must be from 1 to 9007199254740991',
    ],
    [{ stall: { generations: 1, share: -1 } }, 'stall.share is -1: it must be from 0 to 1'],
  ];
  for (const [wrong, message] of cases)
    assert.throws(() => search(knapsack, { ...OPTIONS, ...wrong }), {
      code: 'SCHEDULER_SEARCH',
      message,
    });
});

test('a search that no longer gains ends before its generations', () => {
  for (const survival of SURVIVALS)
    for (const archive of [0, 200]) {
      const stall = { generations: 10, share: 0.001 };
      const options = { ...OPTIONS, survival, archive, generations: 10_000 };
      const result = search(knapsack, { ...options, stall });
      assert.equal(result.stoppedBy, 'stall');
      assert.ok(result.generations >= 10 && result.generations < 1000);
      const { evaluations } = result;
      const replayed = search(knapsack, { ...options, maxEvaluations: evaluations });
      assert.deepEqual(replayed.front, result.front);
    }
});

test('a search without a feasible point does not stall', () => {
  const never: Problem<Int32Array> = {
    ...knapsack,
    evaluate: (genome, out) => 1 + knapsack.evaluate(genome, out),
  };
  const { stoppedBy } = search(never, { ...OPTIONS, stall: { generations: 1, share: 0.5 } });
  assert.equal(stoppedBy, 'generations');
});

test('one objective is searched too', () => {
  const heaviest: Problem<Int32Array> = {
    ...knapsack,
    objectives: 1,
    evaluate: (genome, out) => {
      out[0] = genome.reduce((sum, bit, at) => sum - bit * (at % 5 === 0 ? -1 : 1), 0);
      return 0;
    },
  };
  for (const survival of SURVIVALS) {
    const { front } = search(heaviest, {
      ...OPTIONS,
      survival,
      generations: 100,
      stall: { generations: 50, share: 0 },
    });
    assert.equal(front[0]?.objectives[0], -19);
  }
});
