import { DEMAND_DEFAULTS, type JobSpec, TIER_PROMISES } from '@fog/wire';
import type { PlacementTask } from '@fog/scheduler';
import type { JobRecord } from './job-record.ts';

/** What the scheduler must know of a task; the parts all tasks of a job share are made once. */
export function placementTask(job: JobRecord, depth: number, index?: number): PlacementTask {
  const avoid = index === undefined ? undefined : job.avoid.get(index);
  return { ...job.demands, depth, ...(avoid === undefined ? {} : { avoid }) };
}

export function demandsOf(owner: string, spec: JobSpec): Omit<PlacementTask, 'depth'> {
  const { resources, labels, region, minTrust, maxPrice, privacy, excludedNodes } = spec;
  const inputBytes = spec.inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    owner,
    runtime: spec.runtime,
    module: spec.module,
    memoryBytes: resources.memoryBytes,
    ...(inputBytes === 0 ? {} : { inputBytes }),
    ...(resources.cores === undefined ? {} : { cores: resources.cores }),
    ...(resources.diskBytes === undefined ? {} : { diskBytes: resources.diskBytes }),
    ...(resources.gpus === undefined ? {} : { gpus: resources.gpus }),
    ...(labels === undefined ? {} : { labels }),
    ...(region === undefined ? {} : { region }),
    ...(minTrust === undefined ? {} : { minTrust }),
    ...(spec.class === undefined ? {} : { serviceClass: spec.class }),
    ...(maxPrice === undefined ? {} : { maxPrice: { credits: maxPrice, hours: hoursOf(spec) } }),
    ...(privacy === undefined ? {} : { privacy }),
    ...(excludedNodes === undefined ? {} : { excludedNodes: new Set(excludedNodes) }),
    ...tierDemands(spec),
  };
}

/** The lowest tier may be pre-empted by all others, and pays less for it. */
export function tierDemands({
  tier,
  class: kind = DEMAND_DEFAULTS.class,
  service,
}: Partial<Pick<JobSpec, 'tier' | 'class' | 'service'>>): Pick<
  PlacementTask,
  'tier' | 'isSpot' | 'excludedRegions'
> {
  const isByRegion =
    service !== true && tier !== undefined && TIER_PROMISES[tier].apart === 'region';
  const isLowest = (tier ?? DEMAND_DEFAULTS.tier) === 'bronze' && kind === 'B' && service !== true;
  return {
    ...(tier === undefined ? {} : { tier }),
    isSpot: isLowest,
    // None yet; a node that names no region is refused all the same.
    ...(isByRegion ? { excludedRegions: new Set<string>() } : {}),
  };
}

const MS_PER_HOUR = 3_600_000;

function hoursOf({ timeoutMs }: JobSpec): number {
  return timeoutMs / MS_PER_HOUR;
}

/** Tasks of one kind fit the same nodes and are equally important, so they share a queue and a capacity. */
export function kindOf(owner: string, spec: JobSpec): string {
  const { runtime, module, resources, labels, region, minTrust, privacy, excludedNodes } = spec;
  const priority = spec.priority ?? DEMAND_DEFAULTS.priority;
  const { class: serviceClass, tier, strategy, service } = spec;
  const price = spec.maxPrice === undefined ? undefined : [spec.maxPrice, spec.timeoutMs];
  const wishes = [labels, region, minTrust, price, privacy, excludedNodes];
  const rest = [...wishes, serviceClass, tier, strategy, service];
  const isPlain = rest.every((demand) => demand === undefined);
  const demands = isPlain ? '' : JSON.stringify(rest);
  const { memoryBytes, cores = '', diskBytes = '', gpus = '' } = resources;
  return `${owner} ${priority} ${runtime} ${module} ${memoryBytes},${cores},${diskBytes},${gpus} ${demands}`;
}
