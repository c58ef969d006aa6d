import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RunTimes } from '../../src/index.ts';

describe('run times', () => {
  test('a running mean for a program, and for it on each node', () => {
    const times = new RunTimes();
    assert.equal(times.usualMs('m'), undefined);
    times.ran('m', 'a', 100);
    times.ran('m', 'b', 200);
    assert.equal(times.usualMs('m'), 120);
    assert.deepEqual([times.onNode('m', 'a'), times.onNode('m', 'b')], [100, 200]);
    assert.equal(times.onNode('m', 'c'), undefined);
  });

  test('half of the programs take the typical time at most', () => {
    const times = new RunTimes();
    assert.equal(times.typicalMs, undefined);
    for (const [module, ms] of [
      ['a', 900],
      ['b', 10],
      ['c', 200],
    ] as const)
      times.ran(module, 'n', ms);
    assert.equal(times.typicalMs, 200);
  });

  test('a node that takes twice as long, whatever it runs, is found to be half as fast', () => {
    const times = new RunTimes();
    for (let run = 0; run < 400; run += 1) {
      const [module, ms] = run % 2 === 0 ? (['short', 10] as const) : (['long', 1_000] as const);
      times.ran(module, 'usual', ms);
      times.ran(module, 'slow', 2 * ms);
    }
    const [usual, slow] = [times.paceOf('usual'), times.paceOf('slow')];
    assert.ok(usual !== undefined && slow !== undefined);
    assert.ok(Math.abs(usual / slow - 2) < 0.3, `${usual} and ${slow}`);
  });

  test('the first run of a program says nothing of the node, and none says everything', () => {
    const times = new RunTimes();
    times.ran('m', 'a', 1);
    assert.equal(times.paceOf('a'), undefined);
    times.ran('m', 'b', 1_000_000);
    assert.ok((times.paceOf('b') ?? 0) > 0.8);
    times.ran('m', 'c', 0);
    assert.ok((times.paceOf('c') ?? 9) < 1.2);
  });

  test('a node is warm for the 64 programs it ran last', () => {
    const times = new RunTimes();
    assert.equal(times.ranOn('a'), undefined);
    for (let at = 0; at < 70; at += 1) times.ran(`m${at}`, 'a', 1);
    times.ran('m6', 'a', 1);
    times.ran('new', 'a', 1);
    const warm = times.ranOn('a');
    assert.equal(warm?.size, 64);
    assert.deepEqual(
      ['m6', 'm7', 'm8', 'new'].map((module) => warm?.has(module)),
      [true, false, true, true],
    );
  });
});
