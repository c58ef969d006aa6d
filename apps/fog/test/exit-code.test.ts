import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FogError, type ErrorKind } from '@fog/kernel';
import type { Job, JobState } from '@fog/wire';
import { exitCodeOfError } from '../src/exit-code.ts';
import { exitCodeOfJob } from '../src/run/verdict.ts';

describe('exitCodeOfError', () => {
  it('maps every kind', () => {
    const expected: Record<ErrorKind, number> = {
      'bad-input': 2,
      'not-found': 2,
      'too-large': 2,
      unauthorised: 126,
      forbidden: 126,
      refused: 126,
      conflict: 125,
      'rate-limited': 125,
      unavailable: 125,
      timeout: 125,
      cancelled: 130,
      bug: 125,
    };
    for (const [kind, code] of Object.entries(expected)) {
      const error = new FogError('X', { message: 'x', kind: kind as ErrorKind });
      assert.equal(exitCodeOfError(error), code, kind);
    }
    assert.equal(exitCodeOfError(new Error('anything')), 125);
    const taken = new FogError('COORDINATOR_NAME_TAKEN', { message: 'x', kind: 'conflict' });
    assert.equal(exitCodeOfError(taken), 2);
  });
});

describe('exitCodeOfJob', () => {
  const job = (state: JobState, exitCode?: number): Job =>
    ({ state, ...(exitCode === undefined ? {} : { exitCode }) }) as Job;

  it("is the job's own", () => {
    assert.equal(exitCodeOfJob(job('settled', 0), undefined), 0);
    assert.equal(exitCodeOfJob(job('failed', 3), undefined), 3);
    assert.equal(exitCodeOfJob(job('failed', 124), 130), 124);
    assert.equal(exitCodeOfJob(job('expired'), undefined), 125);
  });

  it('is that of the signal when it was cancelled', () => {
    assert.equal(exitCodeOfJob(job('cancelled', 130), 143), 143);
    assert.equal(exitCodeOfJob(job('cancelled'), undefined), 130);
  });
});
