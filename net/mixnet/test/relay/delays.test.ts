import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { vrfKeyFromSeed, vrfVerify } from '@fog/crypto';
import { vrfInput } from '../../src/directory/vrf-input.ts';
import { owedDelayMs } from '../../src/relay/delays.ts';
import { DELAY_CAP_MEANS } from '../../src/relay/limits.ts';
import { seededRandom } from './seeded.ts';

const MEAN_MICROS = 20_000;

function draws(count: number): number[] {
  const random = seededRandom(11);
  const beta = new Uint8Array(64);
  random(beta);
  const tags = new Uint8Array(16 * count);
  random(tags);
  return Array.from({ length: count }, (_, index) =>
    owedDelayMs(beta, tags.subarray(index * 16, index * 16 + 16), MEAN_MICROS),
  );
}

suite('delays', () => {
  test('are exponential with the mean of their class', () => {
    const count = 20_000;
    const sorted = draws(count).sort((a, b) => a - b);
    let distance = 0;
    for (const [index, delayMs] of sorted.entries()) {
      const expected = 1 - Math.exp(-delayMs / 20);
      distance = Math.max(distance, Math.abs(expected - (index + 0.5) / count));
    }
    // Kolmogorov and Smirnov: 1.95/√n is exceeded once in a thousand seeds.
    assert.ok(distance < 1.95 / Math.sqrt(count), `${distance}`);
  });

  test('are never above ten means', () => {
    const most = Math.max(...draws(100_000));
    assert.ok(most <= (DELAY_CAP_MEANS * MEAN_MICROS) / 1000);
    assert.ok(most > 180, `${most}`);
  });

  test('class 0 owes none', () => {
    assert.equal(owedDelayMs(new Uint8Array(64), new Uint8Array(16), 0), 0);
  });

  test('whoever knows tag, β and π recomputes them', () => {
    const key = vrfKeyFromSeed(new Uint8Array(32).fill(3));
    const alpha = vrfInput(7, new Uint8Array(32).fill(1));
    const { output, proof } = key.prove(alpha);
    const verified = vrfVerify(key.publicKey, alpha, proof);
    const tag = new Uint8Array(16).fill(5);
    assert.ok(verified);
    assert.equal(owedDelayMs(verified, tag, 1000), owedDelayMs(output, tag, 1000));
  });
});
