import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from '@fog/kernel';

test('a bucket grants its burst, then its rate, never more than its burst', () => {
  const bucket = new TokenBucket({ rate: 10, burst: 5 }, 0);
  assert.equal(bucket.take(8, 0), 5);
  assert.equal(bucket.take(1, 50), 0);
  assert.equal(bucket.take(3, 200), 2);
  assert.equal(bucket.take(100, 1_000_000), 5);
});

test('it says when the next unit is there', () => {
  const bucket = new TokenBucket({ rate: 10, burst: 1 }, 0);
  assert.equal(bucket.waitMs(1, 0), 0);
  bucket.take(1, 0);
  assert.equal(bucket.waitMs(1, 0), 100);
  assert.equal(bucket.waitMs(1, 60), 40);
  assert.equal(bucket.take(1, 100), 1);
});

test('what is spent on credit is paid before anything passes', () => {
  const bucket = new TokenBucket({ rate: 1_000, burst: 1_000 }, 0);
  bucket.spend(1_500, 0);
  assert.equal(bucket.waitMs(0, 0), 500);
  assert.equal(bucket.take(1, 400), 0);
  assert.equal(bucket.waitMs(0, 500), 0);
  assert.equal(bucket.take(1, 501), 1);
});
