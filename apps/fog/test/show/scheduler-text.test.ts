import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlacementPlan, SchedulerStatus } from '@fog/wire';
import {
  creditsText,
  frontText,
  nodesText,
  schedulerLine,
  schedulerText,
} from '../../src/show/scheduler-text.ts';

const objectives = { latencyMs: 8, imbalance: 0.1, distrust: 0.7, cost: 0.4, price: 0.5 };

const PIPE = { isTerminal: false, columns: 80 };

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
    const text = schedulerText({ ...status, ...counts } as unknown as SchedulerStatus, 0, PIPE);
    assert.match(text, /1 task waits for the node of their plan \(1 plan holds\)/);
    assert.match(text, /1 batch waits for it, ended 1 time$/m);
    const line = { made: 1, failed: 0, plannedTasks: 2, plans: 1, p95Ms: 4 };
    assert.deepEqual(schedulerLine(line), [
      'scheduler 1 plan made, 95 % within 4 ms; 2 tasks wait for their node',
    ]);
  });

  it('show a front by latency, of a long one both ends and the chosen point', () => {
    const text = frontText(planOf(60), new Map(), PIPE);
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

  it('name as many nodes as fit', () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`n${at}`, 9 - at]));
    const names = new Map([['n0', 'a-machine-with-a-long-name']]);
    assert.equal(nodesText(many, new Map(), 45), 'n0 9, n1 8, n2 7, n3 6, n4 5, n5 4 and 3 more');
    assert.equal(nodesText(many, new Map(), 0), 'n0 9 and 8 more');
    assert.equal(nodesText(many, names, 30), 'a-machine-with-… 9 and 8 more');
    assert.equal(nodesText({ ['q'.repeat(26)]: 1 }, new Map(), 30), 'qqqqqqqq 1');
    assert.equal(creditsText(0.397), '0.000000397');
    assert.equal(creditsText(1_234_567), '1.23');
  });

  it('fit a screen of 80 columns', () => {
    const terminal = { isTerminal: true, columns: 80 };
    const long = planOf(60);
    const perNode = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`node-${at}`, 1]));
    const because =
      'of 60 plans the best with all objectives alike: latency 459 ms (401 ms to 607 ms)';
    const front = long.front.map((point) => ({ ...point, perNode }));
    const excluded = { 'has no free slot': Object.keys(perNode) };
    const last = {
      id: 'p99999',
      time: 0,
      strategy: 'latency_first',
      tasks: 10_000,
      makespanMs: 59_900,
      jobs: ['jabcdefghijkl'],
      cause: 'attic is behind what was planned',
    };
    const counts = { plannedTasks: 0, plans: 0, waiting: 0, restarts: 0, last: [last] };
    const status = { strategy: 'auto', budgetMs: 300, decisions: {}, failed: 0, thread: 'idle' };
    for (const text of [
      frontText({ ...long, front, excluded, because, cause: because }, new Map(), terminal),
      schedulerText({ ...status, ...counts } as unknown as SchedulerStatus, 59_000, terminal),
    ]) {
      const wide = text.split('\n').filter((line) => line.length > 80);
      assert.deepEqual(wide, []);
    }
  });
});
