import type { JobEvent } from '@fog/wire';
import type { JobEventRow } from '@fog/store';
import type { Journal } from '../journal.ts';
import type { Listeners } from '../live/listeners.ts';
import type { JobRecord } from './job-record.ts';

export interface EventFacts {
  readonly index?: number;
  readonly node?: string;
  readonly cause?: string;
}

/** Numbers, stores and (once durable) announces what happens to jobs. */
export class JobEvents {
  readonly #journal: Journal;
  readonly #listeners: Listeners;
  readonly #now: () => number;
  #seq: number;

  constructor(parts: {
    journal: Journal;
    listeners: Listeners;
    now: () => number;
    lastSeq: number;
  }) {
    this.#journal = parts.journal;
    this.#listeners = parts.listeners;
    this.#now = parts.now;
    this.#seq = parts.lastSeq;
  }

  add(job: JobRecord, type: string, facts: EventFacts = {}): void {
    this.#seq += 1;
    const event: JobEvent = { seq: this.#seq, job: job.id, time: this.#now(), type, ...facts };
    this.#journal.event(eventRow(event));
    this.#journal.afterCommit(() => this.#listeners.event(event, job.owner));
  }
}

function eventRow(event: JobEvent): JobEventRow {
  return {
    seq: event.seq,
    job: event.job,
    idx: event.index ?? null,
    time: event.time,
    type: event.type,
    node: event.node ?? null,
    cause: event.cause ?? null,
  };
}

export function eventFromRow(row: JobEventRow): JobEvent {
  return {
    seq: row.seq,
    job: row.job,
    time: row.time,
    type: row.type,
    ...(row.idx === null ? {} : { index: row.idx }),
    ...(row.node === null ? {} : { node: row.node }),
    ...(row.cause === null ? {} : { cause: row.cause }),
  };
}
