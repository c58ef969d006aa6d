import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { JobQueues, type WaitingJob } from '../../src/index.ts';

interface Job extends WaitingJob {
  readonly id: string;
}

type Wishes = Partial<Pick<Job, 'kind' | 'priority' | 'createdAt'>> & {
  readonly tasks?: number;
  readonly dueAt?: number;
  readonly class?: 'S' | 'A' | 'B';
};

function job(id: string, wishes: Wishes = {}): Job {
  const { tasks = 1, dueAt, kind = 'k', priority = 5, createdAt = 0 } = wishes;
  const waiting = new Set(Array.from({ length: tasks }, (_, at) => at));
  return {
    id,
    kind,
    priority,
    createdAt,
    spec: { deadlineAt: dueAt, class: wishes.class },
    board: {
      get ready() {
        return waiting.size > 0;
      },
      open: tasks,
      take() {
        const [index] = waiting;
        if (index !== undefined) waiting.delete(index);
        return index;
      },
      giveBack: (index) => waiting.add(index),
    },
  };
}

function queuesOf(jobs: readonly Job[]): JobQueues<Job> {
  const queues = new JobQueues<Job>();
  for (const each of jobs) queues.enqueue(each);
  return queues;
}

/** The jobs in the order of `count` slots that come free one by one at the time `now`. */
function turns(queues: JobQueues<Job>, count: number, now = 0): string[] {
  const order: string[] = [];
  while (order.length < count) {
    const before = order.length;
    for (const queue of queues.kinds(now)) {
      if (order.length > before) continue;
      order.push(...queue.take(1).map((chosen) => chosen.job.id));
    }
    if (order.length === before) break;
  }
  return order;
}

describe('job queues', () => {
  test('the lower priority number comes first, and waiting makes up for it', () => {
    const jobs = (urgentAt: number): Job[] => [
      job('long there', { kind: 'a', priority: 5, createdAt: 0 }),
      job('urgent', { kind: 'b', priority: 3, createdAt: urgentAt }),
    ];
    assert.deepEqual(turns(queuesOf(jobs(0)), 2, 0), ['urgent', 'long there']);
    assert.deepEqual(turns(queuesOf(jobs(200_000)), 2, 200_000), ['long there', 'urgent']);
  });

  test('short work passes long work, until that has waited as long as it takes', () => {
    const usual: Record<string, number> = { long: 1_800_000, short: 1_000 };
    const order = (now: number, shortAt: number): string[] => {
      const queues = new JobQueues<Job>((each) => usual[each.kind]);
      queues.enqueue(job('long', { kind: 'long' }));
      queues.enqueue(job('short', { kind: 'short', createdAt: shortAt }));
      return turns(queues, 2, now);
    };
    assert.deepEqual(order(60_000, 50_000), ['short', 'long']);
    assert.deepEqual(order(1_800_000, 1_799_000), ['long', 'short']);
  });

  test('the more tasks a job has, the longer its work', () => {
    const queues = queuesOf([
      job('wide', { kind: 'a', tasks: 640 }),
      job('single', { kind: 'b', createdAt: 10_000 }),
    ]);
    assert.equal(turns(queues, 1, 130_000)[0], 'single');
    assert.equal(turns(queues, 1, 601_000)[0], 'wide');
  });

  test('a deadline makes urgent across kinds, the nearer the more', () => {
    const jobs = [
      job('undated', { kind: 'a' }),
      job('due later', { kind: 'b', dueAt: 100_000 }),
      job('due soon', { kind: 'c', dueAt: 40_000 }),
    ];
    assert.deepEqual(turns(queuesOf(jobs), 3, 30_000), ['due soon', 'due later', 'undated']);
  });

  test('class S comes before A, and A before B, whatever the priority, until B has waited long', () => {
    const jobs = [
      job('B', { kind: 'b', priority: 1 }),
      job('A', { kind: 'a', priority: 10, class: 'A' }),
      job('S', { kind: 's', priority: 10, class: 'S' }),
    ];
    assert.deepEqual(turns(queuesOf(jobs), 3), ['S', 'A', 'B']);
    const late = [
      job('B', { kind: 'b', priority: 5 }),
      job('A', { kind: 'a', priority: 5, class: 'A', createdAt: 660_000 }),
    ];
    assert.deepEqual(turns(queuesOf(late), 2, 660_000), ['B', 'A']);
  });

  test('nothing waits for ever: ten hours outweigh any priority', () => {
    const queues = new JobQueues<Job>(() => 86_400_000);
    queues.enqueue(job('old', { kind: 'a', priority: 10, tasks: 1_000 }));
    queues.enqueue(job('new', { kind: 'b', priority: 1, createdAt: 36_000_000 }));
    assert.deepEqual(turns(queues, 1, 36_000_000), ['old']);
  });

  test('equally urgent kinds take turns', () => {
    const jobs = [job('a', { kind: 'a', tasks: 3 }), job('b', { kind: 'b', tasks: 3 })];
    assert.deepEqual(turns(queuesOf(jobs), 6), ['a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('of one kind the earliest deadline comes first, then even shares', () => {
    const jobs = [
      job('x', { tasks: 4 }),
      job('y', { tasks: 4 }),
      job('due later', { dueAt: 9, tasks: 2 }),
      job('due', { dueAt: 5 }),
    ];
    const [queue] = queuesOf(jobs).kinds(0);
    const chosen = queue?.take(5).map((each) => each.job.id);
    assert.deepEqual(chosen, ['due', 'due later', 'due later', 'x', 'y']);
  });

  test('a task that found no node waits on', () => {
    const queues = queuesOf([job('a')]);
    for (const queue of queues.kinds(0)) for (const chosen of queue.take(1)) queue.giveBack(chosen);
    assert.deepEqual(turns(queues, 2), ['a']);
  });

  test('50,000 jobs with deadlines queue in order, and leave from anywhere', () => {
    const jobs = Array.from({ length: 50_000 }, (_, at) =>
      job(`j${at}`, { dueAt: 1_000_000 + ((at * 7_919) % 50_000) }),
    );
    const queues = queuesOf(jobs);
    const [queue] = queues.kinds(0);
    assert.equal(queue?.first, jobs[0]);
    queues.remove(jobs[0] as Job);
    assert.equal(queue?.first?.spec.deadlineAt, 1_000_001);
  });
});
