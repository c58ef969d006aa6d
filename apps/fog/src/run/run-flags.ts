import { SandboxLevel } from '@fog/wire';
import { fail } from '../errors.ts';
import { readFlag, whole, wrongFlag } from './read-value.ts';

/** As the agent protocol has it. */
const MAX_SLOTS = 1_024;
const SANDBOX_LEVELS = ['auto', ...SandboxLevel.options] as const;
export type SandboxChoice = (typeof SANDBOX_LEVELS)[number];

/** `--slots` of `fog up` and `fog join`. */
export function readSlots(text: string | undefined): number | undefined {
  return readWhole('--slots', text, { min: 1, max: MAX_SLOTS });
}

export function readWhole(
  flag: string,
  text: string | undefined,
  range: { readonly min: number; readonly max: number },
): number | undefined {
  return readFlag(flag, text, whole(range));
}

/** `NAME=VALUE` pairs of `--env`; the last of one name wins, as in a shell. */
export function readEnv(pairs: readonly string[]): Record<string, string> {
  const env: Record<string, string> = Object.create(null);
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const must = equals < 1 ? ENV_PAIR : envNameProblem(name);
    if (must !== undefined) throw wrongFlag('--env', pair, must);
    env[name] = pair.slice(equals + 1);
  }
  return { ...env };
}

const ENV_PAIR = 'must be NAME=VALUE, the name of letters, digits and _';

/** What the name of a variable must be; undefined when it is one. */
export function envNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    return 'the name of a variable must be of letters, digits and _, and not begin with a digit';
  }
  return name.startsWith('FOG_') ? 'names starting with FOG_ are set by fog itself' : undefined;
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
