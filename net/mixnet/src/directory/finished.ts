/** Consensuses that are done: taken up, given late signatures, fetched from the others. */
import { sameBytes, verifyBytes } from '@fog/crypto';
import { epochAt } from '../network.ts';
import type { AuthorityWorld } from './authority-world.ts';
import type { SignatureNote } from './certificate.ts';
import { consensusPurpose } from './consensus.ts';
import { toHex } from './hex.ts';
import { MAX_CONSENSUS_BYTES } from './limits.ts';
import {
  brokenSuccession,
  isExpired,
  openConsensus,
  type OpenedConsensus,
} from './open-consensus.ts';

/** Takes up a checked consensus; false when it is known, old, or does not follow. Saved by the caller. */
export function adopt(world: AuthorityWorld, opened: OpenedConsensus): boolean {
  const { held, logger, clock, network, reveals } = world;
  const { epoch, revision } = opened.consensus;
  const same = held.find(epoch, revision);
  if (same !== undefined) {
    if (!sameBytes(same.hash, opened.hash)) {
      logger.error('two consensuses bear one name', { epoch, revision });
    }
    return false;
  }
  const before = held.before(epoch, revision);
  if (before !== undefined && !isExpired(before.consensus, clock.now())) {
    const broken = brokenSuccession(opened.consensus, before);
    if (broken !== undefined) {
      logger.warn('a consensus does not follow the one held', { epoch, revision, reason: broken });
      return false;
    }
  }
  if (!held.add(opened)) return false;
  const now = epochAt(network.epochMs, clock.now());
  const inForce = held.inForce(clock.now());
  if (inForce !== undefined) reveals.begin(now, inForce);
  report(world, opened);
  return true;
}

function report({ logger, metrics }: AuthorityWorld, opened: OpenedConsensus): void {
  const { epoch, revision, relays } = opened.consensus;
  const signers = opened.signers.length;
  logger.info('new consensus', { epoch, revision, relays: relays.length, signers });
  metrics.gauge('fog_mixnet_directory_consensus_epoch', epoch);
  metrics.gauge('fog_mixnet_directory_consensus_revision', revision);
  metrics.gauge('fog_mixnet_directory_consensus_signers', signers);
  metrics.gauge('fog_mixnet_directory_consensus_relays', relays.length);
}

/** Adds a signature that came after its consensus was served. */
export function mergeSignature(world: AuthorityWorld, note: SignatureNote): void {
  const opened = world.held.find(note.epoch, note.revision);
  if (opened === undefined || !sameBytes(opened.hash, note.hash)) return;
  if (opened.signers.includes(note.authority)) return;
  const contact = world.network.authorities.find(({ id }) => id === note.authority);
  const { document } = opened.signed;
  const { signature } = note;
  const purpose = consensusPurpose(world.network.name);
  if (contact === undefined || !verifyBytes(contact.key, purpose, { bytes: document, signature })) {
    return;
  }
  const others = opened.signed.signatures.filter(({ authority }) => authority !== note.authority);
  const signatures = [...others, { authority: note.authority, signature }].sort((a, b) =>
    a.authority < b.authority ? -1 : 1,
  );
  const signers = signatures.map(({ authority }) => authority);
  world.held.replace({ ...opened, signers, signed: { document, signatures } });
}

/** Fetches what the others hold: after a restart, and when a round brought nothing here. */
export async function pull(world: AuthorityWorld, forMs: number): Promise<boolean> {
  const { held, network, peers, logger } = world;
  let found = false;
  for (const which of ['newest', 'current'] as const) {
    const newest = held.newest();
    const answers = await peers.ask(
      {
        method: 'GET',
        path: `/v1/consensus/${which}`,
        maxAnswerBytes: MAX_CONSENSUS_BYTES,
        ...(newest === undefined ? {} : { held: toHex(newest.hash) }),
      },
      forMs,
    );
    for (const { status, body } of answers) {
      if (status !== 200) continue;
      const verdict = openConsensus(body, network);
      if (verdict.ok) found = adopt(world, verdict.opened) || found;
      else logger.warn('an authority serves a bad consensus', { reason: verdict.reason });
    }
  }
  if (found) await world.save();
  return found;
}
