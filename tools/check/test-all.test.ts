import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCounts } from './test-all.ts';

const SUMMARY = `✔ inner (1ms)
ℹ tests 12
ℹ suites 1
ℹ pass 9
ℹ fail 1
ℹ cancelled 1
ℹ skipped 1
ℹ todo 0
ℹ duration_ms 121.7
`;

describe('readCounts', () => {
  it('reads the summary and counts a cancelled test as failed', () => {
    assert.deepEqual(readCounts(SUMMARY), { passed: 9, failed: 2, skipped: 1 });
  });

  it('takes the last summary when a test printed another', () => {
    const counts = readCounts(SUMMARY + SUMMARY.replace('pass 9', 'pass 3'));
    assert.equal(counts?.passed, 3);
  });

  it('finds nothing where there is no summary', () => {
    assert.equal(readCounts('all good\n'), undefined);
  });
});
