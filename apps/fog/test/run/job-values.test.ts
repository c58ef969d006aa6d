import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deadline, JOB_VALUES } from '../../src/run/job-values.ts';
import { type Reader, readFlag } from '../../src/run/read-value.ts';

type Name = keyof typeof JOB_VALUES;

function read(name: Name, text: string): unknown {
  return readFlag(`--${name}`, text, JOB_VALUES[name] as Reader<unknown>);
}

describe('values of a job', () => {
  it('a name that would make a false line is refused in one line', () => {
    assert.throws(() => read('name', 'a\nfog: all is well\u202e'), {
      message: '--name a·fog: all is well·: must have no line breaks or other control characters.',
    });
    assert.throws(() => read('name', ''), /must not be empty/);
  });

  it('are read in their range', () => {
    const good: readonly [Name, string, unknown][] = [
      ['count', '100000', 100_000],
      ['retries', '0', 0],
      ['timeout', '2s', 2000],
      ['timeout', '500ms', 500],
      ['memory', '64M', 64 * 2 ** 20],
      ['priority', '10', 10],
      ['cores', '0.5', 0.5],
      ['disk', '10G', 10 * 2 ** 30],
      ['gpus', '0', 0],
      ['min-trust', '0.75', 0.75],
      ['max-price', '0.000001', 1],
      ['max-price', '2', 2_000_000],
      ['class', 'S', 'S'],
      ['strategy', 'privacy_aware', 'privacy_aware'],
      ['region', 'eu-west', 'eu-west'],
      ['on-lost', 'replace', { onLost: 'replace' }],
      ['on-lost', 'wait=10m', { onLost: 'wait', waitMs: 600_000 }],
    ];
    for (const [name, text, value] of good) assert.deepEqual(read(name, text), value);
    assert.equal(readFlag('--count', undefined, JOB_VALUES.count), undefined);
  });

  it('are refused with the flag, the value and what it must be', () => {
    const wrong: readonly [Name, string, RegExp][] = [
      ['count', '0', /^--count 0: must be a whole number from 1 to 100000\.$/],
      ['count', '-5', /whole number/],
      ['count', '1.5', /whole number/],
      ['count', '1e3', /whole number/],
      ['count', ' 3', /whole number/],
      ['retries', '21', /from 0 to 20/],
      ['timeout', 'soon', /must be a duration like/],
      ['timeout', '0', /more than nothing/],
      ['timeout', '8d', /at most 7d/],
      ['memory', 'lots', /must be a size like/],
      ['memory', '10G', /from 64 KiB to 4 GiB/],
      ['memory', '1K', /from 64 KiB to 4 GiB/],
      ['priority', '11', /from 1 to 10/],
      ['cores', '0', /a number from 0.01 to 1024/],
      ['min-trust', '1.1', /a number from 0 to 1/],
      ['max-price', '-1', /an amount of credits/],
      ['class', 'C', /one of S, A, B\.$/],
      ['tier', 'Gold', /did you mean gold\?/],
      ['strategy', 'random_', /did you mean random\?/],
      ['region', 'EU', /a region name such as eu-west/],
      ['on-lost', 'wait', /wait=TIME/],
      ['on-lost', 'wait=2d', /from 1s to 1d/],
    ];
    for (const [name, text, message] of wrong) {
      assert.throws(() => read(name, text), { code: 'FOG_USAGE', message });
    }
  });

  it('a deadline is a time from now, or a point in time', () => {
    const now = Date.parse('2030-01-01T00:00:00Z');
    const at = (text: string): number | undefined => readFlag('--deadline', text, deadline(now));
    assert.equal(at('10m'), now + 600_000);
    assert.equal(at('2030-01-31T18:00Z'), Date.parse('2030-01-31T18:00:00Z'));
    assert.equal(at('2030-01-31T18:00:30+02:00'), Date.parse('2030-01-31T16:00:30Z'));
    for (const text of ['0', '8d', 'soon', '2030-01-31', '2030-13-31T18:00Z', '18:00']) {
      assert.throws(() => at(text), { message: /a time from now like 10m/ });
    }
  });
});
