import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '@fog/testkit';
import { createCover } from '../../src/client/cover.ts';
import { COVER_LINGER_MS } from '../../src/client/limits.ts';
import type { PrivacyLevel } from '../../src/client/mix-client-api.ts';
import { seededRandom } from './mem-network.ts';

const RATES = { relayLoopsMilli: 200, clientLoopsMilli: 1_000, clientPayloadMilli: 20_000 };

interface Seen {
  readonly clock: VirtualClock;
  readonly loopsMs: number[];
  readonly realMs: number[];
  readonly levels: PrivacyLevel[];
  real: boolean;
  linked: boolean;
}

function watch(
  standing: PrivacyLevel,
  seed = 1,
): { seen: Seen; cover: ReturnType<typeof createCover> } {
  const clock = new VirtualClock();
  const seen: Seen = { clock, loopsMs: [], realMs: [], levels: [], real: false, linked: true };
  const cover = createCover(standing, {
    clock,
    random: seededRandom(seed),
    rates: () => (seen.linked ? RATES : undefined),
    sendLoop: () => void seen.loopsMs.push(clock.monotonicMs()),
    sendReal: () => {
      if (seen.real) seen.realMs.push(clock.monotonicMs());
      return seen.real;
    },
    onLevel: (level) => void seen.levels.push(level),
  });
  return { seen, cover };
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}

/** Largest distance between the gaps' distribution and the exponential one of this rate. */
function kolmogorovSmirnov(times: readonly number[], perSecond: number): number {
  const sorted = gaps(times).sort((a, b) => a - b);
  return sorted.reduce((most, gap, index) => {
    const expected = 1 - Math.exp((-gap * perSecond) / 1_000);
    return Math.max(
      most,
      Math.abs((index + 1) / sorted.length - expected),
      Math.abs(index / sorted.length - expected),
    );
  }, 0);
}

describe('cover', () => {
  it('sends nothing at public and private', () => {
    for (const level of ['public', 'private'] as const) {
      const { seen, cover } = watch(level);
      cover.use(level);
      seen.clock.advance(600_000);
      assert.equal(seen.loopsMs.length, 0);
      assert.equal(seen.clock.pending, 0);
    }
  });

  it('loops at λL from confidential up, at exponential times', () => {
    const { seen, cover } = watch('confidential');
    seen.clock.advance(4_000_000);
    cover.stop();
    assert.ok(Math.abs(seen.loopsMs.length - 4_000) < 4 * Math.sqrt(4_000));
    assert.ok(kolmogorovSmirnov(seen.loopsMs, 1) < 1.95 / Math.sqrt(seen.loopsMs.length));
    assert.equal(seen.clock.pending, 0);
  });

  it('keeps one stream at secret, whether packets wait or not', () => {
    const { seen, cover } = watch('secret');
    for (let turn = 0; turn < 20; turn += 1) {
      seen.real = turn % 2 === 1;
      seen.clock.advance(10_000);
    }
    cover.stop();
    // The stream, whatever it carries, and the loops of λL beside it.
    const all = [...seen.realMs, ...seen.loopsMs].sort((a, b) => a - b);
    assert.ok(Math.abs(all.length - 200 * 21) < 4 * Math.sqrt(200 * 21));
    assert.ok(kolmogorovSmirnov(all, 21) < 1.95 / Math.sqrt(all.length));
    assert.ok(Math.abs(seen.realMs.length - 2_000) < 4 * Math.sqrt(2_000));
  });

  it('begins with the first use of a level and goes on for a while after the last', () => {
    const { seen, cover } = watch('public');
    cover.use('secret');
    assert.equal(cover.level, 'secret');
    seen.clock.advance(COVER_LINGER_MS - 1_000);
    assert.equal(cover.level, 'secret');
    cover.use('confidential');
    seen.clock.advance(2_000);
    assert.equal(cover.level, 'confidential');
    seen.clock.advance(COVER_LINGER_MS + 60_000);
    assert.equal(cover.level, 'public');
    assert.deepEqual(seen.levels, ['secret', 'confidential', 'public']);
    assert.equal(seen.clock.pending, 0);
  });

  it('sends nothing without a gateway, and begins when there is one', () => {
    const { seen, cover } = watch('secret');
    seen.linked = false;
    seen.clock.advance(10_000);
    const before = seen.loopsMs.length;
    assert.ok(before <= 1);
    seen.linked = true;
    seen.clock.advance(10_000);
    assert.ok(seen.loopsMs.length > 150);
    cover.stop();
  });
});
