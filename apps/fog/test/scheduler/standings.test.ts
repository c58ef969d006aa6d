import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BatchStrategy } from '@fog/wire';
import { type MeasuredRun, standings } from '../../src/scheduler/standings.ts';

function run(strategy: BatchStrategy, makespanMs: number, rest: Partial<MeasuredRun> = {}) {
  const job = `${strategy}-${makespanMs}`;
  const figures = { makespanMs, beganMs: 50, cost: 100, failures: 0, trust: 0.5 };
  return { strategy, job, perNode: {}, ...figures, ...rest } satisfies MeasuredRun;
}

function dominators(runs: readonly MeasuredRun[]): Record<string, readonly string[]> {
  return Object.fromEntries(
    standings(runs).map(({ strategy, dominatedBy }) => [strategy, dominatedBy]),
  );
}

describe('rounds of strategies', () => {
  it('are told by their medians, in the order of the first round', () => {
    const [greedy, search] = standings([
      run('greedy', 1_000, { cost: 5 }),
      run('nsga2', 900),
      run('nsga2', 700),
      run('greedy', 3_000, { cost: 9, failures: 2 }),
      run('greedy', 1_100, { cost: 7 }),
      run('nsga2', 800),
    ]);
    assert.equal(greedy?.strategy, 'greedy');
    assert.equal(greedy.makespanMs, 1_100);
    assert.equal(greedy.cost, 7);
    assert.equal(greedy.failures, 2);
    assert.equal(greedy.job, 'greedy-1100');
    assert.deepEqual(greedy.makespans, [1_000, 3_000, 1_100]);
    assert.equal(search?.makespanMs, 800);
  });

  it('of an even number have a median between, and a job of the quicker half', () => {
    const [only] = standings([run('greedy', 100), run('greedy', 300)]);
    assert.equal(only?.makespanMs, 200);
    assert.equal(only.job, 'greedy-100');
  });

  it('say who is better in one thing and worse in none', () => {
    const runs = [run('greedy', 1_000), run('nsga2', 500), run('trust_first', 400, { cost: 200 })];
    assert.deepEqual(dominators(runs), { greedy: ['nsga2'], nsga2: [], trust_first: [] });
    const lost = [run('greedy', 500, { failures: 1 }), run('nsga2', 500)];
    assert.deepEqual(dominators(lost), { greedy: ['nsga2'], nsga2: [] });
  });

  it('dominate nobody who failed less, though it was in one round only', () => {
    const quick = [0, 1, 0].map((failures) => run('greedy', 500, { failures }));
    const slow = [1_000, 1_000, 1_000].map((ms) => run('nsga2', ms));
    assert.deepEqual(dominators([...quick, ...slow]), { greedy: [], nsga2: [] });
  });

  it('have no cost where the machines of others ran them, and then none counts', () => {
    const runs = [run('greedy', 1_000), run('nsga2', 500, { cost: undefined })];
    assert.deepEqual(
      standings(runs).map(({ cost }) => cost),
      [100, undefined],
    );
    assert.deepEqual(dominators(runs), { greedy: ['nsga2'], nsga2: [] });
  });

  it('have no trust where nothing of theirs ran on a machine one knows, and then none counts', () => {
    const runs = [run('greedy', 1_000, { trust: undefined }), run('nsga2', 500, { trust: 0.1 })];
    assert.deepEqual(
      standings(runs).map(({ trust }) => trust),
      [undefined, 0.1],
    );
    assert.deepEqual(dominators(runs), { greedy: ['nsga2'], nsga2: [] });
  });

  it('tell when they began as a median too, which is part of their time and not compared', () => {
    const late = [10, 900, 400].map((beganMs) => run('greedy', 1_000, { beganMs }));
    assert.equal(standings(late)[0]?.beganMs, 400);
    assert.deepEqual(dominators([...late, run('nsga2', 1_000)]), { greedy: [], nsga2: [] });
  });

  it('count as equal within a twentieth, though each strategy ran alike every time', () => {
    const runs = [run('greedy', 1_000), run('nsga2', 951), run('greedy', 1_000), run('nsga2', 951)];
    assert.deepEqual(dominators(runs), { greedy: [], nsga2: [] });
  });

  it('count as equal when rounds of one strategy differ by more than the strategies', () => {
    const noisy = [1_000, 1_400, 1_200].map((ms) => run('greedy', ms));
    const steady = [900, 900, 900].map((ms) => run('nsga2', ms));
    assert.deepEqual(dominators([...noisy, ...steady]), { greedy: [], nsga2: [] });
    const quicker = [700, 700, 700].map((ms) => run('nsga2', ms));
    assert.deepEqual(dominators([...noisy, ...quicker]), { greedy: ['nsga2'], nsga2: [] });
  });

  it('are no worse only where the median says so, however far rounds differ', () => {
    const costs = [60, 80, 110];
    const cheap = costs.map((cost) => run('nsga2', 1_000, { cost }));
    const quick = costs.map(() => run('latency_first', 600, { cost: 100 }));
    assert.deepEqual(dominators([...cheap, ...quick]), { nsga2: [], latency_first: [] });
  });
});
