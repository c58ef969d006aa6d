/**
 * Compares what each hop owed this client's loops with what its clock saw. A finding is weak evidence: it
 * counts, it convinces nobody else, and a relay that is honest to audit loops only cannot be found, but cannot
 * tell them from other packets either.
 */
import { sameBytes, vrfVerify } from '@fog/crypto';
import type { RelayDescriptor, VerifiedConsensus, VrfReveal } from '../directory/documents.ts';
import { vrfInput } from '../directory/vrf-input.ts';
import { owedDelayMs } from '../relay/delays.ts';
import { type AuditRecords, emptyHop, type HopRecord, type OpenLoop } from './audit-records.ts';
import type { SettledLoops } from './findings.ts';
import {
  LONG_MARGIN_MS,
  MAX_AUDITED_RELAYS,
  MAX_EXCESSES,
  MAX_OPEN_LOOPS,
  MAX_REVEAL_EPOCHS,
  MAX_VALUES,
  MIN_LOOPS_FOR_LONG,
  SHORT_MARGIN_MS,
} from './limits.ts';

/** Why a hop is suspect: it lets packets go early, it holds them too long, it does not say what it owed. */
export type Suspicion = 'short' | 'long' | 'forged';

export interface AuditedHop {
  readonly relay: string;
  /** Loops whose owed delay is known. */
  readonly loops: number;
  readonly short: number;
  readonly lost: number;
  readonly unrevealed: number;
  readonly forged: number;
  /** Means over its loops: the delay it owed, and the whole way home; undefined before the first. */
  readonly owedMeanMs: number | undefined;
  readonly tookMeanMs: number | undefined;
  /** Undefined before the first loop. */
  readonly medianExcessMs: number | undefined;
  readonly suspicions: readonly Suspicion[];
}

export interface AuditReport {
  /** The most suspect first. */
  readonly hops: readonly AuditedHop[];
  /** Loops whose hop has not revealed yet. */
  readonly open: number;
}

export interface AuditBook {
  readonly records: AuditRecords;
  add(loop: OpenLoop): void;
  lost(relay: string): void;
  /** Settles what the consensus reveals. */
  settle(consensus: VerifiedConsensus): readonly SettledLoops[];
  report(): AuditReport;
}

export function createAuditBook(records: AuditRecords, now: () => number): AuditBook {
  /** Shared random values by their epoch. */
  const values = new Map<number, Uint8Array>();
  const hop = (relay: string): HopRecord => {
    const record = records.hops.get(relay) ?? emptyHop(relay);
    record.updatedMs = now();
    // A map keeps the order of insertion, so the longest silent come first.
    records.hops.delete(relay);
    records.hops.set(relay, record);
    const [oldest] = records.hops.keys();
    if (records.hops.size > MAX_AUDITED_RELAYS && oldest !== undefined) records.hops.delete(oldest);
    return record;
  };
  const learn = (epoch: number, value: Uint8Array): void => {
    values.set(epoch, value);
    const [oldest] = values.keys();
    if (values.size > MAX_VALUES && oldest !== undefined) values.delete(oldest);
  };
  return {
    records,
    add: (loop) => {
      records.open.push(loop);
      if (records.open.length > MAX_OPEN_LOOPS) records.open.shift();
    },
    lost: (relay) => {
      hop(relay).lost += 1;
    },
    settle: ({ consensus, relays }) => {
      learn(consensus.epoch - 1, consensus.previousSharedRandom);
      learn(consensus.epoch, consensus.sharedRandom);
      const settled: SettledLoops[] = [];
      const left: OpenLoop[] = [];
      for (const loops of Map.groupBy(records.open, groupOf).values()) {
        const { relay, epoch } = loops[0] as OpenLoop;
        const reveal = revealOf(relays.get(relay)?.descriptor, epoch);
        if (reveal === undefined && consensus.epoch - epoch <= MAX_REVEAL_EPOCHS) {
          left.push(...loops);
          continue;
        }
        const before = countsOf(hop(relay));
        judge(hop(relay), loops, reveal && opened(loops, reveal, values));
        settled.push({ relay, epoch, ...difference(countsOf(hop(relay)), before) });
      }
      records.open.splice(0, records.open.length, ...left);
      return settled;
    },
    report: () => reportOf(records),
  };
}

