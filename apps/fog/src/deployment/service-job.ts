/** The job that each replica runs, from a command line. */
import { type HealthProbe, type JobSpecInput, MAX_REPLICAS } from '@fog/wire';
import type { FlagValues } from '../command/command.ts';
import type { FogLink } from '../connect/fog-link.ts';
import { DEMAND_FLAGS, type DemandFlags, readDemands } from '../run/demand-flags.ts';
import { collectInputs } from '../run/input-files.ts';
import { checkRequest, type JobRequest, uploadRequest } from '../run/job-request.ts';
import { JOB_VALUES } from '../run/job-values.ts';
import { inspectProgram } from '../run/program.ts';
import { duration, readFlag, whole, wrongFlag } from '../run/read-value.ts';
import { readEnv } from '../run/run-flags.ts';
import { defined } from '../run/wishes.ts';

const { cores, disk, gpus, region, label, exclude, strategy, privacy, priority, tier } =
  DEMAND_FLAGS;

export const SERVICE_FLAGS = {
  input: { type: 'list', value: 'PATH[:MOUNT]', help: 'send a file or directory along' },
  env: { type: 'list', value: 'NAME=VALUE', help: 'set a variable of the program' },
  memory: { type: 'text', value: 'SIZE', help: 'memory of each replica: 64M, 2G (512M)' },
  cores,
  disk,
  gpus,
  region,
  label,
  exclude,
  strategy,
  privacy,
  priority,
  tier,
  'min-trust': DEMAND_FLAGS['min-trust'],
} as const;
export type ServiceFlags = FlagValues<typeof SERVICE_FLAGS>;

/** Of jobs that end; a service has none of them. */
const NO_END: Omit<DemandFlags, keyof ServiceFlags> = {
  deadline: undefined,
  needs: [],
  'on-lost': undefined,
  class: undefined,
  'allow-same-owner': false,
  strict: false,
  'max-price': undefined,
};

/** What only jobs that end have may be given for one of these. */
export async function readServiceJob(
  flags: ServiceFlags & Partial<typeof NO_END>,
  args: readonly string[],
  now: number,
): Promise<JobRequest> {
  const [file = '', ...programArgs] = args;
  const demands = readDemands({ ...NO_END, ...flags }, now);
  const memoryBytes = readFlag('--memory', flags.memory, JOB_VALUES.memory);
  const resources = { ...demands.spec.resources, ...defined({ memoryBytes }) };
  const hasResources = Object.keys(resources).length > 0;
  const request: JobRequest = {
    program: await inspectProgram(file),
    args: programArgs,
    env: readEnv(flags.env),
    inputs: await collectInputs(flags.input),
    array: undefined,
    outputs: [],
    wishes: { ...demands, spec: { ...demands.spec, ...(hasResources && { resources }) } },
  };
  checkRequest(request);
  return request;
}

export function uploadServiceJob(
  link: FogLink,
  request: JobRequest,
  signal: AbortSignal,
): Promise<JobSpecInput> {
  return uploadRequest(link, request, undefined, signal);
}

export const REPLICAS = whole({ min: 0, max: MAX_REPLICAS });
export const MAX_UNAVAILABLE = whole({ min: 1, max: MAX_REPLICAS });

/** As the schema has it. */
const MAX_PROBE_MS = 3_600_000;
/** As the schema has it: live output travels in steps of its own. */
const MIN_PROBE_MS = 1_000;

/** `running`, or `output=30s`. Throws FOG_USAGE. */
export function readProbe(text: string | undefined): HealthProbe | undefined {
  if (text === undefined) return undefined;
  if (text === 'running') return { kind: 'running' };
  const read = duration(MAX_PROBE_MS)(/^output=(.+)$/.exec(text)?.[1] ?? '');
  if ('value' in read && read.value >= MIN_PROBE_MS && read.value <= MAX_PROBE_MS) {
    return { kind: 'output', withinMs: read.value };
  }
  throw wrongFlag('--probe', text, 'must be running, or output=TIME with a time from 1s to 1h');
}
