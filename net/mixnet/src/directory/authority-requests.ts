/** The requests a directory authority answers, whatever carries them. */
import { encodeCanonical } from '@fog/crypto';
import { utf8 } from '@fog/kernel';
import { epochAt, epochStart } from '../network.ts';
import type { AuthorityWorld } from './authority-world.ts';
import { encodeSignedConsensus, HASH_BYTES } from './consensus.ts';
import { CBOR, type DirectoryRequest } from './directory-call.ts';
import { PHASES } from './grid-rounds.ts';
import { fromHex, toHex } from './hex.ts';
import type { ImmediateRounds } from './immediate-rounds.ts';
import {
  type IntakeRefusal,
  type IntakeVerdict,
  takeCertificate,
  takeDescriptor,
  takeNote,
  takeVote,
} from './intake.ts';
import {
  MAX_CERTIFICATE_BYTES,
  MAX_DESCRIPTOR_BYTES,
  MAX_HEAD_BYTES,
  MAX_VOTE_BYTES,
} from './limits.ts';
import type { OpenedConsensus } from './open-consensus.ts';

export interface DirectoryReply {
  readonly status: number;
  readonly body: Uint8Array;
  readonly type: string;
  /** Hash of a consensus, in hex. */
  readonly etag?: string;
}

export interface AuthorityRequests {
  handle(request: DirectoryRequest): DirectoryReply;
  /** Bytes a body for this path may have; 0 where none is taken. */
  maxBodyBytes(path: string): number;
}

export interface RoundEvents {
  readonly immediate: Pick<ImmediateRounds, 'uploaded' | 'called'>;
  readonly grid: { heard(): void };
}

const JSON_TYPE = 'application/json';
/** Room around a signed object: names, lengths, the signature. */
const ENVELOPE_BYTES = 1024;

/** 200 taken · 400 malformed · 403 not allowed · 409 said otherwise before or too late · 425 too early · 507 full. */
const STATUS: Readonly<Record<IntakeRefusal, number>> = {
  malformed: 400,
  'unknown-authority': 403,
  'not-admitted': 403,
  conflict: 409,
  equivocation: 409,
  'too-late': 409,
  'too-early': 425,
  full: 507,
};

interface Post {
  readonly maxBytes: number;
  take(world: AuthorityWorld, body: Uint8Array): IntakeVerdict;
  after(events: RoundEvents, verdict: IntakeVerdict & { ok: true }): void;
}

const POSTS: Readonly<Record<string, Post>> = {
  '/v1/descriptors': {
    maxBytes: MAX_DESCRIPTOR_BYTES + ENVELOPE_BYTES,
    take: takeDescriptor,
    after: ({ immediate }, { verdict }) => {
      if (verdict === 'accepted') immediate.uploaded();
    },
  },
  '/v1/votes': {
    maxBytes: MAX_VOTE_BYTES + 2 * MAX_HEAD_BYTES,
    take: takeVote,
    after: ({ immediate }, { round }) => {
      if (round !== undefined) immediate.called(round);
    },
  },
  '/v1/certificates': {
    maxBytes: MAX_CERTIFICATE_BYTES + ENVELOPE_BYTES,
    take: takeCertificate,
    after: () => {},
  },
  '/v1/signatures': {
    maxBytes: MAX_HEAD_BYTES + ENVELOPE_BYTES,
    take: takeNote,
    after: ({ grid }) => grid.heard(),
  },
};

export function createAuthorityRequests(
  world: AuthorityWorld,
  events: RoundEvents,
): AuthorityRequests {
  const post = (path: string, body: Uint8Array): DirectoryReply => {
    const route = Object.hasOwn(POSTS, path) ? POSTS[path] : undefined;
    if (route === undefined) return problem(404, 'not-found', 'there is nothing here to post to');
    const verdict = route.take(world, body);
    world.metrics.count('fog_mixnet_directory_posts_total', { path, verdict: verdict.verdict });
    if (!verdict.ok) return problem(STATUS[verdict.verdict], verdict.verdict, verdict.reason);
    route.after(events, verdict);
    return json(200, { verdict: verdict.verdict });
  };
  return {
    maxBodyBytes: (path) => (Object.hasOwn(POSTS, path) ? (POSTS[path]?.maxBytes ?? 0) : 0),
    handle: ({ method, path, body, held }) =>
      method === 'POST' ? post(path, body ?? new Uint8Array(0)) : get(world, path, held),
  };
}

