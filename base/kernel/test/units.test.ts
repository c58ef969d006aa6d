import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, formatSize, parseDuration, parseSize } from '../src/index.ts';

test('sizes: binary units, case and suffix as people write them, junk is undefined', () => {
  const good: [string, number][] = [
    ['134', 134],
    ['64K', 65_536],
    ['64k', 65_536],
    ['512M', 536_870_912],
    ['512MiB', 536_870_912],
    ['1.5G', 1_610_612_736],
    ['10 KB', 10_240],
  ];
  for (const [text, sizeBytes] of good) assert.equal(parseSize(text), sizeBytes, text);
  for (const text of ['', 'M', '-1', '1T', '1e3', '12 parsecs', '0x10']) {
    assert.equal(parseSize(text), undefined, text);
  }
});

test('durations: a bare number is seconds', () => {
  const good: [string, number][] = [
    ['2s', 2_000],
    ['90', 90_000],
    ['500ms', 500],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
  ];
  for (const [text, durationMs] of good) assert.equal(parseDuration(text), durationMs, text);
  for (const text of ['', 's', '-1s', '1y', '1 day', 'soon']) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('sizes and durations read well', () => {
  assert.equal(formatSize(134), '134 B');
  assert.equal(formatSize(65_536), '64 KiB');
  assert.equal(formatSize(1_610_612_736), '1.5 GiB');
  assert.equal(formatDuration(45.4), '45 ms');
  assert.equal(formatDuration(2_000), '2 s');
  assert.equal(formatDuration(90_000), '1.5 min');
  assert.equal(formatDuration(3_600_000), '1 h');
});
