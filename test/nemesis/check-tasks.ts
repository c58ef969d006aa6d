/** The promises about tasks: one accepted result each, of the newest attempt, with the right bytes. */
import { isTerminal, type JobState, Outcome } from '@fog/wire';
import type { AttemptRow } from '@fog/store';
import { type History, type StoredResult, taskKey } from './history.ts';
import { FAILING, wrongReport } from './programs.ts';
import type { Records, Wish } from './records.ts';
import type { Violation } from './violation.ts';

export function checkTasks(records: Records, history: History): Violation[] {
  const found: Violation[] = [];
  for (const wish of records.wishes) {
    const [job] = wish.acknowledged;
    if (job === undefined) continue;
    for (let index = 0; index < wish.tasks; index += 1) {
      const key = taskKey(job, index);
      const task: TaskHistory = {
        wish,
        isOver: isTerminal((history.jobs.get(job)?.state ?? 'queued') as JobState),
        wasCancelled: history.jobs.get(job)?.state === 'cancelled',
        index,
        attempts: history.attempts.get(key) ?? [],
        result: history.results.get(key),
      };
      for (const [rule, what] of checkTask(task)) found.push({ rule, job, index, what });
    }
  }
  return found;
}

interface TaskHistory {
  readonly wish: Wish;
  readonly isOver: boolean;
  readonly wasCancelled: boolean;
  readonly index: number;
  readonly attempts: readonly AttemptRow[];
  readonly result: StoredResult | undefined;
}

type Finding = readonly [Violation['rule'], string];

function* checkTask(task: TaskHistory): Generator<Finding> {
  const { attempts, result, isOver, wasCancelled } = task;
  const accepted = attempts.filter(({ state }) => state === 'accepted');
  for (const { token } of attempts.filter(isLeft)) {
    if (isOver) yield ['f', `its job has ended, and token ${token} is still leased`];
  }
  if (accepted.length > 1) {
    const tokens = accepted.map(({ token }) => token).join(', ');
    yield ['b', `${accepted.length} results were accepted, under the tokens ${tokens}`];
  }
  const [first] = accepted;
  if (result === undefined) {
    if (first !== undefined) yield ['b', `the result of token ${first.token} is not stored`];
    if (isOver && !wasCancelled) yield ['b', 'its job has ended and it has no result'];
    return;
  }
  if (first === undefined) {
    yield ['b', 'it has a result that was of no accepted attempt'];
    return;
  }
  if (first.node !== result.node) {
    yield ['g', `the result is of node ${result.node}, the accepted attempt of ${first.node}`];
  }
  yield* checkFence(attempts, first);
  yield* checkBytes(task, result);
}

/** Checks go on after the end of their task. */
function isLeft({ state, kind }: AttemptRow): boolean {
  return state === 'leased' && (kind === 'first' || kind === 'copy');
}

/** Between attempts that follow each other, only the newest counts; copies run beside each other. */
function* checkFence(attempts: readonly AttemptRow[], accepted: AttemptRow): Generator<Finding> {
  if (accepted.kind !== 'first') return;
  const newer = attempts.find(({ token, kind }) => kind === 'first' && token > accepted.token);
  if (newer !== undefined) {
    yield ['g', `token ${accepted.token} was accepted after ${newer.token} was issued`];
  }
}

function* checkBytes(task: TaskHistory, { state, outcome }: StoredResult): Generator<Finding> {
  const { wish, index } = task;
  const fails = wish.failing.has(index);
  const { exitCode, stdout, failure } = Outcome.parse(JSON.parse(outcome));
  const expected = fails ? FAILING : 0;
  if (exitCode !== expected) {
    yield ['b', `exit code ${exitCode}, not ${expected}: ${failure?.message ?? 'no failure'}`];
    return;
  }
  if ((state === 'failed') !== fails) yield ['b', `it is ${state} with exit code ${exitCode}`];
  const output = Buffer.from(stdout.data ?? '', 'base64').toString();
  const { form, label } = wish.prints;
  const wrong =
    form === 'python'
      ? output === `${label} ${index}\n`
        ? undefined
        : `it is ${output}`
      : wrongReport(output, label, index);
  if (wrong !== undefined) yield ['b', `wrong output: ${wrong}`];
}