function get(world: AuthorityWorld, path: string, held: string | undefined): DirectoryReply {
  const now = world.clock.now();
  switch (path) {
    case '/v1/consensus/current':
      return consensusReply(world.held.inForce(now), held);
    case '/v1/consensus/next':
      return consensusReply(world.held.pending(now), held);
    case '/v1/consensus/newest':
      return consensusReply(world.held.newest(), held);
    case '/v1/status':
      return json(200, statusOf(world));
    case '/v1/evidence':
      return cbor(encodeCanonical(world.evidence.all().map((each) => ({ ...each }))));
    default:
      return voteReply(world, path);
  }
}

function consensusReply(
  opened: OpenedConsensus | undefined,
  held: string | undefined,
): DirectoryReply {
  if (opened === undefined) return problem(404, 'none', 'there is no such consensus now');
  const etag = toHex(opened.hash);
  if (held === etag) return { status: 304, body: new Uint8Array(0), type: CBOR, etag };
  return { ...cbor(encodeSignedConsensus(opened.signed)), etag };
}

function voteReply(world: AuthorityWorld, path: string): DirectoryReply {
  const hash = fromHex(/^\/v1\/votes\/([0-9a-f]{64})$/.exec(path)?.[1] ?? '', HASH_BYTES);
  const body = hash === undefined ? undefined : world.book.body(hash);
  return body === undefined ? problem(404, 'not-found', 'there is nothing here') : cbor(body.bytes);
}

export interface AuthorityStatus {
  readonly authority: string;
  readonly network: string;
  readonly timeMs: number;
  readonly epoch: number;
  readonly phase: number;
  readonly descriptors: number;
  readonly current: ConsensusSummary | null;
  readonly next: ConsensusSummary | null;
  readonly evidence: readonly {
    readonly kind: string;
    readonly authority: string;
    readonly epoch: number;
    readonly revision: number;
  }[];
}

export interface ConsensusSummary {
  readonly epoch: number;
  readonly revision: number;
  readonly hash: string;
  readonly validAfter: number;
  readonly validUntil: number;
  readonly signers: readonly string[];
  readonly relays: number;
  readonly authorities: readonly {
    readonly id: string;
    readonly voted: boolean;
    readonly absences: number;
    readonly equivocated: boolean;
  }[];
}

export function statusOf(world: AuthorityWorld): AuthorityStatus {
  const { network, clock, held, store, evidence, keys } = world;
  const now = clock.now();
  const epoch = epochAt(network.epochMs, now);
  const offsetMs = now - epochStart(network.epochMs, epoch);
  return {
    authority: keys.identity.id,
    network: network.name,
    timeMs: now,
    epoch,
    phase: Math.floor((offsetMs * PHASES) / network.epochMs),
    descriptors: store.size,
    current: summaryOf(held.inForce(now)),
    next: summaryOf(held.pending(now)),
    evidence: evidence.all().map(({ kind, authority, epoch: of, revision }) => ({
      kind,
      authority,
      epoch: of,
      revision,
    })),
  };
}

function summaryOf(opened: OpenedConsensus | undefined): ConsensusSummary | null {
  if (opened === undefined) return null;
  const { epoch, revision, validAfter, validUntil, authorities } = opened.consensus;
  return {
    epoch,
    revision,
    hash: toHex(opened.hash),
    validAfter,
    validUntil,
    signers: opened.signers,
    relays: opened.consensus.relays.length,
    authorities: authorities.map(({ id, voted, absences, equivocated }) => ({
      id,
      voted,
      absences,
      equivocated,
    })),
  };
}

export function problem(status: number, verdict: string, reason: string): DirectoryReply {
  return json(status, { verdict, reason });
}

function json(status: number, value: object): DirectoryReply {
  return { status, body: utf8(JSON.stringify(value)), type: JSON_TYPE };
}

function cbor(body: Uint8Array): DirectoryReply {
  return { status: 200, body, type: CBOR };
}
