/**
 * The product's queues say whose turn it is, and its planner who goes where: all that can start now is matched
 * with all slots that are free, as one batch.
 */
import {
  capacityFor,
  type ChosenTask,
  JobQueues,
  type ObjectiveWeights,
  placeBatch,
  type PlacementTask,
} from '@fog/scheduler';
import { startGreedily } from './greedy.ts';
import type { ReplayJob } from './replay-job.ts';
import type { Round, Strategy } from './simulation.ts';

/** Fewer tasks are placed one by one, as the product does. */
const LEAST_BATCH = 32;
/** Tasks planned at once: more would take longer than they save. */
const MAX_BATCH = 64;
/** Ends a search; by evaluations, not by time, a replay is the same on every machine. */
const MAX_EVALUATIONS = 20;
/** What is measured here is time; nobody asks for money, and nobody is distrusted. */
const WEIGHTS: ObjectiveWeights = {
  latencyMs: 1,
  imbalance: 0,
  distrust: 0,
  cost: 0,
  price: 0,
};
/** Taken for the run time of a program that never ran. */
const ASSUMED_MS = 60_000;

type Chosen = ChosenTask<ReplayJob>;

export function nsga2(seed: number): Strategy {
  let usualMs: Round['usualMs'] = () => undefined;
  const queues = new JobQueues<ReplayJob>((job) => usualMs(job));
  let rounds = seed;
  return {
    add: (job) => queues.enqueue(job),
    decide(round) {
      ({ usualMs } = round);
      let before: number;
      do {
        before = round.free();
        rounds += 1;
        const batch = mostUrgent(queues, round);
        const rest = batch.length >= LEAST_BATCH ? plan(batch, round, rounds) : batch;
        for (const { job, index } of startGreedily(rest, round, rounds)) {
          job.board.giveBack(index);
          queues.enqueue(job);
        }
      } while (round.free() > 0 && round.free() < before);
    },
  };
}

/** As many as there are free slots. */
function mostUrgent(queues: JobQueues<ReplayJob>, { free, fleet, nowMs }: Round): Chosen[] {
  const wanted = Math.min(MAX_BATCH, free());
  const batch: Chosen[] = [];
  for (const queue of queues.kinds(nowMs)) {
    const { first } = queue;
    if (first === undefined || batch.length >= wanted) continue;
    const room = capacityFor(first.task, fleet);
    batch.push(...queue.take(Math.min(room, wanted - batch.length)));
  }
  return batch;
}

/** Starts what the plan has a slot for, and returns the rest. */
function plan(batch: readonly Chosen[], round: Round, seed: number): Chosen[] {
  const nodes = round.fleet.filter(({ held, slots }) => held < slots);
  const tasks = batch.map(({ job }) => expected(job, round));
  const { assignments, unplaced } = placeBatch(tasks, nodes, {
    seed,
    strategy: 'nsga2',
    maxEvaluations: MAX_EVALUATIONS,
    weights: WEIGHTS,
    atOnce: true,
  });
  for (const { task, node } of assignments) {
    const { job, index } = batch[task] as Chosen;
    round.start(job, index, node);
  }
  return unplaced.flatMap(({ task }) => batch[task] ?? []);
}

function expected(job: ReplayJob, { usualMs, nowMs }: Round): PlacementTask {
  const expectedMs = usualMs(job) ?? ASSUMED_MS;
  const { dueMs } = job.traced;
  // A task that is late already is not to be left out.
  if (dueMs === undefined || dueMs <= nowMs) return { ...job.task, expectedMs };
  return { ...job.task, expectedMs, dueInMs: dueMs - nowMs };
}
