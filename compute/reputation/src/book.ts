/** Everything a fog has seen of its nodes, as faded counts; equal evidence in equal order gives equal bits. */
import type { EvidenceKind } from '@fog/wire';
import { type Confirmation, type Credibility, credibilityOf } from './credibility.ts';
import { type Counter, counted, dayOf, keptOf, newCounter } from './counter.ts';
import { drawBeta, type Uniform } from './draw.ts';
import { type Evidence, FOG_RATER, isWellFormed, MAIN_KINDS, type TrustUse } from './evidence.ts';
import {
  LEAST_CHECKED,
  MAX_BACK_MS,
  MAX_FADE_MS,
  MAX_RATERS,
  MAX_SOURCES,
  RATER_DAY_WEIGHT,
  SCORE_EVERY_MS,
} from './limits.ts';
import { type Standing, standingOf } from './standing.ts';
import { type KindBook, type Score, scoreOf, sorted } from './score.ts';

/** Why evidence does not count: said twice, of a node's own owner, too much of one account, at an impossible time. */
export type Ignored = 'replay' | 'malformed' | 'self' | 'capped' | 'jump';

/** A counter as it is stored. */
export interface CounterRow extends Counter {
  readonly node: string;
  readonly owner: string;
  readonly kind: EvidenceKind;
  readonly rater: string;
}

export interface Applied {
  readonly ignored?: Ignored;
  readonly row?: CounterRow;
  /** Rater whose counter made room for a new one. */
  readonly dropped?: string;
}

interface NodeBook {
  owner: string;
  lastTime: number | undefined;
  readonly kinds: Map<EvidenceKind, KindBook>;
  /** Until the node's next evidence. */
  standing: { readonly standing: Standing; readonly from: number; readonly to: number } | undefined;
  /** Not the same for all: what is made anew is spread over minutes. */
  readonly keepMs: number;
}

/** Of a node without evidence, for every use. */
const NOBODY = standingOf(scoreOf(new Map(), 'work', { now: 0, credibility: () => 0 }));
/** Periods the standing of a node is kept, if nothing new is said of it: its score fades by less than a thousandth in them. */
const KEPT_AT_MOST = 5;

export class ReputationBook {
  /** Evidence before these cannot be recognised as used. */
  static readonly maxSources = MAX_SOURCES;
  readonly #nodes = new Map<string, NodeBook>();
  readonly #sources = new Set<string>();
  readonly #ignored = { replay: 0, malformed: 0, self: 0, capped: 0, jump: 0 };
  #lastId = 0;
  /** The minute of `#credibility`. */
  #minute: number | undefined;
  #credibility: Credibility = credibilityOf([]);

  /** Counts since this book was made. */
  get ignored(): Readonly<Record<Ignored, number>> {
    return this.#ignored;
  }

  apply(evidence: Evidence): Applied {
    const ignored = this.#refusal(evidence);
    // Nobody keeps the rest: what it changed here could not be counted again from the log.
    if (ignored === undefined || ignored === 'jump') this.remember(evidence);
    if (ignored !== undefined) {
      this.#ignored[ignored] += 1;
      return { ignored };
    }
    const { id, node, owner, kind, rater, weight } = evidence;
    const book = this.#open(node, owner);
    const counts = book.kinds.get(kind) ?? { events: 0, raters: new Map<string, Counter>() };
    book.kinds.set(kind, counts);
    counts.events += weight;
    const before = counts.raters.get(rater) ?? newCounter();
    const counter = counted(before, evidence, { id, events: counts.events });
    counts.raters.set(rater, counter);
    book.standing = undefined;
    const dropped = counts.raters.size > MAX_RATERS ? dropOldest(counts.raters) : undefined;
    const row = { node, owner: book.owner, kind, rater, ...counter };
    return { row, ...(dropped === undefined ? {} : { dropped }) };
  }

