/** Measures of the service levels over the last day, in windows of a quarter of an hour. Pure. */
import { type SlaMeasure, type SlaTier, START_PERCENTILE, TIER_PROMISES } from '@fog/wire';
import { percentileMs, spanOf, type WaitCounts } from './wait-counts.ts';

/** Short enough that a day's end moves smoothly, long enough that a day is a hundred rows a tier. */
const WINDOW_MS = 900_000;
/** What the measures look back on. */
export const SLA_SPAN_MS = 24 * 3_600_000;

export interface SlaCounts {
  readonly waits: WaitCounts;
  lateStarts: number;
  tasks: number;
  failedTasks: number;
  attempts: number;
  failedAttempts: number;
  breaches: number;
}

export interface SlaWindow {
  readonly tier: SlaTier;
  readonly since: number;
  readonly counts: SlaCounts;
}

export function newCounts(): SlaCounts {
  return {
    waits: new Map(),
    lateStarts: 0,
    tasks: 0,
    failedTasks: 0,
    attempts: 0,
    failedAttempts: 0,
    breaches: 0,
  };
}

export class SlaBook {
  readonly #windows = new Map<string, SlaWindow>();
  readonly #changed = new Set<SlaWindow>();

  restore(window: SlaWindow): void {
    this.#windows.set(keyOf(window.tier, window.since), window);
  }

  /** Counters of now, to be counted up by the caller. */
  at(tier: SlaTier, now: number): SlaCounts {
    const since = Math.floor(now / WINDOW_MS) * WINDOW_MS;
    const key = keyOf(tier, since);
    const window = this.#windows.get(key) ?? { tier, since, counts: newCounts() };
    this.#windows.set(key, window);
    this.#changed.add(window);
    return window.counts;
  }

  started(tier: SlaTier, waitMs: number, now: number): void {
    const counts = this.at(tier, now);
    addWait(counts, waitMs, TIER_PROMISES[tier].startMs);
  }

  /** What changed since the last call. */
  takeChanged(): SlaWindow[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  /** Drops what is older than the span; returns where it begins. */
  prune(now: number): number {
    const oldest = now - SLA_SPAN_MS;
    for (const [key, { since }] of this.#windows) {
      if (since < oldest) this.#windows.delete(key);
    }
    return oldest;
  }

  /** `late`: jobs that have not begun and wait for longer than is promised count as they stand. */
  measure(tier: SlaTier, now: number, late: SlaCounts = newCounts()): SlaMeasure {
    const total = newCounts();
    for (const window of this.#windows.values()) {
      if (window.tier === tier && window.since >= now - SLA_SPAN_MS) add(total, window.counts);
    }
    add(total, late);
    return measureOf(total, TIER_PROMISES[tier].startMs);
  }
}

/** Undefined when there was nothing to measure. */
export function isKept(tier: SlaTier, measured: SlaMeasure): boolean | undefined {
  const { starts, lateStarts, tasks, successPct = 100, attempts, errorPct = 0 } = measured;
  if (starts + tasks + attempts === 0) return undefined;
  const promise = TIER_PROMISES[tier];
  return (
    isInTime(starts, lateStarts) && successPct >= promise.successPct && errorPct <= promise.errorPct
  );
}

function isInTime(starts: number, lateStarts: number): boolean {
  return starts - lateStarts >= Math.ceil((starts * START_PERCENTILE) / 100);
}

function measureOf(total: SlaCounts, startMs: number): SlaMeasure {
  const { waits, lateStarts, tasks, failedTasks, attempts, failedAttempts, breaches } = total;
  const starts = waits.values().reduce((sum, count) => sum + count, 0);
  const p95 = percentileMs(waits, START_PERCENTILE);
  return {
    starts,
    lateStarts,
    ...(p95 === undefined ? {} : { startP95Ms: onItsSide(p95, startMs, starts, lateStarts) }),
    tasks,
    ...(tasks === 0 ? {} : { successPct: percent(tasks - failedTasks, tasks) }),
    attempts,
    ...(attempts === 0 ? {} : { errorPct: percent(Math.max(0, failedAttempts), attempts) }),
    breaches,
  };
}

/** A span may reach over the promise: the late ones were counted exactly. */
function onItsSide(p95: number, startMs: number, starts: number, lateStarts: number): number {
  const rounded = Math.round(p95);
  return isInTime(starts, lateStarts) ? Math.min(rounded, startMs) : Math.max(rounded, startMs + 1);
}

function percent(part: number, whole: number): number {
  return (part / whole) * 100;
}

function addWait(counts: SlaCounts, waitMs: number, startMs: number): void {
  const span = spanOf(waitMs);
  counts.waits.set(span, (counts.waits.get(span) ?? 0) + 1);
  if (waitMs > startMs) counts.lateStarts += 1;
}

function add(total: SlaCounts, counts: SlaCounts): void {
  for (const [span, count] of counts.waits) {
    total.waits.set(span, (total.waits.get(span) ?? 0) + count);
  }
  total.lateStarts += counts.lateStarts;
  total.tasks += counts.tasks;
  total.failedTasks += counts.failedTasks;
  total.attempts += counts.attempts;
  total.failedAttempts += counts.failedAttempts;
  total.breaches += counts.breaches;
}

function keyOf(tier: SlaTier, since: number): string {
  return `${tier} ${since}`;
}
