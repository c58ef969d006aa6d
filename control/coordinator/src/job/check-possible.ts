import { explainRefusal, lackOf } from '@fog/scheduler';
import type { JobSpec } from '@fog/wire';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import { MAX_EXPLAINED_NODES } from '../limits.ts';
import { knownNode, nameFor, type Viewer } from '../registry/node-record.ts';
import { demandsOf } from './placement-task.ts';

/**
 * Throws COORDINATOR_IMPOSSIBLE when the fog knows nodes and none of them, connected or not, is large
 * enough. Without nodes the job may wait for the first.
 */
export function checkPossible(core: Core, caller: Viewer, spec: JobSpec): void {
  if (core.nodes.size === 0) return;
  const task = { ...demandsOf(caller.account, spec), depth: 1 };
  const lacks: string[] = [];
  for (const record of core.nodes.values()) {
    const node = knownNode(core, record);
    const lack = lackOf(task, node);
    if (lack === undefined) return;
    if (lacks.length < MAX_EXPLAINED_NODES) {
      const name = nameFor(caller, record.id, core);
      lacks.push(`${name} ${explainRefusal(lack, task, node)}`);
    }
  }
  throw fail('COORDINATOR_IMPOSSIBLE', {
    message: `No node of this fog is large enough: ${lacks.join('; ')}. Ask for less, or let a larger machine join.`,
  });
}
