/** How far this machine's clock is off, as the authorities' answers tell. */
import type { Clock } from '@fog/kernel';
import { formatDuration } from '@fog/kernel';
import { fail } from '../errors.ts';
import { MAX_SKEW_MS } from './limits.ts';
import { median } from './median.ts';

/** Dates of answers are cut to the second. */
const HALF_SECOND_MS = 500;

export interface ClockSkew {
  /** Date of an answer of this authority that has just come. */
  heard(authority: string, dateMs: number): void;
  /** Median over the authorities, positive when this machine is ahead; undefined before any answer. */
  measured(): number | undefined;
  /** MIXNET_CLOCK when it is too much to work with. */
  fault(): Error | undefined;
}

export function createClockSkew(clock: Clock): ClockSkew {
  const offsets = new Map<string, number>();
  const measured = (): number | undefined =>
    offsets.size === 0 ? undefined : median([...offsets.values()]);
  return {
    heard: (authority, dateMs) => {
      offsets.set(authority, clock.now() - dateMs - HALF_SECOND_MS);
    },
    measured,
    fault: () => {
      const skewMs = measured();
      if (skewMs === undefined || Math.abs(skewMs) <= MAX_SKEW_MS) return undefined;
      const text = formatDuration(Math.round(Math.abs(skewMs) / 1_000) * 1_000);
      const side = skewMs > 0 ? 'ahead of' : 'behind';
      return fail('MIXNET_CLOCK', {
        message: `This machine's clock is ${text} ${side} the directory authorities'. Set it right (for instance with NTP): keys and consensuses go by the time.`,
        details: { skewMs },
      });
    },
  };
}
