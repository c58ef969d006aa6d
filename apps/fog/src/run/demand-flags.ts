/** The flags of `fog run` that say where, when and how carefully a job runs. */
import {
  JobId,
  JobPrivacy,
  type JobSpecInput,
  Labels,
  MAX_LABELS,
  MAX_NEEDS,
  type Need,
  NeededOutput,
  ServiceClass,
} from '@fog/wire';
import type { FlagDef, FlagValues } from '../command/command.ts';
import { deadline, JOB_VALUES } from './job-values.ts';
import { readFlag, wrongFlag } from './read-value.ts';
import { defined, type Wishes } from './wishes.ts';

const WHERE = 'where it may run';
const WHEN = 'when it runs';
const TRUST = 'how far it is checked';

function text(group: string, value: string, help: string): FlagDef & { readonly type: 'text' } {
  return { type: 'text', value, help, group };
}

function list(group: string, value: string, help: string): FlagDef & { readonly type: 'list' } {
  return { type: 'list', value, help, group };
}

export const DEMAND_FLAGS = {
  cores: text(WHERE, 'N', 'cores each task holds: 2, 0.5'),
  disk: text(WHERE, 'SIZE', 'disk each task holds: 200M, 10G'),
  gpus: text(WHERE, 'N', 'GPUs each task holds'),
  region: text(WHERE, 'NAME', 'only nodes of this region'),
  label: list(WHERE, 'NAME=VALUE', 'only nodes with this label (repeatable)'),
  exclude: list(WHERE, 'NODE', 'not this node: its id, or its name (repeatable)'),
  strategy: text(
    WHERE,
    'NAME',
    'how nodes are chosen: nsga2, cost_optimize, least_loaded … (auto)',
  ),
  'max-price': text(WHERE, 'CREDITS', 'at most this for one task'),
  priority: text(WHEN, 'N', '1 is served first, 10 last (5)'),
  deadline: text(WHEN, 'TIME', 'from now (10m), or a point in time; what has not ended then ends'),
  needs: list(
    WHEN,
    'JOB[:FROM=TO]',
    'wait until JOB has settled; its stdout or file FROM becomes the input TO (repeatable)',
  ),
  'on-lost': text(
    WHEN,
    'WHAT',
    'when a node is lost: replace, fail, or wait=TIME for it (replace)',
  ),
  class: text(TRUST, ServiceClass.options.join('|'), 'S: 3 copies, A: 2, B: by evidence (B)'),
  'allow-same-owner': {
    type: 'boolean',
    help: 'copies may run on several nodes of one owner',
    group: TRUST,
  },
  strict: {
    type: 'boolean',
    help: 'the same bytes on every machine: logical clock, fixed chance; S and A need it',
    group: TRUST,
  },
  'min-trust': text(TRUST, '0–1', 'only nodes trusted so far'),
  privacy: text(TRUST, 'LEVEL', `who may see the work: ${JobPrivacy.options.join(', ')}`),
  tier: text(TRUST, 'NAME', 'bronze, silver: 2 copies, gold, platinum: 3; see "fog sla"'),
} as const satisfies Readonly<Record<string, FlagDef>>;
export type DemandFlags = FlagValues<typeof DEMAND_FLAGS>;

/** Throws FOG_USAGE. */
export function readDemands(flags: DemandFlags, now: number): Wishes {
  const needs = readNeeds(flags.needs);
  const spec = defined({
    class: readFlag('--class', flags.class, JOB_VALUES.class),
    tier: readFlag('--tier', flags.tier, JOB_VALUES.tier),
    strategy: readFlag('--strategy', flags.strategy, JOB_VALUES.strategy),
    privacy: readFlag('--privacy', flags.privacy, JOB_VALUES.privacy),
    priority: readFlag('--priority', flags.priority, JOB_VALUES.priority),
    deadlineAt: readFlag('--deadline', flags.deadline, deadline(now)),
    region: readFlag('--region', flags.region, JOB_VALUES.region),
    minTrust: readFlag('--min-trust', flags['min-trust'], JOB_VALUES['min-trust']),
    maxPrice: readFlag('--max-price', flags['max-price'], JOB_VALUES['max-price']),
    disconnect: readFlag('--on-lost', flags['on-lost'], JOB_VALUES['on-lost']),
    determinism: flags.strict ? ('strict' as const) : undefined,
    allowSameOwner: flags['allow-same-owner'] || undefined,
    labels: readLabels('--label', flags.label),
    needs: needs.length === 0 ? undefined : needs,
    resources: readResources(flags),
  });
  return { spec, exclude: flags.exclude };
}

function readResources(flags: DemandFlags): JobSpecInput['resources'] {
  const resources = defined({
    cores: readFlag('--cores', flags.cores, JOB_VALUES.cores),
    diskBytes: readFlag('--disk', flags.disk, JOB_VALUES.disk),
    gpus: readFlag('--gpus', flags.gpus, JOB_VALUES.gpus),
  });
  return Object.keys(resources).length === 0 ? undefined : resources;
}

/** `NAME=VALUE` pairs; undefined when there is none. Throws FOG_USAGE. */
export function readLabels(flag: string, pairs: readonly string[]): Labels | undefined {
  if (pairs.length === 0) return undefined;
  const labels: Record<string, string> = Object.create(null);
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw wrongFlag(flag, pair, 'must be NAME=VALUE');
    const label = { [pair.slice(0, equals)]: pair.slice(equals + 1) };
    if (!Labels.safeParse(label).success) throw wrongFlag(flag, pair, LABEL_FORM);
    Object.assign(labels, label);
  }
  const { length } = Object.keys(labels);
  if (length > MAX_LABELS) throw wrongFlag(flag, '…', `at most ${MAX_LABELS} labels fit`);
  return { ...labels };
}

const LABEL_FORM =
  'must be NAME=VALUE, the name like zone or gpu.model, the value of at most 128 characters on one line';

/** `JOB`, and `JOB:FROM=TO` for each output of it that becomes an input. */
function readNeeds(texts: readonly string[]): Need[] {
  const needs = new Map<string, NeededOutput[]>();
  for (const text of texts) {
    const [, job = '', from, to] = /^([^:]*)(?::(.+)=(.+))?$/.exec(text) ?? [];
    if (!JobId.safeParse(job).success) throw wrongFlag('--needs', text, NEED_FORM);
    const outputs = needs.get(job) ?? [];
    needs.set(job, outputs);
    if (from === undefined) continue;
    const output = NeededOutput.safeParse({ from, to });
    if (!output.success) throw wrongFlag('--needs', text, NEED_FORM);
    outputs.push(output.data);
  }
  if (needs.size > MAX_NEEDS) throw wrongFlag('--needs', '…', `at most ${MAX_NEEDS} jobs fit`);
  return [...needs].map(([job, outputs]) => ({ job, outputs }));
}

const NEED_FORM =
  'must be JOB or JOB:FROM=TO, JOB a job id ("fog jobs" lists them), FROM stdout or a file like /output/a.txt, TO a clean path for the program';
