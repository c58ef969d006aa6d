/** Whether this fog can give a job the class it asks for. */
import type { JobSpec, RuntimeName } from '@fog/wire';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import { copiesOf } from './decide.ts';

/** Runtimes that can run the same way everywhere. */
const STRICT_RUNTIMES: ReadonlySet<RuntimeName> = new Set(['wasm', 'python']);

/** Throws COORDINATOR_CLASS with the reason and the remedy. */
export function checkClass(core: Pick<Core, 'nodes'>, spec: JobSpec, account: string): void {
  const kind = spec.class ?? 'B';
  if (spec.determinism === 'strict' && !STRICT_RUNTIMES.has(spec.runtime)) {
    throw refused(
      `Determinism "strict" is for wasm and python; ${spec.runtime} runs differ from machine to machine. Leave it out.`,
    );
  }
  if (kind === 'B') return;
  if (spec.determinism !== 'strict') {
    throw refused(
      `Class ${kind} compares the results of several machines, so it needs determinism "strict". Add it, or take class B.`,
    );
  }
  const needed = copiesOf(kind);
  const able = [...core.nodes.values()].filter((node) => canRun(node, spec, account));
  const owners = new Set(able.map(({ owner }) => owner));
  const own = able.filter(({ owner }) => owner === account).length;
  if (spec.allowSameOwner === true) {
    const voters = owners.size + Math.max(0, own - 1);
    if (voters >= needed) return;
    throw refused(
      `Class ${kind} needs ${needed} nodes, this fog has ${voters} that could run the job, other owners counted once. Join more machines, or take class B.`,
    );
  }
  if (owners.size >= needed) return;
  const machines = own > 1 ? ' --allow-same-owner counts your own machines.' : '';
  throw refused(
    `Class ${kind} needs ${needed} owners, this fog has ${owners.size} with a node that could run the job. Take class B, or invite other owners.${machines}`,
  );
}

function canRun({ capabilities, owner }: NodeRecord, spec: JobSpec, account: string): boolean {
  if (!capabilities.runtimes.includes(spec.runtime)) return false;
  if (capabilities.memoryBytes < spec.resources.memoryBytes) return false;
  return capabilities.sandboxLevel === 'os' || spec.runtime === 'wasm' || owner === account;
}

function refused(message: string): Error {
  return fail('COORDINATOR_CLASS', { message });
}