  /** What was applied before this book was made: it cannot be used again, and the clock goes on from there. */
  remember(evidence: Evidence): void {
    const { id, time, node, owner, kind, source } = evidence;
    if (!isWellFormed(evidence) || this.#sources.has(sourceKey(node, kind, source))) return;
    this.#lastId = Math.max(this.#lastId, id);
    this.#open(node, owner).lastTime = time;
    this.#sources.add(sourceKey(node, kind, source));
    if (this.#sources.size <= MAX_SOURCES) return;
    for (const oldest of this.#sources) {
      this.#sources.delete(oldest);
      return;
    }
  }

  restore(row: CounterRow): void {
    const { node, owner, kind, rater, ...counter } = row;
    const book = this.#open(node, owner);
    book.lastTime = Math.max(book.lastTime ?? 0, counter.updatedAt);
    const counts = book.kinds.get(kind) ?? { events: 0, raters: new Map<string, Counter>() };
    book.kinds.set(kind, counts);
    counts.events = Math.max(counts.events, counter.events);
    counts.raters.set(rater, counter);
    book.standing = undefined;
  }

  /** Of one node or of all. */
  rows(only?: string): CounterRow[] {
    const rows: CounterRow[] = [];
    for (const [node, { owner, kinds }] of sorted(this.#nodes)) {
      if (only !== undefined && node !== only) continue;
      for (const [kind, { raters }] of sorted(kinds)) {
        for (const [rater, counter] of sorted(raters)) {
          rows.push({ node, owner, kind: kind as EvidenceKind, rater, ...counter });
        }
      }
    }
    return rows;
  }

  /** There is evidence about its work: of a node that was only there, nothing is known. */
  knows(node: string): boolean {
    const kinds = this.#nodes.get(node)?.kinds;
    return kinds !== undefined && MAIN_KINDS.work.values().some((kind) => kinds.has(kind));
  }

  /** By what is credible in this minute. A node nobody knows has what is expected of it. */
  score(node: string, now: number, use: TrustUse = 'work'): Score {
    const minute = this.#turnTo(now);
    const kinds = this.#nodes.get(node)?.kinds;
    if (kinds === undefined) return NOBODY.score;
    return scoreOf(kinds, use, { now: minute, credibility: this.#credibility.of });
  }

  /** By the score of some minutes ago at most; for thousands of nodes in every round of placement. */
  standing(node: string, now: number): Standing {
    const book = this.#nodes.get(node);
    if (book === undefined) return NOBODY;
    const kept = book.standing;
    if (kept !== undefined && now >= kept.from && now < kept.to) return kept.standing;
    const standing = standingOf(this.score(node, now));
    book.standing = { standing, from: now, to: now + book.keepMs };
    return standing;
  }

  /**
   * All that was said so far counts from now on for this node, whose word it may be. The others keep their
   * standing: thousands made anew at once would hold up a round of placement whenever somebody looks at one.
   */
  refresh(node: string): void {
    this.#minute = undefined;
    const book = this.#nodes.get(node);
    if (book !== undefined) book.standing = undefined;
  }

  /** A Thompson sample: as high as the score may be, so that what is little known is tried now and then. */
  sample(node: string, now: number, uniform: Uniform): number {
    const { alpha, beta } = this.standing(node, now).score;
    return drawBeta(alpha, beta, uniform);
  }

  /** 0 to 1: how far the word of an account counts. */
  credibility(account: string): number {
    return this.#credibility.of(account);
  }

  /** Share of the results on which these accounts agree that the fog is to run itself: of strangers all. */
  auditProbability(accounts: readonly string[]): number {
    const least = Math.min(...accounts.map((account) => this.#credibility.verified(account)));
    return Math.max(LEAST_CHECKED, 1 / (1 + least));
  }

  #open(node: string, owner: string): NodeBook {
    const known = this.#nodes.get(node);
    if (known !== undefined) {
      if (owner !== '') known.owner = owner;
      return known;
    }
    const keepMs = SCORE_EVERY_MS * (1 + (this.#nodes.size % KEPT_AT_MOST));
    const book: NodeBook = {
      owner,
      lastTime: undefined,
      kinds: new Map(),
      standing: undefined,
      keepMs,
    };
    this.#nodes.set(node, book);
    return book;
  }

  #refusal(evidence: Evidence): Ignored | undefined {
    const { id, time, node, owner, kind, rater, weight, source } = evidence;
    if (!isWellFormed(evidence)) return 'malformed';
    if (id <= this.#lastId || this.#sources.has(sourceKey(node, kind, source))) return 'replay';
    const book = this.#nodes.get(node);
    if (hasJumped(time - (book?.lastTime ?? time))) return 'jump';
    if (rater === FOG_RATER) return undefined;
    if (rater === owner) return 'self';
    const before = book?.kinds.get(kind)?.raters.get(rater);
    const said = before?.day === dayOf(time) ? before.saidToday : 0;
    return said + weight > RATER_DAY_WEIGHT ? 'capped' : undefined;
  }

  /** The minute, in which who is credible does not change. */
  #turnTo(now: number): number {
    const minute = Math.floor(now / SCORE_EVERY_MS) * SCORE_EVERY_MS;
    if (minute === this.#minute) return minute;
    this.#minute = minute;
    this.#credibility = credibilityOf(this.#confirmations(minute));
    return minute;
  }

  #confirmations(now: number): Confirmation[] {
    const confirmations: Confirmation[] = [];
    for (const [, { owner, kinds }] of sorted(this.#nodes)) {
      for (const kind of MAIN_KINDS.work) {
        const counts = kinds.get(kind);
        for (const [name, counter] of counts === undefined ? [] : sorted(counts.raters)) {
          const rater = name === FOG_RATER ? undefined : name;
          const weight = (counter.good - counter.bad) * keptOf(counter, counts?.events ?? 0, now);
          confirmations.push({ rater, owner, weight });
        }
      }
    }
    return confirmations;
  }
}

function hasJumped(passedMs: number): boolean {
  return passedMs > MAX_FADE_MS || passedMs < -MAX_BACK_MS;
}

function sourceKey(node: string, kind: string, source: string): string {
  return `${node} ${kind} ${source}`;
}

function dropOldest(raters: Map<string, Counter>): string | undefined {
  let oldest: string | undefined;
  let least = Infinity;
  for (const [rater, { last }] of raters) {
    if (last >= least || rater === FOG_RATER) continue;
    least = last;
    oldest = rater;
  }
  if (oldest !== undefined) raters.delete(oldest);
  return oldest;
}
