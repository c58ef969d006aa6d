/** The value below which the fraction `p` of the sorted samples lies (nearest rank). */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1));
  const value = sorted[rank];
  if (value === undefined) throw new Error('no samples');
  return value;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** Runs once to warm up, then `count` times. */
export async function repeat(count: number, run: () => Promise<number>): Promise<number[]> {
  await run();
  const samples: number[] = [];
  for (let i = 0; i < count; i += 1) samples.push(await run());
  return samples;
}
