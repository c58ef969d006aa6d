/** The steps of one round, in order: vote, certify, gather, sign, conclude. When each is due is the schedule's business. */
import { sameBytes, signBytes, verifyBytes } from '@fog/crypto';
import type { AuthorityWorld } from './authority-world.ts';
import { signCertificate, signNote } from './certificate.ts';
import { consensusPurpose, documentHash, encodeConsensus, NO_HASH } from './consensus.ts';
import type { Consensus, SignedConsensus, VerifiedConsensus } from './documents.ts';
import { figuresOf } from './figures.ts';
import { adopt } from './finished.ts';
import { toHex } from './hex.ts';
import { takeBody } from './intake.ts';
import { GATHER_TIMEOUT_MS, MAX_VOTE_BYTES } from './limits.ts';
import { openSignedConsensus } from './open-consensus.ts';
import type { Round, RoundName } from './round.ts';
import { packSigned } from './signed-object.ts';
import { tally, type TallyVote } from './tally.ts';
import {
  encodePostedVote,
  encodeVotedRelays,
  type OpenedHead,
  openVotedRelays,
  relaysHash,
  signVoteHead,
  VOTE_KIND,
  type VotedRelay,
} from './vote.ts';
import { NO_SHARED_RANDOM, vrfInput } from './vrf-input.ts';

export interface RoundRun {
  readonly round: Round;
  /** What was signed in it; undefined before the tally and when there was none. */
  document: Uint8Array | undefined;
  hash: Uint8Array | undefined;
}

/** Undefined when this round was voted in before, or there is no relay to vote for. */
export async function castVote(
  world: AuthorityWorld,
  name: RoundName,
  tellMs: number,
): Promise<RoundRun | undefined> {
  const { keys, network, store, voted, held } = world;
  if (voted.revision(name.epoch) >= name.revision) return undefined;
  const predecessor = held.before(name.epoch, name.revision);
  const draws = drawsValue(name, predecessor?.consensus);
  const relays = ownFigures(world, name.epoch, draws ? undefined : predecessor);
  if (relays.length === 0) return undefined;
  const value = predecessor?.consensus.sharedRandom ?? NO_SHARED_RANDOM;
  const body = fitVote(relays);
  const opened = signVoteHead(keys.identity, {
    kind: VOTE_KIND,
    network: network.name,
    authority: keys.identity.id,
    epoch: name.epoch,
    revision: name.revision,
    previous: predecessor?.hash ?? NO_HASH,
    draws,
    vrfProof: draws ? keys.vrf.prove(vrfInput(name.epoch, value)).proof : new Uint8Array(0),
    parameters: world.parameters,
    relaysHash: relaysHash(body),
  });
  voted.mark(name);
  await world.save();
  const round = world.book.open(name);
  const own = openVotedRelays(body, network.name, (packed) => store.open(packed));
  if (own.ok) round.addBody(opened.head.relaysHash, { bytes: body, relays: own.value });
  round.addHead(opened);
  void world.peers.tell(
    '/v1/votes',
    encodePostedVote({ head: opened.signed, relays: body }),
    tellMs,
  );
  return { round, document: undefined, hash: undefined };
}

/** A value lives for its epoch and, after a round that failed, for the next: only then may another be drawn. */
function drawsValue({ epoch, revision }: RoundName, predecessor: Consensus | undefined): boolean {
  if (revision === 1 || predecessor === undefined) return true;
  const { sharedRandom, previousSharedRandom } = predecessor;
  const hasServedTwo = sameBytes(sharedRandom, previousSharedRandom);
  return predecessor.epoch < epoch - (hasServedTwo ? 0 : 1);
}

/** While a value lives, a relay keeps the VRF key it had before the value was known. */
function ownFigures(
  world: AuthorityWorld,
  epoch: number,
  bound: VerifiedConsensus | undefined,
): VotedRelay[] {
  const { store, clock, network, standing, reveals } = world;
  const chosen = store.choose(epoch).filter(({ opened: { descriptor } }) => {
    const before = bound?.relays.get(descriptor.id)?.descriptor;
    return before === undefined || sameBytes(before.vrfKey, descriptor.vrfKey);
  });
  return figuresOf(chosen, {
    nowMs: clock.now(),
    epochMs: network.epochMs,
    standing,
    silent: reveals.silent(epoch),
  });
}

/** A vote has a bound, so that the others can hold all of them at once. */
function fitVote(relays: readonly VotedRelay[]): Uint8Array {
  for (let count = relays.length; ; count = Math.floor(count * 0.9)) {
    const body = encodeVotedRelays(relays.slice(0, count));
    if (body.length <= MAX_VOTE_BYTES) return body;
  }
}

