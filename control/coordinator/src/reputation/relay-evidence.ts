/** Evidence about relays of a mixnet, which are nodes under the ids the mixnet knows them by. */
import { MAX_WEIGHT } from '@fog/reputation';
import type { Core } from '../core.ts';
import { MAX_RATED_RELAYS } from '../limits.ts';
import { noteEvidence } from '../verify/evidence.ts';

const RELAY_KINDS = ['relay_loss', 'delay_audit'] as const;

export interface RelayEvidence {
  readonly relay: string;
  readonly kind: (typeof RELAY_KINDS)[number];
  readonly network: string;
  /** Of the mixnet; grows with the time. */
  readonly epoch: number;
  /** Digest of the signed consensus it follows from. */
  readonly consensus: string;
  readonly good: boolean;
  readonly weight: number;
  readonly counts: Readonly<Record<string, number>>;
}

export interface RelayReputation {
  /** 5 % lower bounds, in the order asked for. */
  readonly lower: readonly number[];
  /** Of a relay nobody has seen. */
  readonly newcomer: number;
}

/** One of a relay, kind and epoch: a repeated or older one is dropped, however it is said. Gives what counted. */
export function noteRelays(core: Core, evidence: readonly RelayEvidence[]): RelayEvidence[] {
  return evidence.filter((one) => {
    if (!counts(core, one)) return false;
    const { relay: node, kind, good: isGood, weight, ...source } = one;
    core.relayEpochs.set(`${node} ${kind}`, source.epoch);
    noteEvidence(core, { node, kind, isGood, weight, source });
    return true;
  });
}

function counts({ relayEpochs }: Core, { relay, kind, epoch, weight }: RelayEvidence): boolean {
  if (!Number.isSafeInteger(epoch) || !(weight > 0 && weight <= MAX_WEIGHT)) return false;
  const last = relayEpochs.get(`${relay} ${kind}`);
  return last === undefined ? epoch >= 0 && relayEpochs.size < MAX_RATED_RELAYS : epoch > last;
}

/** There is evidence about the relay, and it is no node that works for the fog. */
export function isRatedRelay({ nodes, relayEpochs }: Core, id: string): boolean {
  return !nodes.has(id) && RELAY_KINDS.some((kind) => relayEpochs.has(`${id} ${kind}`));
}

export function relayReputation(core: Core, relays: readonly string[]): RelayReputation {
  const now = core.clock.now();
  const lowerOf = (relay: string): number => core.reputation.score(relay, now, 'relay').lower;
  return { lower: relays.map(lowerOf), newcomer: lowerOf('') };
}

/** The last epoch that counted of each relay and kind. */
export async function recoverRelays({ store, relayEpochs }: Core): Promise<void> {
  const rows = await store.db
    .selectFrom('reputation')
    .innerJoin('evidence', 'evidence.id', 'reputation.last_evidence')
    .select(['evidence.node', 'evidence.kind', 'evidence.source'])
    .where('reputation.kind', 'in', [...RELAY_KINDS])
    .execute();
  for (const { node, kind, source } of rows) {
    const { epoch } = JSON.parse(source) as { readonly epoch?: unknown };
    if (typeof epoch === 'number') relayEpochs.set(`${node} ${kind}`, epoch);
  }
}
