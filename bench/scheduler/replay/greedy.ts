/** The product's fast path: its queues say whose turn it is, and `place` says where. */
import { capacityFor, type ChosenTask, JobQueues, place } from '@fog/scheduler';
import type { ReplayJob } from './replay-job.ts';
import type { Round, Strategy } from './simulation.ts';

export function greedy(): Strategy {
  let usualMs: Round['usualMs'] = () => undefined;
  const queues = new JobQueues<ReplayJob>((job) => usualMs(job));
  let rounds = 0;
  return {
    add: (job) => queues.enqueue(job),
    decide(round) {
      ({ usualMs } = round);
      for (const queue of queues.kinds(round.nowMs)) {
        const { first } = queue;
        if (first === undefined || round.free() === 0) continue;
        rounds += 1;
        const chosen = queue.take(capacityFor(first.task, round.fleet));
        for (const one of startGreedily(chosen, round, rounds)) queue.giveBack(one);
      }
    },
  };
}

/** Starts what there is room for, and returns the rest. */
export function startGreedily(
  chosen: readonly ChosenTask<ReplayJob>[],
  { fleet, start }: Round,
  seed: number,
): ChosenTask<ReplayJob>[] {
  const tasks = chosen.map(({ job }) => job.task);
  const { assignments, unplaced } = place(tasks, fleet, { seed });
  for (const { task, node } of assignments) {
    const one = chosen[task];
    if (one !== undefined) start(one.job, one.index, node);
  }
  return unplaced.flatMap((task) => chosen[task] ?? []);
}