/** Tells the others which votes were seen here. */
export function certify(
  { keys, network, peers }: AuthorityWorld,
  { round }: RoundRun,
  tellMs: number,
): void {
  const { epoch, revision } = round;
  const heads = round.heads().map(({ signed }) => signed);
  const packed = signCertificate(keys.identity, { network: network.name, epoch, revision }, heads);
  round.addCertificate(keys.identity.id);
  void peers.tell('/v1/certificates', packed, tellMs);
}

/** Asks for the relays of votes that came here only as heads. */
export async function gather(world: AuthorityWorld, { round }: RoundRun): Promise<void> {
  const missing = round.heads().filter(({ head }) => round.body(head.relaysHash) === undefined);
  await Promise.all(missing.map((head) => gatherOne(world, round, head)));
}

async function gatherOne(world: AuthorityWorld, round: Round, wanted: OpenedHead): Promise<void> {
  const path = `/v1/votes/${toHex(wanted.head.relaysHash)}`;
  const forMs = Math.min(GATHER_TIMEOUT_MS, world.network.epochMs / 8);
  const request = { method: 'GET', path, maxAnswerBytes: MAX_VOTE_BYTES } as const;
  for (const { status, body } of await world.peers.ask(request, forMs)) {
    if (status === 200 && takeBody(world, round, wanted, body).ok) return;
  }
}

/** Tallies and signs; false when the votes make no consensus. */
export function sign(world: AuthorityWorld, run: RoundRun, tellMs: number): boolean {
  const { keys, network, logger, peers } = world;
  const { epoch, revision } = run.round;
  const consensus = tallyRound(world, run.round);
  if (consensus === undefined) {
    logger.warn('a round made no consensus', { epoch, revision, votes: run.round.voters().size });
    return false;
  }
  run.document = encodeConsensus(consensus);
  run.hash = documentHash(run.document);
  const signature = signBytes(keys.identity, consensusPurpose(network.name), run.document);
  const { hash } = run;
  const name = { network: network.name, epoch, revision };
  const packed = packSigned(signNote(keys.identity, name, { hash, signature }));
  const note = {
    kind: 'fog-signature/1',
    authority: keys.identity.id,
    ...name,
    hash,
    signature,
  } as const;
  run.round.addNote(note, packed);
  void peers.tell('/v1/signatures', packed, tellMs);
  return true;
}

function tallyRound(world: AuthorityWorld, round: Round): Consensus | undefined {
  const { network, held } = world;
  const equivocators = round.equivocators();
  const votes = round
    .heads()
    .filter(({ head }) => !equivocators.has(head.authority))
    .sort((a, b) => (a.head.authority < b.head.authority ? -1 : 1))
    .flatMap((opened): TallyVote[] => {
      const body = round.body(opened.head.relaysHash);
      return body === undefined ? [] : [{ opened, relays: body.relays }];
    });
  const groups = Map.groupBy(
    votes,
    ({ opened: { head } }) => `${toHex(head.previous)} ${head.draws}`,
  );
  const agreed = [...groups.values()].find((group) => group.length >= network.threshold);
  if (agreed === undefined) return undefined;
  const { previous, draws } = (agreed[0] as TallyVote).opened.head;
  const first = sameBytes(previous, NO_HASH);
  const predecessor = held.all().find(({ hash }) => sameBytes(hash, previous))?.consensus;
  if (!first && predecessor === undefined) return undefined;
  if (draws !== drawsValue(round, predecessor)) return undefined;
  return tally({
    network,
    epoch: round.epoch,
    revision: round.revision,
    predecessor,
    previous,
    draws,
    votes: agreed,
    heads: round.heads(),
    equivocators,
  });
}

/** Serves the document once enough have signed it; false when they have not. */
export function conclude(world: AuthorityWorld, run: RoundRun): boolean {
  const signed = signedBy(world, run);
  if (signed === undefined) return false;
  const verdict = openSignedConsensus(signed, world.network);
  if (!verdict.ok) {
    world.logger.error('the own consensus is not well-formed', { reason: verdict.reason });
    return false;
  }
  if (adopt(world, verdict.opened)) {
    world.save().catch((error: unknown) => world.logger.error('consensus not saved', { error }));
  }
  return true;
}

function signedBy({ network }: AuthorityWorld, run: RoundRun): SignedConsensus | undefined {
  const { document, hash, round } = run;
  if (document === undefined || hash === undefined) return undefined;
  const purpose = consensusPurpose(network.name);
  const signatures = round
    .notes()
    .filter((note) => {
      const key = network.authorities.find(({ id }) => id === note.authority)?.key;
      if (key === undefined || !sameBytes(note.hash, hash)) return false;
      return verifyBytes(key, purpose, { bytes: document, signature: note.signature });
    })
    .map(({ authority, signature }) => ({ authority, signature }))
    .sort((a, b) => (a.authority < b.authority ? -1 : 1));
  return signatures.length >= network.threshold ? { document, signatures } : undefined;
}
