/** What people write for one value, in a flag or in a job file; the same words mean the same in both. */
import { formatDuration, formatSize, parseDuration, parseSize } from '@fog/kernel';
import type { z } from 'zod';
import { suggest } from '../command/suggest.ts';
import { fail } from '../errors.ts';
import { printable } from '../show/printable.ts';

/** The value, or what it must be: the end of a sentence that begins with where it stands. */
export type Read<T> = { readonly value: T } | { readonly must: string };
export type Reader<T> = (text: string) => Read<T>;

interface Range {
  readonly min: number;
  readonly max: number;
}

export function whole({ min, max }: Range): Reader<number> {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return { value };
    return { must: `must be a whole number from ${min} to ${max}` };
  };
}

export function decimal({ min, max }: Range): Reader<number> {
  return (text) => {
    const value = /^-?\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return { value };
    return { must: `must be a number from ${min} to ${max}` };
  };
}

/** Milliseconds, more than none. */
export function duration(maxMs: number): Reader<number> {
  return (text) => {
    const value = parseDuration(text);
    if (value !== undefined && value >= 1 && value <= maxMs) return { value };
    return {
      must: `must be a duration like 500ms, 2s, 10m or 1h, more than nothing and at most ${longest(maxMs)}`,
    };
  };
}

/** As people may write it: the end of the sentence is what they try next. */
function longest(ms: number): string {
  return ms % MS_PER_DAY === 0
    ? `${ms / MS_PER_DAY}d`
    : formatDuration(ms).replace(' ', '').replace('min', 'm');
}

export function size({ min, max }: Range): Reader<number> {
  return (text) => {
    const value = parseSize(text);
    if (value !== undefined && value >= min && value <= max) return { value };
    const range = `${formatSize(min)} to ${formatSize(max)}`;
    return { must: `must be a size like 64M or 2G, from ${range}` };
  };
}

export function oneOf<const T extends string>(names: readonly T[]): Reader<T> {
  return (text) => {
    const value = names.find((name) => name === text);
    if (value !== undefined) return { value };
    const near = text.length > 1 ? suggest(text.toLowerCase(), names) : undefined;
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
    return { must: `must be one of ${names.join(', ')}${hint}` };
  };
}

/** What a schema of the contract takes, in its words. */
export function matching<T>(schema: z.ZodType<T>): Reader<T> {
  return (text) => {
    const parsed = schema.safeParse(text);
    if (parsed.success) return { value: parsed.data };
    return { must: parsed.error.issues[0]?.message ?? 'is wrong' };
  };
}

/** µ-credits, written in credits. */
export function credits(text: string): Read<number> {
  const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) * MICRO : Number.NaN;
  if (!Number.isNaN(value)) return { value: Math.round(value) };
  return { must: 'must be an amount of credits like 2 or 0.25' };
}

const MICRO = 1_000_000;
const MS_PER_DAY = 86_400_000;

/** The value of a flag; undefined when it was not given. Throws FOG_USAGE that names flag, value and what it must be. */
export function readFlag<T>(
  flag: string,
  text: string | undefined,
  reader: Reader<T>,
): T | undefined {
  if (text === undefined) return undefined;
  const read = reader(text);
  if ('value' in read) return read.value;
  throw wrongFlag(flag, text, read.must);
}

export function wrongFlag(flag: string, text: string, must: string): Error {
  return fail('FOG_USAGE', { message: `${flag} ${printable(text)}: ${must}.`, details: { flag } });
}
