/** The node that is kept for the most urgent wide task of a round, and who may pass on it. */
import {
  besides,
  type Ending,
  type PlacementNode,
  type PlacementTask,
  type Reservation,
  reserveFor,
  slotsFor,
} from '@fog/scheduler';
import { runningLimitMs } from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { LeaseRecord } from './lease-record.ts';

export class Backfill {
  readonly #core: Core;
  readonly #dispatcher: Dispatcher;
  #reserved: (Reservation & { readonly kind: string }) | undefined;
  /** Found once a round, when it is asked for. */
  #typicalMs: number | undefined;

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
    this.#typicalMs = undefined;
  }

  /** The first that asks in a round is the most urgent. A node that failed the task is kept only when no other can be. */
  reserve(job: JobRecord, task: PlacementTask, fleet: readonly PlacementNode[]): void {
    if (this.#reserved !== undefined) return;
    const find = (nodes: readonly PlacementNode[]): Reservation | undefined =>
      reserveFor(task, nodes, (node) => this.#endingsOn(node));
    const { avoid } = task;
    const others = avoid === undefined ? [] : fleet.filter(({ id }) => !avoid.has(id));
    const found = find(others) ?? find(fleet);
    if (found !== undefined) this.#reserved = { ...found, kind: job.kind };
  }

  /** What is reserved for more urgent work is left out. */
  nodesFor(job: JobRecord, fleet: readonly PlacementNode[]): readonly PlacementNode[] {
    const reserved = this.#reserved;
    if (reserved === undefined || reserved.kind === job.kind) return fleet;
    return besides(reserved, fleet, this.#expectedMs(job, reserved.node));
  }

  /** When what the node runs will free its parts. */
  #endingsOn({ id }: PlacementNode): Ending[] {
    const node = this.#core.nodes.get(id);
    if (node === undefined) return [];
    const nowMs = this.#core.clock.monotonicMs();
    const ending = ({ job, phase, phaseSinceMs }: LeaseRecord): Ending => {
      const ranMs = phase === 'running' ? nowMs - phaseSinceMs : 0;
      return {
        slots: slotsFor(job.demands, node.capabilities),
        gpus: job.demands.gpus ?? 0,
        memoryBytes: job.demands.memoryBytes,
        diskBytes: job.demands.diskBytes ?? 0,
        inMs: Math.max(0, this.#expectedMs(job, id) - ranMs),
      };
    };
    return [...node.leases.values()].map(ending);
  }

  /**
   * As long as its program took there, or elsewhere. One that has never ended is taken to run as long as half of all
   * programs do, or as it has run yet; and none runs longer than its limit. A service never ends.
   */
  #expectedMs({ spec, startedAt }: JobRecord, node: string): number {
    const limitMs = runningLimitMs(spec);
    if (limitMs === Infinity) return limitMs;
    const { runTimes } = this.#dispatcher;
    const knownMs = runTimes.onNode(spec.module, node) ?? runTimes.usualMs(spec.module);
    if (knownMs !== undefined) return Math.min(knownMs, limitMs);
    const ranMs = startedAt === undefined ? 0 : this.#core.clock.now() - startedAt;
    this.#typicalMs ??= runTimes.typicalMs ?? Infinity;
    return Math.min(Math.max(this.#typicalMs, ranMs), limitMs);
  }
}
