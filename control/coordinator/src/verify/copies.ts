/** Copies of a task: asking for them, keeping them apart, losing them. */
import { explainPlacement } from '@fog/scheduler';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import type { LeaseRecord } from '../lease/lease-record.ts';
import { type Ballot, ballotOf, isReplicated, voterOf } from './ballot.ts';
import { copiesOf } from './decide.ts';

export interface Apart {
  readonly excludedOwners: ReadonlySet<string>;
  readonly excludedNodes: ReadonlySet<string>;
}

/** A replicated task has its first lease: the other copies follow. */
export function wantClassCopies(dispatcher: Dispatcher, job: JobRecord, index: number): void {
  if (!isReplicated(job) || job.ballots.has(index)) return;
  ballotOf(job, index);
  wantCopies(dispatcher, job, index, copiesOf(job.spec.class ?? 'B') - 1);
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
  for (const { node: id } of holders(job, index, ballot)) {
    excludedNodes.add(id);
    const owner = core.nodes.get(id)?.owner;
    // A copy of a straggler is no second opinion: any other machine will do.
    if (owner === undefined || isSpeculative(job, ballot)) continue;
    if (voterOf(job, { id, owner }) === voterOf(job, { id: '', owner })) excludedOwners.add(owner);
  }
  return { excludedOwners, excludedNodes };
}

/** The copy is there to be faster, not to be compared. */
export function isSpeculative(job: JobRecord, ballot: Ballot): boolean {
  return !isReplicated(job) && ballot.votes.length === 0;
}

export function isApart(core: Core, job: JobRecord, index: number, node: string): boolean {
  const apart = apartOf(core, job, index);
  const owner = core.nodes.get(node)?.owner ?? '';
  return apart === undefined || !(apart.excludedNodes.has(node) || apart.excludedOwners.has(owner));
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
