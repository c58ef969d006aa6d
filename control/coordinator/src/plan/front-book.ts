/** The last plans with their fronts, in memory and in the store: why work went where it went. */
import { errorMessage } from '@fog/kernel';
import type { PlacementPlan } from '@fog/wire';
import type { Core } from '../core.ts';
import type { PlanRequest } from './plan-messages.ts';
import { storedPlan } from './plan-record.ts';

/** Plans kept whatever becomes of their jobs: what the panel shows, and a person asks about. */
const KEPT_PLANS = 100;
/** Plans kept at all, for open jobs have their newest one as well. */
const MAX_KEPT_PLANS = 1_000;
/** Plans in one answer: with their fronts they are some megabytes. */
const TOLD_PLANS = 25;
/** Input of a decision kept for making it again: some 5,000 different tasks and nodes. */
const MAX_INPUT_CHARS = 2_000_000;

interface KeptPlan {
  readonly id: number;
  readonly owner: string;
  readonly plan: PlacementPlan;
}

type FrontBookCore = Pick<Core, 'store' | 'logger'> & {
  readonly jobs: Pick<Core['jobs'], 'has'>;
};

export class FrontBook {
  readonly #core: FrontBookCore;
  /** By id, oldest first. */
  readonly #plans = new Map<number, KeptPlan>();
  #lastId = 0;

  constructor(core: FrontBookCore) {
    this.#core = core;
  }

  /** Reads what the store has. */
  async load(): Promise<void> {
    const rows = await this.#core.store.db
      .selectFrom('placement_plan')
      .select(['id', 'owner', 'plan'])
      .orderBy('id')
      .execute();
    for (const { id, owner, plan } of rows) {
      this.#lastId = id;
      try {
        this.#plans.set(id, { id, owner, plan: storedPlan(plan) });
      } catch (error) {
        // What explains the past must not keep the fog from its work.
        this.#core.logger.warn('a stored plan cannot be read', { id, cause: errorMessage(error) });
      }
    }
  }

  /** Keeps it at once, stores it soon. The name it gets is `p` and a number. */
  add(owner: string, about: Omit<PlacementPlan, 'id'>, request: PlanRequest): PlacementPlan {
    const id = (this.#lastId += 1);
    const plan = { id: `p${id}`, ...about };
    this.#plans.set(id, { id, owner, plan });
    const gone = this.#superfluous();
    for (const old of gone) this.#plans.delete(old);
    this.#store(id, gone, { owner, plan, request }).catch((error: unknown) => {
      this.#core.logger.warn('a plan was not stored', { cause: errorMessage(error) });
    });
    return plan;
  }

  /** Newest first. */
  last(count: number): PlacementPlan[] {
    return [...this.#plans.values()]
      .slice(-count)
      .reverse()
      .map(({ plan }) => plan);
  }

  /** The newest ones, newest first. */
  of(owner: string, job?: string): PlacementPlan[] {
    return [...this.#plans.values()]
      .filter((kept) => kept.owner === owner && (job === undefined || kept.plan.jobs.includes(job)))
      .slice(-TOLD_PLANS)
      .reverse()
      .map(({ plan }) => plan);
  }

  /** All but the last ones and the newest of each open job. */
  #superfluous(): number[] {
    const newestFirst = [...this.#plans.values()].reverse();
    const held = new Set<string>();
    const gone: number[] = [];
    for (const [at, { id, plan }] of newestFirst.entries()) {
      const open = plan.jobs.filter((job) => this.#core.jobs.has(job) && !held.has(job));
      for (const job of open) held.add(job);
      if (at >= MAX_KEPT_PLANS || (at >= KEPT_PLANS && open.length === 0)) gone.push(id);
    }
    return gone;
  }

  async #store(
    id: number,
    gone: readonly number[],
    kept: {
      readonly owner: string;
      readonly plan: PlacementPlan;
      readonly request: PlanRequest;
    },
  ): Promise<void> {
    const { owner, plan, request } = kept;
    const input = inputText(request);
    const row = { id, owner, time: plan.time, plan: JSON.stringify(plan), input };
    await this.#core.store.write(async (trx) => {
      await trx.insertInto('placement_plan').values(row).execute();
      if (gone.length > 0) {
        await trx
          .deleteFrom('placement_plan')
          .where('id', 'in', [...gone])
          .execute();
      }
    });
  }
}

/** Tasks that are alike are written once. */
function inputText({ tasks, nodes }: PlanRequest): string {
  const kinds = [...new Set(tasks)];
  const at = new Map(kinds.map((task, index) => [task, index]));
  const order = tasks.map((task) => at.get(task));
  const text = JSON.stringify({ kinds, order, nodes }, (_key, value: unknown) =>
    value instanceof Set ? [...(value as Set<unknown>)] : value,
  );
  return text.length > MAX_INPUT_CHARS ? '' : text;
}
