/** What the clients saw: the only truth the checks hold the fog to. */
import type { JobSpecInput } from '@fog/wire';

/** How a job must end when the fog keeps its word. */
export type Expected = 'settled' | 'failed' | 'any';

export interface Sighting {
  /** When the call began and ended. */
  readonly askedMs: number;
  readonly answeredMs: number;
  readonly state: string;
}

/** One job that a client asked for. */
export interface Wish {
  /** Unique; part of the output of each of its tasks. */
  readonly label: string;
  readonly kind: string;
  readonly account: number;
  /** Under which the job is stored. */
  readonly idempotencyKey: string;
  readonly spec: JobSpecInput;
  readonly tasks: number;
  readonly expected: Expected;
  /** Indexes whose program fails. */
  readonly failing: ReadonlySet<number>;
  /** What its tasks print. */
  readonly prints: { readonly form: 'report' | 'python'; readonly label: string };
  /** Ids that acknowledgements named: more than one is a violation. */
  readonly acknowledged: Set<string>;
  acknowledgedMs: number | undefined;
  cancelledMs: number | undefined;
  /** In the order they were made: one watcher asks at a time. */
  readonly sightings: Sighting[];
  /** The fog said no, for good. */
  refused: string | undefined;
  /** After the acknowledgement the fog said that there is no such job. */
  denied: string | undefined;
}

export interface Records {
  readonly wishes: Wish[];
  /** Calls that were answered with an error that says "again", by code. */
  readonly retried: Map<string, number>;
  /** What such an answer said last, by code. */
  readonly said: Map<string, string>;
  /** Errors that no client should see, by code, with one message each. */
  readonly surprises: Map<string, string>;
}

export function newRecords(): Records {
  return { wishes: [], retried: new Map(), said: new Map(), surprises: new Map() };
}
