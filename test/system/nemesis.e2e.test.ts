/** A short attack on a fleet, with one seed; and one on a fleet that is broken, which must be found. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Child } from '@fog/testkit';
import { latestEnd } from '../nemesis/check-runs.ts';

const NEMESIS = path.join(import.meta.dirname, '../nemesis/main.ts');
/** A broken fog need not come to rest. */
const SHORT = ['--drain-seconds', '15'];
/** Few clients: what a worker lost goes to the other at once. */
const ONE_LEADER = ['--coordinators', '1', '--clients', '3'];
/** That a task is given out again while its result is on its way is a matter of chance, about three in four. */
const ATTACKS = 5;
const FENCED = /^ {2}\(g\) \S+ task \d+: token \d+ was accepted after \d+ was issued$/m;
const DEADLINE_MS = 280_000;

function nemesis(...args: readonly string[]): Child {
  return new Child({ args: [NEMESIS, ...args] });
}

describe('the nemesis', () => {
  it('finds no broken promise', async () => {
    await using run = nemesis('--minutes', '0.25', '--seed', '7', '--workers', '3');
    const { code, stdout } = await run.ended(DEADLINE_MS);
    assert.equal(code, 0, run.describe());
    assert.match(stdout, /^violations {2}0$/m);
  });

  it('finds results that were taken from fenced attempts', async () => {
    const reports: string[] = [];
    while (reports.length < ATTACKS) {
      await using run = nemesis('--break-fencing', ...ONE_LEADER, ...SHORT);
      const { code, stdout } = await run.ended(DEADLINE_MS);
      if (code === 1 && FENCED.test(stdout)) return;
      reports.push(run.describe());
    }
    assert.fail(`no attack found it\n${reports.join('\n')}`);
  });

  it('counts no time against a worker in which it is frozen, once or twice in a row', () => {
    const frozen = [
      { fromMs: 20_000, toMs: 29_000 },
      { fromMs: 10_000, toMs: 19_999 },
    ];
    assert.equal(latestEnd(1_000, frozen), 7_000);
    assert.equal(latestEnd(8_000, frozen), 32_999);
    assert.equal(latestEnd(12_000, frozen), 34_999);
    assert.equal(latestEnd(29_000, frozen), 35_000);
  });

  it('refuses what it cannot do', async () => {
    await using run = nemesis('--actions', 'pray');
    const { code, stderr } = await run.ended();
    assert.equal(code, 2);
    assert.match(stderr, /There is no action "pray": kill-worker, /);
  });
});
