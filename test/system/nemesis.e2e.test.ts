/** A short attack on a fleet, with one seed; and one on a fleet that is broken, which must be found. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Child } from '@fog/testkit';

const NEMESIS = path.join(import.meta.dirname, '../nemesis/main.ts');
/** A broken fog need not come to rest. */
const SHORT = ['--drain-seconds', '30'];
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
    await using run = nemesis(
      '--break-fencing',
      '--coordinators',
      '1',
      '--clients',
      '10',
      ...SHORT,
    );
    const { code, stdout } = await run.ended(DEADLINE_MS);
    assert.equal(code, 1, run.describe());
    assert.match(stdout, /^ {2}\(g\) \S+ task \d+: token \d+ was accepted after \d+ was issued$/m);
  });

  it('refuses what it cannot do', async () => {
    await using run = nemesis('--actions', 'pray');
    const { code, stderr } = await run.ended();
    assert.equal(code, 2);
    assert.match(stderr, /There is no action "pray": kill-worker, /);
  });
});