function revealOf(descriptor: RelayDescriptor | undefined, epoch: number): VrfReveal | undefined {
  return descriptor?.reveals.find((reveal) => reveal.epoch === epoch);
}

function groupOf({ relay, epoch }: OpenLoop): string {
  return `${relay} ${epoch}`;
}

type Counts = Pick<SettledLoops, 'loops' | 'short' | 'forged'>;

function countsOf({ loops, short, forged }: HopRecord): Counts {
  return { loops, short, forged };
}

function difference(now: Counts, before: Counts): Counts {
  return {
    loops: now.loops - before.loops,
    short: now.short - before.short,
    forged: now.forged - before.forged,
  };
}

/**
 * The output must be the VRF's, for a value this client has seen: then the relay could not choose it. Undefined
 * where this client was away when the values that may have been used were made: then it knows nothing.
 */
function opened(
  loops: readonly OpenLoop[],
  reveal: VrfReveal,
  values: ReadonlyMap<number, Uint8Array>,
): VrfReveal | 'forged' | undefined {
  const { vrfKey } = loops[0] as OpenLoop;
  const { epoch, output, proof } = reveal;
  for (const value of values.values()) {
    const proven = vrfVerify(vrfKey, vrfInput(epoch, value), proof);
    if (proven !== undefined && sameBytes(proven, output)) return reveal;
  }
  return values.has(epoch) && values.has(epoch - 1) ? 'forged' : undefined;
}

function judge(
  record: HopRecord,
  loops: readonly OpenLoop[],
  reveal: VrfReveal | 'forged' | undefined,
): void {
  if (reveal === undefined) {
    record.unrevealed += loops.length;
    return;
  }
  if (reveal === 'forged') {
    record.forged += loops.length;
    return;
  }
  for (const { delayTag, meanMicros, rttMs } of loops) {
    const owedMs = owedDelayMs(reveal.output, delayTag, meanMicros);
    const excessMs = rttMs - owedMs;
    record.loops += 1;
    record.owedMs = wholeMicros(record.owedMs + owedMs);
    record.tookMs = wholeMicros(record.tookMs + rttMs);
    if (excessMs < -SHORT_MARGIN_MS) record.short += 1;
    record.excessMs.push(wholeMicros(excessMs));
    if (record.excessMs.length > MAX_EXCESSES) record.excessMs.shift();
  }
}

/** To the microsecond, as it is kept on disk. */
function wholeMicros(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

function reportOf({ hops, open }: AuditRecords): AuditReport {
  const medians = new Map([...hops].map(([relay, { excessMs }]) => [relay, median(excessMs)]));
  const audited = [...hops.values()].map((record): AuditedHop => {
    const { relay, loops, short, lost, unrevealed, forged } = record;
    const others = [...medians].flatMap(([each, value]) =>
      each === relay || value === undefined ? [] : [value],
    );
    const medianExcessMs = medians.get(relay);
    const isLong = loops >= MIN_LOOPS_FOR_LONG && isTooLong(medianExcessMs, median(others));
    const suspicions: Suspicion[] = [
      ...(short > 0 ? ['short' as const] : []),
      ...(isLong ? ['long' as const] : []),
      ...(forged > 0 ? ['forged' as const] : []),
    ];
    const mean = (sum: number): number | undefined => (loops === 0 ? undefined : sum / loops);
    const [owedMeanMs, tookMeanMs] = [mean(record.owedMs), mean(record.tookMs)];
    const counts = { relay, loops, short, lost, unrevealed, forged };
    return { ...counts, owedMeanMs, tookMeanMs, medianExcessMs, suspicions };
  });
  const bySuspicion = audited.sort((a, b) => badness(b) - badness(a));
  return { hops: bySuspicion, open: open.length };
}

function isTooLong(own: number | undefined, others: number | undefined): boolean {
  return own !== undefined && others !== undefined && own > 2 * others + LONG_MARGIN_MS;
}

function badness({ suspicions, short, forged }: AuditedHop): number {
  return suspicions.length * 1_000_000 + short + forged;
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
