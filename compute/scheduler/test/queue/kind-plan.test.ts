import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChosenTask, JobQueues, KindPlan, type WaitingJob } from '../../src/index.ts';

const job = (name: string, tasks = 0): WaitingJob & { readonly name: string } => ({
  name,
  kind: 'k',
  priority: 5,
  createdAt: 0,
  spec: {},
  board: {
    get ready() {
      return tasks > 0;
    },
    open: 1,
    take: () => (tasks > 0 ? (tasks -= 1) : undefined),
    giveBack: () => {
      tasks += 1;
    },
  },
});
const one = job('one');
const tasks = [0, 1, 2, 3, 4].map((index) => ({ job: one, index }));
type Planned = ChosenTask<typeof one> & { readonly node: string | undefined };
const on = (index: number, node: string | undefined): Planned => ({ job: one, index, node });
const indices = (list: readonly { index: number }[]): number[] => list.map(({ index }) => index);

test('tasks wait for their node in the order of the plan, and for a plan when none covers them', () => {
  const plan = new KindPlan<typeof one>(() => true);
  plan.hold(tasks);
  assert.deepEqual([plan.unplanned, plan.planned, plan.wanting], [5, 0, undefined]);
  plan.assign([on(1, 'a'), on(0, 'a'), on(2, 'b'), on(3, undefined), on(9, 'a')]);
  assert.deepEqual([plan.unplanned, plan.planned, plan.anywhere, plan.size], [1, 3, 1, 5]);
  assert.equal(plan.wanting, one);
  assert.deepEqual([...plan.nodes()], ['b', 'a']);
  assert.deepEqual(indices(plan.take('a', 1)), [1]);
  assert.deepEqual(indices(plan.take('a', 9)), [0]);
  assert.deepEqual(indices(plan.take('c', 9)), []);
  assert.deepEqual(indices(plan.takeAnywhere(9)), [3]);
  assert.deepEqual([plan.uses('b'), plan.uses('a'), plan.waitingOn('b')], [true, false, 1]);
});

test('a later plan moves what still waits; nothing is lost, and nothing comes back', () => {
  const plan = new KindPlan<typeof one>(() => true);
  plan.hold(tasks);
  plan.assign(tasks.map(({ index }) => on(index, 'a')));
  plan.take('a', 2);
  plan.assign([on(0, 'b'), on(2, 'b'), on(3, 'b')]);
  assert.deepEqual(indices(plan.take('b', 9)), [2, 3]);
  assert.deepEqual(indices(plan.waiting()), [4]);
  plan.release();
  assert.deepEqual(indices(plan.takeAnywhere(9)), [4]);
});

test('what waits no more is passed over, and forgotten', () => {
  const ended = new Set([1, 3]);
  const plan = new KindPlan<typeof one>(({ index }) => !ended.has(index));
  plan.hold(tasks);
  plan.assign([on(0, 'a'), on(1, 'a'), on(2, undefined), on(3, undefined)]);
  assert.deepEqual(indices(plan.take('a', 2)), [0]);
  plan.prune();
  assert.deepEqual(indices(plan.waiting()), [2, 4]);
  assert.equal(plan.size, 2);
});

test('of the tasks that could start the earliest due speaks for the plan', () => {
  const plan = new KindPlan<typeof one>(() => true);
  const due = (deadlineAt: number): typeof one => ({
    ...job(`due ${deadlineAt}`),
    spec: { deadlineAt },
  });
  const [soon, late] = [due(5), due(9)];
  const at = (who: typeof one, node: string | undefined): Planned => ({ job: who, index: 0, node });
  plan.hold([late, one, soon].map((who) => ({ job: who, index: 0 })));
  assert.equal(plan.first, soon);
  plan.assign([at(one, 'a'), at(late, 'b')]);
  assert.deepEqual([plan.wanting, plan.isOvertaken], [late, true]);
  plan.assign([at(soon, 'a'), at(one, 'a'), at(late, 'b')]);
  assert.deepEqual([plan.wanting, plan.isOvertaken], [soon, false]);
  const last = due(10);
  plan.hold([{ job: last, index: 0 }]);
  assert.equal(plan.isOvertaken, true, 'one without a deadline is planned');
  plan.release();
  assert.deepEqual(
    plan.takeAnywhere(9).map((task) => task.job),
    [soon, late, last, one],
  );
});

test('a kind is as urgent as the most urgent of its tasks, planned or not', () => {
  const queues = new JobQueues<typeof one>();
  const fresh = { ...job('fresh', 1), createdAt: 600_000 };
  queues.enqueue(fresh);
  const queue = queues.of('k');
  assert.ok(queue !== undefined);
  assert.equal(queue.urgency(600_000), 5);
  queue.plan = new KindPlan(() => true);
  queue.plan.hold(tasks);
  assert.ok(queue.urgency(600_000) < 5);
});

test('a kind of which all tasks are planned keeps its turn', () => {
  const queues = new JobQueues<typeof one>();
  const planned = job('planned', 1);
  queues.enqueue(planned);
  const queue = queues.of('k');
  assert.ok(queue !== undefined);
  assert.deepEqual([...queue.jobs()], [planned]);
  queue.plan = new KindPlan(() => true);
  queue.plan.hold([{ job: planned, index: planned.board.take() ?? 0 }]);
  queue.remove(planned);
  for (const _ of queues.kinds(0)) assert.equal(queue.urgency(0), 5);
  assert.equal(queues.of('k'), queue);
  queue.plan.release();
  queue.plan.takeAnywhere(1);
  for (const _ of queues.kinds(0)) assert.equal(queue.isEmpty, true);
  assert.equal(queues.of('k'), undefined);
});

test('what ended while it was held is not left for the next plan, and nobody makes one for it', () => {
  const over = { ...job('over'), spec: { deadlineAt: 1 } };
  const plan = new KindPlan<typeof one>((task) => task.job !== over);
  plan.hold([{ job: over, index: 0 }, ...tasks]);
  plan.assign(tasks.map(({ index }) => on(index, 'a')));
  assert.deepEqual([plan.unplanned, plan.planned, plan.isOvertaken], [0, 5, false]);
});
