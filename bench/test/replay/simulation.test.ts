import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fifo, leastLoaded, random } from '../../scheduler/replay/baselines.ts';
import { createFleet, type SimulatedNode } from '../../scheduler/replay/fleet.ts';
import { greedy } from '../../scheduler/replay/greedy.ts';
import { boundedSlowdown, jainIndex, measuresOf } from '../../scheduler/replay/measures.ts';
import { nsga2 } from '../../scheduler/replay/nsga2.ts';
import { type Outcome, Simulation, type Strategy } from '../../scheduler/replay/simulation.ts';
import { syntheticTrace } from '../../scheduler/replay/synthetic.ts';
import { spanMs, type Trace, type TraceJob, workMs } from '../../scheduler/replay/trace.ts';

const STRATEGIES: Readonly<Record<string, () => Strategy>> = {
  fifo,
  random: () => random(1),
  leastLoaded,
  greedy,
  nsga2: () => nsga2(1),
};

function node(id: string, parts: Partial<SimulatedNode> = {}): SimulatedNode {
  return {
    id,
    slots: 1,
    memoryBytes: 2 ** 30,
    speed: 1,
    trueSpeed: 1,
    ownerLoad: 0,
    changesMs: [0],
    ...parts,
  };
}

function job(submitMs: number, runMs: number, parts: Partial<TraceJob> = {}): TraceJob {
  const memoryBytes = 2 ** 20;
  return { submitMs, runMs, tasks: 1, memoryBytes, user: 'u', program: 'p', ...parts };
}

function replay(jobs: readonly TraceJob[], fleet: readonly SimulatedNode[]): Outcome {
  return new Simulation({ name: 'test', jobs }, fleet, fifo()).run();
}

describe('replay', () => {
  const trace = syntheticTrace({ seed: 3, jobs: 120 });
  const untilMs = 4 * spanMs(trace);
  const fleet = createFleet({ seed: 3, capacity: workMs(trace) / spanMs(trace), untilMs });

  for (const [name, create] of Object.entries(STRATEGIES)) {
    test(`${name}: every task of every job ends once, though nodes go`, () => {
      const outcome = new Simulation(trace, fleet, create()).run();
      const tasks = trace.jobs.reduce((sum, each) => sum + each.tasks, 0);
      assert.equal(outcome.unfinished, 0);
      assert.ok(outcome.lost > 0, 'no node took work with it');
      assert.equal(outcome.started, tasks + outcome.lost);
      for (const each of outcome.jobs) {
        assert.equal(each.board.open, 0);
        assert.equal(each.board.waiting, 0);
        assert.ok((each.endedMs ?? 0) > each.traced.submitMs);
      }
    });

    test(`${name}: the same inputs give the same outcome`, () => {
      const [one, other] = [1, 2].map(() => {
        const outcome = new Simulation(trace, fleet, create()).run();
        return outcome.jobs.map(({ endedMs }) => endedMs);
      });
      assert.deepEqual(one, other);
    });
  }

  test('a job that nobody can run is counted, and does not hold up the others', () => {
    const outcome = replay(
      [job(0, 1_000, { memoryBytes: 2 ** 40 }), job(1_000, 1_000), job(60_000, 1_000)],
      [node('a')],
    );
    assert.equal(outcome.unfinished, 1);
    assert.deepEqual(
      outcome.jobs.map(({ endedMs }) => endedMs),
      [undefined, 2_000, 61_000],
    );
  });

  test('a node that goes loses its task, which runs elsewhere once that is noticed', () => {
    const leaving = node('a', { changesMs: [0, 5_000] });
    const outcome = replay(
      [job(0, 20_000), job(1_000, 7_000), job(100_000, 1_000)],
      [leaving, node('b')],
    );
    assert.equal(outcome.lost, 1);
    assert.equal(outcome.jobs[0]?.endedMs, 35_000);
  });

  test('what is given to a node that is gone, before anybody noticed, is lost too', () => {
    const leaving = node('a', { changesMs: [0, 5_000, 90_000] });
    const outcome = replay([job(6_000, 1_000), job(100_000, 1_000)], [leaving]);
    assert.equal(outcome.lost, 1);
    assert.equal(outcome.jobs[0]?.endedMs, 91_000);
  });

  test('a slower node takes longer', () => {
    const outcome = replay([job(0, 10_000), job(50_000, 1)], [node('a', { trueSpeed: 0.5 })]);
    assert.equal(outcome.jobs[0]?.endedMs, 20_000);
  });

  test('a strategy that overfills a node is told so', () => {
    const overfills: Strategy = {
      add: () => {},
      decide: ({ start }) => {
        for (const each of outcomeJobs) start(each, 0, 'a');
      },
    };
    const outcomeJobs = replay([job(0, 1), job(0, 1)], [node('a')]).jobs;
    const jobs = [job(0, 1), job(0, 1)];
    assert.throws(
      () => new Simulation({ name: 'test', jobs }, [node('a')], overfills).run(),
      /without a free slot/,
    );
  });
});

describe('measures', () => {
  test('bounded slowdown: wait and run over run, at least 10 s and at least 1', () => {
    const outcome = replay(
      [job(0, 20_000), job(0, 20_000), job(0, 1_000), job(90_000, 1_000)],
      [node('a')],
    );
    assert.deepEqual(
      outcome.jobs.map((each) => boundedSlowdown(each, outcome.endedMs)),
      [1, 2, 4.1, 1],
    );
  });

  test('deadlines that were missed, of those there were', () => {
    const jobs = [
      job(0, 5_000, { dueMs: 6_000 }),
      job(0, 5_000, { dueMs: 6_000 }),
      job(60_000, 1_000),
    ];
    const trace: Trace = { name: 'test', jobs };
    assert.equal(measuresOf(new Simulation(trace, [node('a')], fifo()).run()).deadlineMiss, 50);
  });

  test('Jain: 1 when all have the same, one in n when one has all', () => {
    assert.equal(jainIndex([3, 3, 3]), 1);
    assert.equal(jainIndex([1, 0, 0, 0]), 0.25);
  });
});
