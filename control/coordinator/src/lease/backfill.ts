/** The node that is kept for the most urgent wide task of a round, and who may pass on it. */
import {
  besides,
  type PlacementNode,
  type PlacementTask,
  type Reservation,
  reserveFor,
} from '@fog/scheduler';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Dispatcher } from './dispatcher.ts';
import { endingsOn } from './endings.ts';

export class Backfill {
  readonly #core: Core;
  readonly #dispatcher: Dispatcher;
  #reserved: (Reservation & { readonly kind: string }) | undefined;

  constructor(core: Core, dispatcher: Dispatcher) {
    this.#core = core;
    this.#dispatcher = dispatcher;
  }

  get reserved(): { readonly node: string; readonly kind: string } | undefined {
    return this.#reserved;
  }

  /** A round begins. */
  begin(): void {
    this.#reserved = undefined;
  }

  /** The first that asks in a round is the most urgent. */
  reserve(job: JobRecord, task: PlacementTask, fleet: readonly PlacementNode[]): void {
    if (this.#reserved !== undefined) return;
    const found = reserveFor(task, fleet, (node) => endingsOn(this.#core, this.#dispatcher, node));
    if (found !== undefined) this.#reserved = { ...found, kind: job.kind };
  }

  /** What is reserved for more urgent work is left out. */
  nodesFor(job: JobRecord, fleet: readonly PlacementNode[]): readonly PlacementNode[] {
    if (this.#reserved === undefined || this.#reserved.kind === job.kind) return fleet;
    return besides(this.#reserved, fleet, this.#dispatcher.usualMs(job));
  }
}
