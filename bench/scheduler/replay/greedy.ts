/** The product's fast path: its queues say whose turn it is, and `place` says where. */
import { capacityFor, JobQueues, type KindQueue, place } from '@fog/scheduler';
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
        if (round.free() === 0) continue;
        rounds += 1;
        placeKind(queue, round, rounds);
      }
    },
  };
}

function placeKind(queue: KindQueue<ReplayJob>, { fleet, start }: Round, seed: number): void {
  if (queue.first === undefined) return;
  const chosen = queue.take(capacityFor(queue.first.task, fleet));
  const tasks = chosen.map(({ job }) => job.task);
  const placement = place(tasks, fleet, { seed });
  for (const { task, node } of placement.assignments) {
    const one = chosen[task];
    if (one !== undefined) start(one.job, one.index, node);
  }
  for (const task of placement.unplaced) {
    const one = chosen[task];
    if (one !== undefined) queue.giveBack(one);
  }
}
