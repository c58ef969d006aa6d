/** What the owner of a machine says of it when it joins. */
import { NODE_TYPES, type NodeProfile, type Prices } from '@fog/wire';
import type { FlagDef, FlagValues } from '../command/command.ts';
import { readLabels } from '../run/demand-flags.ts';
import { JOB_VALUES } from '../run/job-values.ts';
import { credits, decimal, oneOf, type Read, readFlag } from '../run/read-value.ts';
import { defined } from '../run/wishes.ts';
import { coordinates } from './coordinates.ts';

const GROUP = 'what this machine is';

export const PROFILE_FLAGS = {
  type: { type: 'text', value: 'TYPE', help: `${NODE_TYPES.join(', ')} (compute)`, group: GROUP },
  region: { type: 'text', value: 'NAME', help: 'its region, like eu-west', group: GROUP },
  at: { type: 'text', value: 'LAT,LON', help: 'where it stands, in degrees', group: GROUP },
  label: {
    type: 'list',
    value: 'NAME=VALUE',
    help: 'what jobs may ask for with --label (repeatable)',
    group: GROUP,
  },
  price: {
    type: 'text',
    value: 'cpu=N,…',
    help: 'credits an hour: cpu= a core, gb= a GB of memory, gpu= a GPU; spot=0.3 takes 30 % off',
    group: GROUP,
  },
} as const satisfies Readonly<Record<string, FlagDef>>;

/** Throws FOG_USAGE. */
export function readProfile(flags: FlagValues<typeof PROFILE_FLAGS>): NodeProfile {
  return {
    type: readFlag('--type', flags.type, oneOf(NODE_TYPES)) ?? 'compute',
    labels: readLabels('--label', flags.label) ?? {},
    ...defined({
      region: readFlag('--region', flags.region, JOB_VALUES.region),
      coordinates: readFlag('--at', flags.at, coordinates),
      prices: readFlag('--price', flags.price, prices),
    }),
  };
}

const FORM =
  'must be like cpu=0.5,gb=0.01,gpu=2,spot=0.3: credits an hour, and the part taken off for spot';

/** Each of cpu, gb, gpu and spot once at most; what is left out costs nothing. */
export function prices(text: string): Read<Prices> {
  const found: Prices = { cpuHour: 0, gbHour: 0, gpuHour: 0, spotDiscount: 0 };
  const seen = new Set<string>();
  for (const part of text.split(',')) {
    const [name = '', amount = '', ...rest] = part.split('=');
    if (rest.length > 0 || seen.has(name)) return { must: FORM };
    seen.add(name);
    const read = name === 'spot' ? decimal({ min: 0, max: 1 })(amount) : credits(amount);
    if ('must' in read) return { must: FORM };
    if (name === 'cpu') found.cpuHour = read.value;
    else if (name === 'gb') found.gbHour = read.value;
    else if (name === 'gpu') found.gpuHour = read.value;
    else if (name === 'spot') found.spotDiscount = read.value;
    else return { must: FORM };
  }
  return { value: found };
}
