/** Copies of a task: asking for them, keeping them apart, losing them. */
import { explainPlacement } from '@fog/scheduler';
import { type Apart as Apartness, TIER_PROMISES } from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import type { LeaseRecord } from '../lease/lease-record.ts';
import { type Ballot, ballotOf, isReplicated, voterOf } from './ballot.ts';
import { copiesWanted } from './decide.ts';

export interface Apart {
  readonly excludedOwners: ReadonlySet<string>;
  readonly excludedNodes: ReadonlySet<string>;
  /** Only where the tier keeps copies apart by region. */
  readonly excludedRegions?: ReadonlySet<string>;
}

/** The task has its first lease: the other copies that its class or tier wants follow. */
export function wantFurtherCopies(dispatcher: Dispatcher, job: JobRecord, index: number): void {
  const copies = copiesWanted(job.spec);
  if (copies > 1 && !job.ballots.has(index)) wantCopies(dispatcher, job, index, copies - 1);
}

export function wantCopies(
  dispatcher: Dispatcher,
  job: JobRecord,
  index: number,
  count: number,
): void {
  ballotOf(job, index).wanted += count;
  offerCopy(dispatcher, job, index);
}

/** Puts a wanted copy where the dispatcher finds it. */
export function offerCopy(dispatcher: Dispatcher, job: JobRecord, index: number): void {
  job.board.wantCopy(index);
  dispatcher.enqueue(job);
  dispatcher.kick();
}

/** Copies that run or wait for a node, the task's first among them. */
export function outstandingOf(
  job: JobRecord,
  index: number,
  ballot: Ballot,
): { readonly outstanding: number; readonly unissued: number } {
  const isQueued = job.board.stateOf(index) === 'queued';
  const isRunning = job.leases.get(index)?.state === 'leased';
  const unissued = ballot.wanted + (isQueued ? 1 : 0);
  return { unissued, outstanding: unissued + ballot.copies.size + (isRunning ? 1 : 0) };
}

/** Whom a further copy must keep away from; undefined for a task with one copy. */
export function apartOf(core: Core, job: JobRecord, index: number): Apart | undefined {
  const ballot = job.ballots.get(index);
  if (ballot === undefined) return undefined;
  const excludedOwners = new Set<string>();
  const excludedNodes = new Set(job.spec.excludedNodes);
  const excludedRegions = new Set<string>();
  for (const { node: id } of holders(job, index, ballot)) {
    excludedNodes.add(id);
    const node = core.nodes.get(id);
    if (node === undefined || mayShareOwner(job, ballot)) continue;
    const { owner, profile } = node;
    if (voterOf(job, { id, owner }) === voterOf(job, { id: '', owner })) excludedOwners.add(owner);
    if (profile.region !== undefined) excludedRegions.add(profile.region);
  }
  const isByRegion = apartBy(job) === 'region';
  return { excludedOwners, excludedNodes, ...(isByRegion ? { excludedRegions } : {}) };
}

/** The copy is there to be faster, or in case, and any other machine will do: it is no second opinion. */
function mayShareOwner(job: JobRecord, { votes }: Ballot): boolean {
  return !isReplicated(job) && votes.length === 0 && apartBy(job) === 'node';
}

function apartBy({ spec }: JobRecord): Apartness {
  return spec.tier === undefined ? 'node' : TIER_PROMISES[spec.tier].apart;
}

/** Nobody wanted it from the start: it is there to be faster. */
export function isSpeculative(job: JobRecord, { votes }: Ballot): boolean {
  return copiesWanted(job.spec) === 1 && votes.length === 0;
}

export function isApart(core: Core, job: JobRecord, index: number, id: string): boolean {
  const apart = apartOf(core, job, index);
  const node = core.nodes.get(id);
  if (apart === undefined || node === undefined) return true;
  const { region } = node.profile;
  if (region !== undefined && apart.excludedRegions?.has(region) === true) return false;
  return !apart.excludedNodes.has(id) && !apart.excludedOwners.has(node.owner);
}

/** A connected node that has no copy yet could take one, now or when it has a free slot. */
export function hasFurtherNode(
  dispatcher: Dispatcher,
  job: JobRecord,
  index: number,
  except: readonly string[] = [],
): boolean {
  const task = dispatcher.task(job, index);
  return dispatcher.fleet().some((node) => {
    if (except.includes(node.id)) return false;
    const [refused] = explainPlacement(task, [node]);
    return refused === undefined || refused.refusal === 'full';
  });
}

function holders(job: JobRecord, index: number, ballot: Ballot): LeaseRecord[] {
  const first = job.leases.get(index);
  const votes = ballot.votes.map(({ lease }) => lease);
  return [...(first?.state === 'leased' ? [first] : []), ...ballot.copies, ...votes];
}
