/** Numbers drawn from a generator of bytes. */
import type { RandomFill } from '@fog/crypto';

const STEPS = 2 ** 48;

/** Uniform in (0, 1]: its logarithm is finite. */
export function drawUniform(random: RandomFill): number {
  const bytes = new Uint8Array(6);
  random(bytes);
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return (value + 1) / STEPS;
}

export function drawExponential(random: RandomFill, mean: number): number {
  return -mean * Math.log(drawUniform(random));
}

/** A whole number from 0 to `count` − 1. */
export function drawBelow(random: RandomFill, count: number): number {
  return Math.min(count - 1, Math.floor((1 - drawUniform(random)) * count));
}

export function drawBytes(random: RandomFill, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  random(bytes);
  return bytes;
}

/**
 * All items in random order, the heavier the sooner: the same as drawing one after the other by
 * weight without putting any back. Items of no weight are left out.
 */
export function drawOrder<T>(
  items: readonly T[],
  weight: (item: T) => number,
  random: RandomFill,
): T[] {
  return items
    .flatMap((item) => {
      const itemWeight = weight(item);
      return itemWeight > 0 ? [{ item, due: drawExponential(random, 1 / itemWeight) }] : [];
    })
    .sort((a, b) => a.due - b.due)
    .map(({ item }) => item);
}
