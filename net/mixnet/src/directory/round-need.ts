/** When the grid's next consensus cannot be waited for. */
import { sameBytes } from '@fog/crypto';
import { epochAt } from '../network.ts';
import { LATE_PHASE, PHASES } from './grid-rounds.ts';
import type { AuthorityWorld } from './authority-world.ts';
import type { HeldDescriptor } from './descriptor-store.ts';
import type { Consensus, RelayDescriptor } from './documents.ts';
import { isFresh } from './figures.ts';

export interface RoundNeed {
  readonly epoch: number;
  /**
   * `none-held`: no valid consensus. `late`: the grid made none of the epoch that is here, or will be soon,
   * for instance as the authorities were not there when it voted. `keys`: relays with a third of the weight or more changed keys.
   * `few`: a lesser change, which may wait for company.
   */
  readonly why: 'none-held' | 'late' | 'keys' | 'few';
}

/** The most urgent need of a round outside the grid. */
export function roundNeed(world: AuthorityWorld): RoundNeed | undefined {
  const { clock, network, held } = world;
  const now = clock.now();
  const epoch = epochAt(network.epochMs, now);
  const inForce = held.inForce(now)?.consensus;
  const pending = held.pending(now)?.consensus;
  if (inForce === undefined || inForce.epoch < epoch) {
    const why = inForce === undefined ? 'none-held' : 'late';
    return freshRelays(world, epoch).length === 0 ? undefined : { epoch, why };
  }
  const due = epochAt(network.epochMs, now + network.epochMs * (1 - LATE_PHASE / PHASES));
  if ((pending ?? inForce).epoch < due && freshRelays(world, due).length > 0) {
    return { epoch: due, why: 'late' };
  }
  const changes = [
    { epoch, share: changedShare(world, inForce, epoch) },
    ...(pending === undefined
      ? []
      : [{ epoch: pending.epoch, share: changedShare(world, pending, pending.epoch) }]),
  ];
  const most = changes.find(({ share }) => share >= 1 / 3);
  if (most !== undefined) return { epoch: most.epoch, why: 'keys' };
  const any = changes.find(({ share }) => share > 0);
  return any === undefined ? undefined : { epoch: any.epoch, why: 'few' };
}

/** The weight of relays whose keys or addresses are not those of the consensus, as a share of all. */
function changedShare(world: AuthorityWorld, consensus: Consensus, epoch: number): number {
  const listed = new Map(consensus.relays.map((relay) => [relay.descriptor.id, relay]));
  const weights = consensus.relays.reduce((sum, { weightPpm }) => sum + weightPpm, 0);
  const usual = weights / consensus.relays.length;
  let total = weights;
  let changed = 0;
  for (const { opened } of freshRelays(world, epoch)) {
    const before = listed.get(opened.descriptor.id);
    const weight = before?.weightPpm ?? usual;
    if (before === undefined) total += weight;
    if (before !== undefined && isSame(before.descriptor, opened.descriptor, epoch)) continue;
    // A relay that changed its VRF key within the life of the value must wait for the next.
    if (before !== undefined && !sameBytes(before.descriptor.vrfKey, opened.descriptor.vrfKey)) {
      continue;
    }
    changed += weight;
  }
  return total === 0 ? 0 : changed / total;
}

function freshRelays({ store, clock, network }: AuthorityWorld, epoch: number): HeldDescriptor[] {
  const now = { nowMs: clock.now(), epochMs: network.epochMs };
  return store.choose(epoch).filter(({ receivedMs }) => isFresh(receivedMs, now));
}

function isSame(a: RelayDescriptor, b: RelayDescriptor, epoch: number): boolean {
  const [keyA, keyB] = [a, b].map(
    ({ mixKeys }) => mixKeys.find((each) => each.epoch === epoch)?.key,
  );
  if (keyA === undefined || keyB === undefined || !sameBytes(keyA, keyB)) return false;
  if (!sameBytes(a.linkKey, b.linkKey)) return false;
  return JSON.stringify(a.addresses) === JSON.stringify(b.addresses);
}
