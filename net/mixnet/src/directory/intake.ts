/** What an authority does with each message it is sent. Verdicts, never exceptions. */
import type { Signed } from '@fog/crypto';
import { sameBytes } from '@fog/crypto';
import { type AuthorityContact, epochAt } from '../network.ts';
import type { AuthorityWorld } from './authority-world.ts';
import { openCertificate, openNote } from './certificate.ts';
import type { UploadRefusal } from './descriptor-store.ts';
import { good, type Read } from './fields.ts';
import { mergeSignature } from './finished.ts';
import { MAX_CERTIFICATE_BYTES, MAX_HEAD_BYTES, MAX_REVISION_STEP } from './limits.ts';
import { skewTolerance } from './open-consensus.ts';
import type { Round, RoundName } from './round.ts';
import { claimedText, packSigned, unpackSigned } from './signed-object.ts';
import {
  decodePostedVote,
  type OpenedHead,
  openVotedRelays,
  openVoteHead,
  relaysHash,
} from './vote.ts';

export type IntakeRefusal = UploadRefusal | 'unknown-authority' | 'equivocation';

export type IntakeVerdict =
  | { readonly ok: true; readonly verdict: 'accepted' | 'known'; readonly round?: RoundName }
  | { readonly ok: false; readonly verdict: IntakeRefusal; readonly reason: string };

export function takeDescriptor(world: AuthorityWorld, body: Uint8Array): IntakeVerdict {
  const verdict = world.store.add(body, world.clock.now(), true);
  if (!verdict.ok) return refuse(verdict.refusal, verdict.reason);
  if (verdict.fresh) world.reveals.take(verdict.opened.descriptor);
  return { ok: true, verdict: verdict.fresh ? 'accepted' : 'known' };
}

export function takeVote(world: AuthorityWorld, body: Uint8Array): IntakeVerdict {
  const posted = decodePostedVote(body);
  if (!posted.ok) return refuse('malformed', posted.reason);
  const { head: signed, relays } = posted.value;
  const head = openHead(world, signed);
  if (!head.ok) return head;
  const round = world.book.open(head.opened.head);
  const added = addHead(world, round, head.opened);
  if (added !== undefined) return added;
  const stored = takeBody(world, round, head.opened, relays);
  if (!stored.ok) return refuse('malformed', stored.reason);
  return { ok: true, verdict: 'accepted', round };
}

/** The relays of a vote, as posted or as asked of a peer; `wanted` says which. */
export function takeBody(
  world: AuthorityWorld,
  round: Round,
  wanted: OpenedHead,
  relays: Uint8Array,
): Read<true> {
  if (round.body(wanted.head.relaysHash) !== undefined) return good(true);
  if (!sameBytes(relaysHash(relays), wanted.head.relaysHash)) {
    return { ok: false, reason: 'the relays are not those of the vote' };
  }
  const opened = openVotedRelays(relays, world.network.name, (packed) => world.store.open(packed));
  if (!opened.ok) return opened;
  const now = world.clock.now();
  for (const { opened: each } of opened.value) {
    const known = world.store.add(each.packed, now, false);
    if (known.ok && known.fresh) world.reveals.take(each.descriptor);
  }
  round.addBody(wanted.head.relaysHash, { bytes: relays, relays: opened.value });
  return good(true);
}

export function takeCertificate(world: AuthorityWorld, body: Uint8Array): IntakeVerdict {
  const unpacked = unpackSigned(body, 'the certificate', MAX_CERTIFICATE_BYTES);
  if (!unpacked.ok) return refuse('malformed', unpacked.reason);
  const author = authorOf(world, unpacked.value);
  if (author === undefined) return unknownAuthor();
  const opened = openCertificate(unpacked.value, author, world.network.name);
  if (!opened.ok) return refuse('malformed', opened.reason);
  const untimely = timeRefusal(world, opened.value);
  if (untimely !== undefined) return untimely;
  const round = world.book.open(opened.value);
  for (const signed of opened.value.heads) {
    const head = openHead(world, signed);
    if (!head.ok) continue;
    if (head.opened.head.epoch !== round.epoch) continue;
    if (head.opened.head.revision !== round.revision) continue;
    addHead(world, round, head.opened);
  }
  round.addCertificate(author.id);
  return { ok: true, verdict: 'accepted', round };
}

