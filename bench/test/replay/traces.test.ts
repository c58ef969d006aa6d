import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '@fog/scheduler';
import { exponential, hyperExponential, weibull, zipf } from '../../scheduler/replay/draws.ts';
import { EventQueue } from '../../scheduler/replay/event-queue.ts';
import { createFleet, presence } from '../../scheduler/replay/fleet.ts';
import { readSwf } from '../../scheduler/replay/swf.ts';
import { syntheticTrace } from '../../scheduler/replay/synthetic.ts';
import { aloneMs } from '../../scheduler/replay/trace.ts';

function near(value: number, wanted: number, share: number): void {
  assert.ok(Math.abs(value - wanted) <= share * wanted, `${value}, not about ${wanted}`);
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? 0;
}

function meanAndCv(values: readonly number[]): [number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return [mean, Math.sqrt(variance) / mean];
}

describe('draws', () => {
  const many = (draw: () => number): number[] => Array.from({ length: 50_000 }, draw);

  test('have the means and spreads they are to have', () => {
    const random = seededRandom(5);
    const [mean, cv] = meanAndCv(many(() => hyperExponential(random, { mean: 90, cv: 5 })));
    near(mean, 90, 0.1);
    near(cv, 5, 0.15);
    near(meanAndCv(many(() => exponential(random, 7)))[0], 7, 0.05);
    // Γ(1 + 1/0.5) = 2.
    near(meanAndCv(many(() => weibull(random, { scale: 3, shape: 0.5 })))[0], 6, 0.05);
  });

  test('Zipf: the second rank half as often as the first at exponent 1', () => {
    const random = seededRandom(5);
    const draw = zipf(10, 1);
    const ranks = many(() => draw(random));
    const share = (rank: number): number => ranks.filter((each) => each === rank).length;
    near(share(1) / share(0), 0.5, 0.1);
    assert.ok(ranks.every((rank) => rank >= 0 && rank < 10));
  });
});

describe('synthetic trace', () => {
  const { jobs } = syntheticTrace({ seed: 1, jobs: 20_000 });

  test('run times: median and 90th percentile of the measured ones, ten times faster, and a tail', () => {
    const runs = jobs.map(({ runMs }) => runMs / 1_000);
    assert.ok(quantile(runs, 0.5) > 20 && quantile(runs, 0.5) < 150, `${quantile(runs, 0.5)}`);
    assert.ok(quantile(runs, 0.9) > 250 && quantile(runs, 0.9) < 1_500, `${quantile(runs, 0.9)}`);
    near(Math.max(...runs), 7_200, 0.01);
  });

  test('arrivals come in bursts, in order', () => {
    const gaps = jobs.slice(1).map(({ submitMs }, at) => submitMs - (jobs[at]?.submitMs ?? 0));
    assert.ok(gaps.every((gap) => gap >= 0));
    assert.ok(meanAndCv(gaps)[1] > 3);
  });

  test('a few users have most of the jobs; most jobs are single, half are due', () => {
    const share = (is: (job: (typeof jobs)[number]) => boolean): number =>
      jobs.filter(is).length / jobs.length;
    assert.ok(share(({ user }) => Number(user.slice(5)) < 8) > 0.5);
    near(
      share(({ tasks }) => tasks === 1),
      0.64,
      0.05,
    );
    near(
      share(({ tasks }) => tasks >= 100),
      0.09,
      0.15,
    );
    near(
      share(({ dueMs }) => dueMs !== undefined),
      0.5,
      0.05,
    );
    assert.ok(
      jobs.every((job) => job.dueMs === undefined || job.dueMs > job.submitMs + aloneMs(job)),
    );
  });

  test('equal seeds give equal traces, others do not', () => {
    const small = (seed: number): unknown => syntheticTrace({ seed, jobs: 50 }).jobs;
    assert.deepEqual(small(4), small(4));
    assert.notDeepEqual(small(4), small(5));
  });
});

describe('logs in the Standard Workload Format', () => {
  const LOG = `; Version: 2.2
; Acknowledge: nobody

  1   30 10  600   5 -1  -1  5 900 -1 1  7 1  3 -1 -1 -1 -1
  2   10 10  100   4 -1 90000  4 900 -1 1  7 1 -1 -1 -1 -1 -1
  3   40 10   -1   4 -1  -1  4 900 -1 5  7 1 -1 -1 -1 -1 -1
  4   50 10   60  -1 -1  -1 -1 900 -1 5  7 1 -1 -1 -1 -1 -1
  broken line
`;
  const options = { name: 'log', jobs: 10, faster: 10, fold: 2, seed: 1 };

  test('jobs that ran, sooner and narrower, in order', () => {
    const { jobs } = readSwf(LOG, options);
    assert.deepEqual(
      jobs.map((job) => ({ ...job, dueMs: undefined })),
      [
        {
          submitMs: 1_000,
          runMs: 10_000,
          tasks: 2,
          memoryBytes: 2 ** 27,
          user: 'user 7',
          program: 'user 7, width 4',
          dueMs: undefined,
        },
        {
          submitMs: 3_000,
          runMs: 60_000,
          tasks: 3,
          memoryBytes: 2 ** 26,
          user: 'user 7',
          program: 'user 7, program 3',
          dueMs: undefined,
        },
      ],
    );
  });

  test('no more than asked for', () => {
    assert.equal(readSwf(LOG, { ...options, jobs: 1 }).jobs.length, 1);
    assert.deepEqual(readSwf('', options).jobs, []);
  });
});

describe('fleet', () => {
  const DAY = 86_400_000;
  const fleet = createFleet({ seed: 2, capacity: 400, untilMs: 14 * DAY });

  test('has the capacity asked for, of three sizes, some of them busy', () => {
    const capacity = fleet.map((node) => node.slots * node.trueSpeed * presence(node, 14 * DAY));
    const sum = capacity.reduce((total, each) => total + each, 0);
    assert.ok(sum >= 400 && sum - (capacity.at(-1) ?? 0) < 400);
    for (const size of ['phone', 'office', 'server']) {
      assert.ok(fleet.some(({ id }) => id.startsWith(size)));
    }
    assert.ok(fleet.some(({ ownerLoad }) => ownerLoad > 0));
  });

  test('comes and goes in order; offices are there two thirds of the time, servers always', () => {
    for (const node of fleet) {
      assert.ok(node.changesMs.every((at, index) => at > (node.changesMs[index - 1] ?? -1)));
    }
    const presences = (size: string): number[] =>
      fleet.filter(({ id }) => id.startsWith(size)).map((node) => presence(node, 14 * DAY));
    assert.ok(presences('server').every((each) => each === 1));
    near(meanAndCv(presences('office'))[0], 0.67, 0.05);
  });
});

test('events come by time, and in the order they were added', () => {
  const queue = new EventQueue<string>();
  const random = seededRandom(9);
  const times = Array.from({ length: 500 }, () => random.below(50));
  for (const [at, time] of times.entries()) queue.add(time, `${time} ${at}`);
  const wanted = times
    .map((time, at) => ({ time, at }))
    .sort((a, b) => a.time - b.time || a.at - b.at)
    .map(({ time, at }) => `${time} ${at}`);
  assert.deepEqual(
    Array.from(times, () => queue.take()),
    wanted,
  );
  assert.equal(queue.take(), undefined);
});
