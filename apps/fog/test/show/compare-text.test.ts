import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CompareAnswer, PLACEMENT_STRATEGIES } from '@fog/wire';
import { standings } from '../../src/scheduler/standings.ts';
import { compareText, dominatedText, measuredText } from '../../src/show/compare-text.ts';

const PIPE = { isTerminal: false, columns: 80 };
const objectives = { latencyMs: 8, imbalance: 0.1, distrust: 0.7, cost: 0.4, price: 0.5 };
const perNode = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`node-${at}`, 10]));

function answer(unplaced: number, copies = 1): CompareAnswer {
  const dominatedBy = ['load_balance', 'trust_first'] as const;
  const figures = { objectives, makespanMs: 59_900, perNode, frontSize: 1, decisionMs: 1 };
  return {
    tasks: 1,
    copies,
    nodes: 1,
    expectedMs: 0.3,
    expected: 'measured',
    forecasts: PLACEMENT_STRATEGIES.map((strategy) => ({
      strategy,
      ...figures,
      unplaced,
      dominatedBy: [...dominatedBy],
    })),
    excluded: { 'does not have the label disk=ssd': Object.keys(perNode) },
  };
}

function assertNarrow(text: string): void {
  const wide = text.split('\n').filter((line) => line.length > 80);
  assert.deepEqual(wide, []);
}

describe('strategies beside each other', () => {
  it('are a forecast, which says so, what its columns are, and what fits nowhere if something does not', () => {
    const text = compareText(answer(0), new Map([['node-0', 'attic']]), PIPE);
    assert.match(
      text,
      /^1 task over 1 node, less than 1 ms each on a usual node \(as measured\)$/m,
    );
    assert.match(text, /^STRATEGY +MAKESPAN +LATENCY +IMBALANCE +DISTRUST +COST +PRICE$/m);
    assert.match(text, /^greedy +59\.9 s +8 ms +0\.100 +0\.70 +0\.0000004 +0\.0000005$/m);
    assert.match(text, /^greedy +load_balance \+1 +attic 10, node-1 10, node-2 10 and 6 more$/m);
    assert.match(text, /^A forecast; nothing has run\./m);
    assert.match(text, /^MAKESPAN +from being placed until/m);
    assert.match(text, /^not on attic, node-1, /m);
    assert.doesNotMatch(text, /UNPLACED|each runs/);
    const full = compareText(answer(3, 2), new Map(), PIPE);
    assert.match(full, /^STRATEGY +DOMINATED BY +UNPLACED +TASKS$/m);
    assert.match(full, /^each runs 2 times; the figures are of one run/m);
    assertNarrow(text);
    assertNarrow(full);
    assert.equal(dominatedText([]), '-');
  });

  it('are not shown where no machine can take anything; what keeps each from it is', () => {
    const some = answer(1);
    const forecasts = some.forecasts.map(({ objectives: _none, ...rest }) => rest);
    const text = compareText({ ...some, forecasts }, new Map(), PIPE);
    assert.match(text, /^No machine that is connected can take any of it now\.\nnot on node-0, /m);
    assert.doesNotMatch(text, /STRATEGY|MAKESPAN/);
    assertNarrow(text);
  });

  it('are measured, with when they began, and without what is not told', () => {
    const run = { job: 'jabcdefghijkl', beganMs: 700, failures: 2, perNode };
    const runs = standings(
      [9_000, 61_000].flatMap((makespanMs) => [
        { ...run, strategy: 'latency_first' as const, makespanMs, cost: 387, trust: 0.3 },
        { ...run, strategy: 'nsga2' as const, makespanMs },
      ]),
    );
    const text = measuredText(runs, new Map(), PIPE);
    assert.match(text, /^STRATEGY +MAKESPAN +FROM TO +BEGAN +COST +FAILED +TRUST$/m);
    assert.match(text, /^latency_first +35 s +9 s to 1 min +700 ms +0\.000387 +4 +0\.30$/m);
    assert.match(text, /^nsga2 +35 s +9 s to 1 min +700 ms +- +4 +-$/m);
    assert.match(text, /^nsga2 +- +jabcdefghijkl +node-0 10, node-1 10 and 7 more$/m);
    assert.match(text, /^Measured in 2 rounds: medians/m);
    assert.match(text, /^BEGAN +when its first task ran/m);
    assertNarrow(text);
  });
});
