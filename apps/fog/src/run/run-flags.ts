import { formatSize, parseDuration, parseSize } from '@fog/kernel';
import {
  MAX_ARRAY_TASKS,
  MAX_MEMORY_BYTES,
  MAX_TIMEOUT_MS,
  MIN_MEMORY_BYTES,
  SandboxLevel,
} from '@fog/wire';
import { fail } from '../errors.ts';

/** As the job schema has it: more attempts would only repeat one cause. */
const MAX_RETRIES = 20;
/** As the agent protocol has it. */
const MAX_SLOTS = 1_024;
const SANDBOX_LEVELS = ['auto', ...SandboxLevel.options] as const;
export type SandboxChoice = (typeof SANDBOX_LEVELS)[number];

export function readCount(text: string | undefined): number | undefined {
  return readWhole('--count', text, { min: 1, max: MAX_ARRAY_TASKS });
}

export function readRetries(text: string | undefined): number | undefined {
  return readWhole('--retries', text, { min: 0, max: MAX_RETRIES });
}

/** `--slots` of `fog up` and `fog join`. */
export function readSlots(text: string | undefined): number | undefined {
  return readWhole('--slots', text, { min: 1, max: MAX_SLOTS });
}

export function readWhole(
  flag: string,
  text: string | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw wrong(`${flag} ${text}: must be a whole number from ${min} to ${max}.`);
}

export function readTimeoutMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const durationMs = parseDuration(text);
  if (durationMs === undefined) {
    throw wrong(`--timeout ${text}: must be a duration like 500ms, 2s, 10m or 1h.`);
  }
  if (durationMs >= 1 && durationMs <= MAX_TIMEOUT_MS) return durationMs;
  throw wrong(`--timeout ${text}: must be more than nothing and at most 7d.`);
}

export function readMemoryBytes(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const sizeBytes = parseSize(text);
  if (sizeBytes === undefined) {
    throw wrong(`--memory ${text}: must be a size like 64M or 2G.`);
  }
  if (sizeBytes >= MIN_MEMORY_BYTES && sizeBytes <= MAX_MEMORY_BYTES) return sizeBytes;
  const range = `${formatSize(MIN_MEMORY_BYTES)} to ${formatSize(MAX_MEMORY_BYTES)}`;
  throw wrong(`--memory ${text}: must be from ${range}.`);
}

/** `K=V` pairs; the last of one name wins, as in a shell. */
export function readEnv(pairs: readonly string[]): Record<string, string> {
  const env: Record<string, string> = Object.create(null);
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    if (equals < 1 || !/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
      throw wrong(`--env ${pair}: must be NAME=VALUE, the name of letters, digits and _.`);
    }
    if (name.startsWith('FOG_')) {
      throw wrong(`--env ${name}: names starting with FOG_ are set by fog itself.`);
    }
    env[name] = pair.slice(equals + 1);
  }
  return { ...env };
}

/** The flag, else FOG_SANDBOX, else auto. */
export function readSandbox(flag: string | undefined, env: NodeJS.ProcessEnv): SandboxChoice {
  const text = flag ?? (env['FOG_SANDBOX'] || 'auto');
  const level = SANDBOX_LEVELS.find((name) => name === text);
  if (level !== undefined) return level;
  const source = flag === undefined ? 'FOG_SANDBOX=' : '--sandbox ';
  throw wrong(`${source}${text}: must be one of ${SANDBOX_LEVELS.join(', ')}.`);
}

function wrong(message: string): Error {
  return fail('FOG_USAGE', { message });
}
