/** Steps and looks that tests of voting share. */
import assert from 'node:assert/strict';
import { authorityKeys } from '../../src/directory/authority-keys.ts';
import type { AuthorityStatus } from '../../src/directory/authority-requests.ts';
import type { Consensus } from '../../src/directory/documents.ts';
import { openConsensus } from '../../src/directory/open-consensus.ts';
import {
  encodePostedVote,
  encodeVotedRelays,
  relaysHash,
  signVoteHead,
  type VoteHead,
} from '../../src/directory/vote.ts';
import { vrfInput } from '../../src/directory/vrf-input.ts';
import type { VirtualWorld } from './virtual-world.ts';
import { seedOf } from './world.ts';

const EPOCH_MS = 20 * 60_000;
const PHASE_MS = EPOCH_MS / 8;

export function statuses(world: VirtualWorld): AuthorityStatus[] {
  return world.cores.flatMap((core) => (core === undefined ? [] : [core.status()]));
}

export function hashes(
  world: VirtualWorld,
  which: 'current' | 'next' = 'current',
): Set<string | undefined> {
  return new Set(statuses(world).map((status) => status[which]?.hash));
}

export async function begin(world: VirtualWorld): Promise<void> {
  await Promise.all(world.cores.map((_core, index) => world.open(index)));
  world.publish();
  await world.advance(3_000);
}

export function consensusOf(world: VirtualWorld, which: 'current' | 'next' = 'current'): Consensus {
  const reply = world.cores[0]?.requests.handle({ method: 'GET', path: `/v1/consensus/${which}` });
  const verdict = openConsensus(reply?.body ?? new Uint8Array(), world.network);
  assert.ok(verdict.ok, verdict.ok ? '' : verdict.reason);
  return verdict.opened.consensus;
}

/** To the start of the phase of the present or next epoch, publishing where an epoch begins. */
export async function toPhase(world: VirtualWorld, phase: number): Promise<void> {
  const offset = world.clock.now() % EPOCH_MS;
  let wait = phase * PHASE_MS - offset + 1_000;
  if (wait <= 0) {
    const rest = EPOCH_MS - offset + 500;
    await world.advance(rest, 10_000);
    world.publish();
    wait = phase * PHASE_MS + 500;
  }
  await world.advance(wait, 10_000);
}

/** The vote of an authority that is played here, for the next round of the grid. */
export function voteOf(
  world: VirtualWorld,
  index: number,
  maxActive: number,
  changes: Partial<VoteHead> = {},
): Uint8Array {
  const { identity, vrf } = authorityKeys(seedOf(index));
  const current = consensusOf(world);
  const previous = statuses(world)[0]?.current?.hash ?? '';
  const packed = world.relays
    .map((relay) => relay.packed('test', current.epoch))
    .map((descriptor, at) => ({ descriptor, id: world.relays[at]?.identity.id ?? '' }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const relays = encodeVotedRelays(
    packed.map(({ descriptor }) => ({
      descriptor,
      reputationPpm: maxActive,
      performancePpm: 1_000_000,
      stakeCredits: 0,
      upMs: 0,
      running: true,
    })),
  );
  const { signed } = signVoteHead(identity, {
    kind: 'fog-vote/1',
    network: 'test',
    authority: identity.id,
    epoch: current.epoch + 1,
    revision: 1,
    previous: new Uint8Array(Buffer.from(previous, 'hex')),
    draws: true,
    vrfProof: vrf.prove(vrfInput(current.epoch + 1, current.sharedRandom)).proof,
    parameters: {
      delayMeansMicros: current.delayMeansMicros,
      cover: current.cover,
      maxActive,
    },
    relaysHash: relaysHash(relays),
    ...changes,
  });
  return encodePostedVote({ head: signed, relays });
}
