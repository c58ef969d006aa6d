/** What an authority has heard in one round, and whether it is enough. */
import { sameBytes } from '@fog/crypto';
import { toHex } from './hex.ts';
import { MAX_HEADS_PER_AUTHORITY } from './limits.ts';
import type { SignatureNote } from './certificate.ts';
import type { OpenedHead, OpenedRelay } from './vote.ts';

export interface RoundName {
  readonly epoch: number;
  readonly revision: number;
}

export interface VoteBody {
  readonly bytes: Uint8Array;
  readonly relays: readonly OpenedRelay[];
}

export type HeadVerdict = 'new' | 'known' | 'equivocation' | 'full';

export interface Round extends RoundName {
  addHead(opened: OpenedHead): HeadVerdict;
  /** By the hash that a head names. */
  addBody(hash: Uint8Array, body: VoteBody): void;
  body(hash: Uint8Array): VoteBody | undefined;
  addCertificate(authority: string): void;
  /** The other note, when the authority has signed another document before. */
  addNote(note: SignatureNote, packed: Uint8Array): HeldNote | undefined;
  heads(): OpenedHead[];
  headsOf(authority: string): readonly OpenedHead[];
  equivocators(): Set<string>;
  voters(): Set<string>;
  certifiers(): ReadonlySet<string>;
  notes(): readonly SignatureNote[];
  /** Calls the listener after each of the above that brought something; returns the end of it. */
  onChange(listener: () => void): () => void;
}

interface HeldNote {
  readonly note: SignatureNote;
  readonly packed: Uint8Array;
}

export function createRound({ epoch, revision }: RoundName): Round {
  const heads = new Map<string, OpenedHead[]>();
  const bodies = new Map<string, VoteBody>();
  const certifiers = new Set<string>();
  const notes = new Map<string, HeldNote>();
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    epoch,
    revision,
    addHead: (opened) => {
      const known = heads.get(opened.head.authority) ?? [];
      if (known.some(({ signed }) => sameBytes(signed.bytes, opened.signed.bytes))) return 'known';
      if (known.length >= MAX_HEADS_PER_AUTHORITY) return 'full';
      heads.set(opened.head.authority, [...known, opened]);
      changed();
      return known.length === 0 ? 'new' : 'equivocation';
    },
    addBody: (hash, body) => {
      bodies.set(toHex(hash), body);
      changed();
    },
    body: (hash) => bodies.get(toHex(hash)),
    addCertificate: (authority) => {
      certifiers.add(authority);
      changed();
    },
    addNote: (note, packed) => {
      const known = notes.get(note.authority);
      if (known !== undefined) {
        return sameBytes(known.note.hash, note.hash) ? undefined : known;
      }
      notes.set(note.authority, { note, packed });
      changed();
      return undefined;
    },
    heads: () => [...heads.values()].flat(),
    headsOf: (authority) => heads.get(authority) ?? [],
    equivocators: () =>
      new Set([...heads].filter(([, known]) => known.length > 1).map(([authority]) => authority)),
    voters: () => new Set(heads.keys()),
    certifiers: () => certifiers,
    notes: () => [...notes.values()].map(({ note }) => note),
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The rounds an authority listens to. */
export interface RoundBook {
  find(name: RoundName): Round | undefined;
  /** Found or made; the oldest that is not `busy` goes when there are too many. */
  open(name: RoundName): Round;
  /** The bytes of a vote's relays, in whichever round. */
  body(hash: Uint8Array): VoteBody | undefined;
  /** Highest revision anybody named for this epoch; 0 for none. */
  highest(epoch: number): number;
}

export function createRoundBook(
  maxRounds: number,
  isBusy: (name: RoundName) => boolean,
): RoundBook {
  const rounds = new Map<string, Round>();
  return {
    find: ({ epoch, revision }) => rounds.get(`${epoch}.${revision}`),
    open: ({ epoch, revision }) => {
      const key = `${epoch}.${revision}`;
      const found = rounds.get(key);
      if (found !== undefined) return found;
      if (rounds.size >= maxRounds) {
        const oldest = [...rounds].find(([, round]) => !isBusy(round))?.[0];
        if (oldest !== undefined) rounds.delete(oldest);
      }
      const round = createRound({ epoch, revision });
      rounds.set(key, round);
      return round;
    },
    body: (hash) => {
      for (const round of rounds.values()) {
        const body = round.body(hash);
        if (body !== undefined) return body;
      }
      return undefined;
    },
    highest: (epoch) => {
      let highest = 0;
      for (const round of rounds.values()) {
        if (round.epoch === epoch) highest = Math.max(highest, round.revision);
      }
      return highest;
    },
  };
}
