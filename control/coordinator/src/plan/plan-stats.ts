/** What the planner did since this coordinator leads, and where it counts for others to see. */
import type { BatchStrategy, PlacementPlan, SchedulerStatus } from '@fog/wire';

/** Where the coordinator counts; the same shape as the sink of the server. */
export interface CoordinatorMetrics {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

/** Decisions over which percentiles are told. */
const REMEMBERED_DECISIONS = 256;

export class PlanStats {
  readonly #metrics: CoordinatorMetrics | undefined;
  readonly #decisions: Partial<Record<BatchStrategy, number>> = {};
  readonly #lastMs: number[] = [];
  #failed = 0;

  constructor(metrics: CoordinatorMetrics | undefined) {
    this.#metrics = metrics;
  }

  decided({ strategy, decisionMs, front }: PlacementPlan): void {
    this.#decisions[strategy] = (this.#decisions[strategy] ?? 0) + 1;
    this.#lastMs.push(decisionMs);
    if (this.#lastMs.length > REMEMBERED_DECISIONS) this.#lastMs.shift();
    this.#metrics?.count('fog_coordinator_plans_total', { strategy });
    this.#metrics?.observe('fog_coordinator_plan_milliseconds', decisionMs, { strategy });
    this.#metrics?.gauge('fog_coordinator_plan_front_points', front.length, { strategy });
  }

  failed(): void {
    this.#failed += 1;
    this.#metrics?.count('fog_coordinator_plans_failed_total');
  }

  get view(): Pick<SchedulerStatus, 'decisions' | 'failed' | 'decisionMs'> {
    const sorted = [...this.#lastMs].sort((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return {
      decisions: { ...this.#decisions },
      failed: this.#failed,
      ...(sorted.length === 0 ? {} : { decisionMs: { p50: at(0.5), p95: at(0.95) } }),
    };
  }
}
