import {
  CompareAnswer,
  type CompareRequestInput,
  type FrontsQuery,
  PlacementPlan,
  SchedulerStatus,
} from '@fog/wire';
import { z } from 'zod';
import { ask, get, send } from './ask.ts';
import type { CallOptions } from './fog-client.ts';
import type { Transport } from './transport.ts';

export interface SchedulerCalls {
  /** For operators. */
  scheduler(options?: CallOptions): Promise<SchedulerStatus>;
  /** How the batches of the account were placed, newest first. */
  fronts(query?: FrontsQuery, options?: CallOptions): Promise<PlacementPlan[]>;
  /** What each strategy would do with a job or a spec now; nothing runs. */
  compareStrategies(request: CompareRequestInput, options?: CallOptions): Promise<CompareAnswer>;
}

const PlansFrame = z.object({ plans: z.array(PlacementPlan) });
const PATH = '/api/v1/scheduler';

export function schedulerCalls(transport: Transport): SchedulerCalls {
  return {
    scheduler: (options) => ask(transport, SchedulerStatus, get(PATH, {}, options)),
    fronts: async (query = {}, options) =>
      (await ask(transport, PlansFrame, get(`${PATH}/fronts`, { job: query.job }, options))).plans,
    compareStrategies: (request, options) =>
      ask(transport, CompareAnswer, send(`${PATH}/compare`, request, options)),
  };
}