export function takeNote(world: AuthorityWorld, body: Uint8Array): IntakeVerdict {
  const unpacked = unpackSigned(body, 'the note of a signature', MAX_HEAD_BYTES);
  if (!unpacked.ok) return refuse('malformed', unpacked.reason);
  const author = authorOf(world, unpacked.value);
  if (author === undefined) return unknownAuthor();
  const opened = openNote(unpacked.value, author, world.network.name);
  if (!opened.ok) return refuse('malformed', opened.reason);
  const note = opened.value;
  const untimely = timeRefusal(world, note);
  if (untimely !== undefined) return untimely;
  const round = world.book.open(note);
  const other = round.addNote(note, body);
  if (other !== undefined) {
    return convict(world, 'signatures', { ...note, first: other.packed, second: body });
  }
  mergeSignature(world, note);
  return { ok: true, verdict: 'accepted', round };
}

type HeadOpening =
  | { readonly ok: true; readonly opened: OpenedHead }
  | Extract<IntakeVerdict, { ok: false }>;

function openHead(world: AuthorityWorld, signed: Signed): HeadOpening {
  const author = authorOf(world, signed);
  if (author === undefined) return unknownAuthor();
  const opened = openVoteHead(signed, author, world.network.name);
  if (!opened.ok) return refuse('malformed', opened.reason);
  return timeRefusal(world, opened.value.head) ?? { ok: true, opened: opened.value };
}

function addHead(
  world: AuthorityWorld,
  round: Round,
  opened: OpenedHead,
): IntakeVerdict | undefined {
  const verdict = round.addHead(opened);
  if (verdict === 'new' || verdict === 'known') return undefined;
  const [first, second] = round.headsOf(opened.head.authority);
  if (first === undefined || second === undefined) return undefined;
  return convict(world, 'votes', {
    ...opened.head,
    first: packSigned(first.signed),
    second: packSigned(second.signed),
  });
}

interface Proof extends RoundName {
  readonly authority: string;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

function convict(
  world: AuthorityWorld,
  kind: 'votes' | 'signatures',
  { authority, epoch, revision, first, second }: Proof,
): IntakeVerdict {
  if (world.evidence.add({ kind, authority, epoch, revision, first, second })) {
    world.logger.error('a directory authority said two things under one name', {
      kind,
      authority,
      epoch,
      revision,
    });
    world.metrics.count('fog_mixnet_directory_evidence_total', { kind });
    world.save().catch((error: unknown) => world.logger.error('evidence not saved', { error }));
  }
  return refuse('equivocation', `it said something else in round ${epoch}.${revision} before`);
}

function authorOf(world: AuthorityWorld, signed: Signed): AuthorityContact | undefined {
  const claimed = claimedText(signed, 'authority');
  return world.network.authorities.find(({ id }) => id === claimed);
}

function unknownAuthor(): Extract<IntakeVerdict, { ok: false }> {
  return refuse('unknown-authority', 'its author is no authority of this network');
}

/** Rounds of the present epoch and the next, and revisions not far from those known. */
function timeRefusal(
  { network, clock, voted, book, held }: AuthorityWorld,
  { epoch, revision }: RoundName,
): Extract<IntakeVerdict, { ok: false }> | undefined {
  const tolerance = skewTolerance(network.epochMs);
  const now = clock.now();
  if (epoch < epochAt(network.epochMs, now - tolerance)) {
    return refuse('too-late', `epoch ${epoch} is over`);
  }
  if (epoch > epochAt(network.epochMs, now + tolerance) + 1) {
    return refuse('too-early', `epoch ${epoch} has not come near`);
  }
  const newest = held.newest()?.consensus;
  const heldRevision = newest?.epoch === epoch ? newest.revision : 0;
  const known = Math.max(voted.revision(epoch), book.highest(epoch), heldRevision);
  return revision > known + MAX_REVISION_STEP
    ? refuse('too-early', `revision ${revision} is far from the last known, ${known}`)
    : undefined;
}

function refuse(verdict: IntakeRefusal, reason: string): Extract<IntakeVerdict, { ok: false }> {
  return { ok: false, verdict, reason };
}
