/** Whether this fog can run the copies that a job's tier promises, now. */
import { explainRefusal, type PlacementNode, refusalOf } from '@fog/scheduler';
import { type Apart, type JobSpec, SLA_TIERS, type SlaTier, TIER_PROMISES } from '@fog/wire';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import { demandsOf } from '../job/placement-task.ts';
import { MAX_EXPLAINED_NODES } from '../limits.ts';
import { isPresent, knownNode, nameFor, type Viewer } from '../registry/node-record.ts';
import { voterOf } from '../verify/ballot.ts';

interface Order {
  readonly owner: string;
  readonly spec: JobSpec;
}

const WHAT: Readonly<Record<Apart, string>> = {
  node: 'different machines',
  owner: 'machines of different owners',
  region: 'machines of different owners in different regions',
};

/** Throws COORDINATOR_TIER with what each node lacks, and the remedy. */
export function checkTier(core: Core, caller: Viewer, spec: JobSpec): void {
  const { tier, service } = spec;
  if (tier === undefined || service === true) return;
  const { copies, apart } = TIER_PROMISES[tier];
  if (copies === 1) return;
  const order = { owner: caller.account, spec };
  const found = placesFor(core, order, tier);
  if (found >= copies) return;
  const lower = SLA_TIERS.slice(0, SLA_TIERS.indexOf(tier)).findLast(
    (each) => placesFor(core, order, each) >= TIER_PROMISES[each].copies,
  );
  throw fail('COORDINATOR_TIER', {
    message: [
      `Tier ${tier} runs ${copies} copies on ${WHAT[apart]}, and this fog has ${found} that can take the job now${lacks(core, order, tier, caller)}.`,
      `Let more machines join${ownHint(core, order, apart)}, or take tier ${lower ?? 'bronze'}.`,
    ].join(' '),
    details: { tier, copies, found },
  });
}

/** Copies that could run at once, apart as the tier wants it. */
function placesFor(core: Core, order: Order, tier: SlaTier): number {
  const able = present(core).filter((node) => refusal(order, tier, node) === undefined);
  const { apart } = TIER_PROMISES[tier];
  if (apart === 'node') return able.length;
  const voters = able.map((node) => ({ voter: voterOf(order, node), region: node.region ?? '' }));
  if (apart === 'owner') return new Set(voters.map(({ voter }) => voter)).size;
  return pairsApart(voters);
}

/** The most machines of which no two share owner or region: a matching of owners and regions (Kuhn 1955). */
function pairsApart(
  machines: readonly { readonly voter: string; readonly region: string }[],
): number {
  const regionsOf = Map.groupBy(machines, ({ voter }) => voter);
  const taken = new Map<string, string>();
  const place = (voter: string, tried: Set<string>): boolean => {
    for (const { region } of regionsOf.get(voter) ?? []) {
      if (tried.has(region)) continue;
      tried.add(region);
      const holder = taken.get(region);
      if (holder === undefined || place(holder, tried)) {
        taken.set(region, voter);
        return true;
      }
    }
    return false;
  };
  for (const voter of regionsOf.keys()) place(voter, new Set());
  return taken.size;
}

function present(core: Core): PlacementNode[] {
  const here = [...core.nodes.values()].filter((node) => isPresent(core, node));
  return here.map((node) => knownNode(core, node));
}

function refusal(
  { owner, spec }: Order,
  tier: SlaTier,
  node: PlacementNode,
): ReturnType<typeof refusalOf> {
  if (node.slots === 0) return 'full';
  return refusalOf({ ...demandsOf(owner, { ...spec, tier }), depth: 1 }, node);
}

function lacks(core: Core, order: Order, tier: SlaTier, caller: Viewer): string {
  const nodes = present(core);
  if (nodes.length === 0) return ': none is connected';
  const task = { ...demandsOf(order.owner, { ...order.spec, tier }), depth: 1 };
  const told = nodes.flatMap((node) => {
    const lack = refusal(order, tier, node);
    const name = nameFor(caller, node.id, core);
    return lack === undefined ? [] : [`${name} ${explainRefusal(lack, task, node)}`];
  });
  return told.length === 0 ? '' : ` (${told.slice(0, MAX_EXPLAINED_NODES).join('; ')})`;
}

function ownHint(core: Core, { owner, spec }: Order, apart: Apart): string {
  if (apart === 'node' || spec.allowSameOwner === true) return '';
  const own = present(core).filter((node) => node.owner === owner).length;
  return own > 1 ? ', count your own machines one by one with --allow-same-owner' : '';
}
