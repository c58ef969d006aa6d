import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompareAnswer, PlacementPlan, SchedulerStatus } from '@fog/wire';
import {
  compareText,
  creditsText,
  dominatedText,
  frontText,
  nodesText,
  schedulerLine,
  schedulerText,
} from '../../src/show/scheduler-text.ts';

const objectives = { latencyMs: 8, imbalance: 0.1, distrust: 0.7, cost: 0.4, price: 0.5 };

function answer(unplaced: number): CompareAnswer {
  const one = { strategy: 'greedy', objectives, makespanMs: 2, perNode: { n: 1 } } as const;
  return {
    tasks: 1,
    nodes: 1,
    expectedMs: 0.3,
    expected: 'measured',
    forecasts: [{ ...one, unplaced, dominatedBy: ['nsga2', 'trust_first'] }],
    excluded: {},
  } as unknown as CompareAnswer;
}

function planOf(points: number): PlacementPlan {
  const front = Array.from({ length: points }, (_, at) => ({
    objectives: { ...objectives, latencyMs: (points - at) * 10 },
    perNode: { [`n${at}`]: 1 },
  }));
  const rest = {
    id: 'p1',
    strategy: 'nsga2',
    cause: 'x',
    because: 'y',
    stoppedBy: 'stall',
    seed: 1,
  };
  const counts = { tasks: 1, nodes: 1, unplaced: 0, evaluations: 1, hypervolume: 1, decisionMs: 1 };
  return { ...rest, ...counts, excluded: {}, front, chosen: 7 } as unknown as PlacementPlan;
}

describe('plans for a person', () => {
  it('count one as one', () => {
    const status = { strategy: 'auto', budgetMs: 300, decisions: {}, failed: 0, thread: 'ready' };
    const counts = { plannedTasks: 1, plans: 1, waiting: 1, restarts: 1, last: [] };
    const text = schedulerText({ ...status, ...counts } as unknown as SchedulerStatus, 0);
    assert.match(text, /1 task waits for the node of their plan \(1 plan holds\)/);
    assert.match(text, /1 batch waits for it, ended 1 time$/m);
    const line = { made: 1, failed: 0, plannedTasks: 2, plans: 1, p95Ms: 4 };
    assert.deepEqual(schedulerLine(line), [
      'scheduler 1 plan made, 95 % within 4 ms; 2 tasks wait for their node',
    ]);
  });

  it('say what each strategy would do, and what fits nowhere only if something does not', () => {
    const text = compareText(answer(0), new Map([['n', 'attic']]));
    assert.match(
      text,
      /^1 task over 1 node, less than 1 ms each on a usual node \(as measured\)$/m,
    );
    assert.match(text, /PRICE +DOMINATED BY +TASKS$/m);
    assert.match(text, /0\.0000004 +0\.0000005 +nsga2 \+1 +attic 1$/m);
    assert.match(compareText(answer(3), new Map()), /UNPLACED +DOMINATED BY/);
  });

  it('show a front by latency, of a long one both ends and the chosen point', () => {
    const text = frontText(planOf(60), new Map());
    const latencies = [...text.matchAll(/^[* ] +(\d+) ms /gm)].map(([, ms]) => Number(ms));
    assert.equal(latencies.length, 24);
    assert.deepEqual(
      latencies,
      latencies.toSorted((a, b) => a - b),
    );
    assert.deepEqual([latencies[0], latencies.at(-1)], [10, 600]);
    assert.match(text, /^\* +530 ms .* n7 1$/m);
    assert.match(text, /… and 36 more between them/);
    assert.match(text, /1 placement tried, until none was better; hypervolume 1\.000, seed 1/);
  });

  it('fit a screen', () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`n${at}`, 9 - at]));
    assert.equal(nodesText(many, new Map()), 'n0 9, n1 8, n2 7, n3 6, n4 5, n5 4 and 3 more');
    assert.equal(nodesText({ ['q'.repeat(26)]: 1 }, new Map()), 'qqqqqqqq 1');
    assert.equal(dominatedText([]), '-');
    assert.equal(creditsText(0.397), '0.000000397');
    assert.equal(creditsText(1_234_567), '1.23');
  });
});
