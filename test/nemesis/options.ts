/** The command line of `npm run nemesis`. */
import { parseArgs } from 'node:util';
import { ACTIONS } from './actions.ts';

export interface NemesisOptions {
  readonly totalMs: number;
  readonly seed: number;
  /** Names of actions; all when empty. */
  readonly actions: readonly string[];
  readonly coordinators: number;
  readonly workers: number;
  readonly clients: number;
  readonly python: boolean;
  readonly realTimes: boolean;
  readonly breakFencing: boolean;
  readonly drainMs: number;
}

export const USAGE: string = `npm run nemesis -- [--minutes N] [--seed S] [--actions A,B] [flags]

  --minutes N        how long all is disturbed (1)
  --seed S           what is done and when follows from it (the clock's)
  --actions A,B      only these: ${ACTIONS.map(({ name }) => name).join(', ')}
  --coordinators N   (2)      --workers N  (4)      --clients N  (6)
  --python           also Python jobs
  --real-times       leases and heartbeats as in the product; else they are a quarter of that
  --drain-seconds N  how long all may take to end after the healing (180)
  --break-fencing    coordinators take results that come too late, and some do: the checks must find it
`;

/** Throws an error with one sentence. */
export function readOptions(args: readonly string[]): NemesisOptions {
  const number = (value: string): { type: 'string'; default: string } => ({
    type: 'string',
    default: value,
  });
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: number('1'),
      seed: number(String(Date.now() % 100_000)),
      actions: number(''),
      coordinators: number('2'),
      workers: number('4'),
      clients: number('6'),
      'drain-seconds': number('180'),
      python: { type: 'boolean', default: false },
      'real-times': { type: 'boolean', default: false },
      'break-fencing': { type: 'boolean', default: false },
    },
  });
  const actions = values.actions.split(',').filter((name) => name !== '');
  for (const name of actions) {
    if (ACTIONS.some((action) => action.name === name)) continue;
    throw new Error(
      `There is no action "${name}": ${ACTIONS.map((each) => each.name).join(', ')}.`,
    );
  }
  return {
    totalMs: positive('--minutes', values.minutes) * 60_000,
    seed: positive('--seed', values.seed),
    actions,
    coordinators: positive('--coordinators', values.coordinators),
    workers: values['break-fencing'] ? 2 : positive('--workers', values.workers),
    clients: positive('--clients', values.clients),
    drainMs: positive('--drain-seconds', values['drain-seconds']) * 1_000,
    python: values.python,
    realTimes: values['real-times'],
    breakFencing: values['break-fencing'],
  };
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (value > 0 && value < 2 ** 31) return value;
  throw new Error(`${flag} ${text}: must be a number above 0.`);
}
