/**
 * Work of class S and A goes to trusted nodes only, as long as these suffice for all its copies. Where they do not,
 * as in a young or a small fog, the copies and their quorum alone have to do.
 */
import { type PlacementNode, type PlacementTask, refusalOf } from '@fog/scheduler';
import { type ServiceClass, TRUST_GATES } from '@fog/wire';
import type { JobRecord } from '../job/job-record.ts';
import { voterOf } from './ballot.ts';
import { copiesWanted } from './decide.ts';

const FLOORS: Readonly<Partial<Record<ServiceClass, number>>> = TRUST_GATES;

/** The trust a node must have for a task of the job; undefined when any will do. */
export function trustFloor(
  job: Pick<JobRecord, 'owner' | 'spec'>,
  task: PlacementTask,
  fleet: readonly PlacementNode[],
): number | undefined {
  const floor = FLOORS[job.spec.class ?? 'B'];
  if (floor === undefined) return undefined;
  const trusted = fleet.filter((node) => (node.trust ?? 0) >= floor);
  const able = trusted.filter((node) => refusalOf(task, node) === undefined);
  const voters = new Set(able.map((node) => voterOf(job, node)));
  return voters.size >= copiesWanted(job.spec) ? floor : undefined;
}
