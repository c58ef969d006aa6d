/** The promises to clients: every acknowledged job survives, ends once, and ends right. */
import { isTerminal, type JobState } from '@fog/wire';
import type { History, StoredJob } from './history.ts';
import type { Records, Wish } from './records.ts';
import type { Violation } from './violation.ts';

export function checkJobs(records: Records, history: History): Violation[] {
  const byKey = Map.groupBy(history.jobs.values(), ({ key }) => key);
  return records.wishes.flatMap((wish) => [
    ...checkAcknowledgement(wish, history, byKey.get(wish.idempotencyKey) ?? []),
    ...checkSightings(wish, history),
  ]);
}

function* checkAcknowledgement(
  wish: Wish,
  history: History,
  stored: readonly StoredJob[],
): Generator<Violation> {
  const ids = [...wish.acknowledged];
  if (stored.length > 1 || ids.length > 1) {
    const all = [...new Set([...ids, ...stored.map(({ id }) => id)])];
    yield { rule: 'e', job: all[0], what: `${wish.label} became several jobs: ${all.join(', ')}` };
  }
  if (wish.refused !== undefined) {
    yield { rule: 'e', job: undefined, what: `${wish.label} was refused: ${wish.refused}` };
  }
  for (const id of ids) {
    if (!history.jobs.has(id)) {
      yield { rule: 'e', job: id, what: `${wish.label} was acknowledged and is not stored` };
    }
    if (wish.denied !== undefined) {
      yield { rule: 'e', job: id, what: `${wish.label} was acknowledged, then: ${wish.denied}` };
    }
  }
}

function* checkSightings(wish: Wish, history: History): Generator<Violation> {
  const [id] = wish.acknowledged;
  const job = id === undefined ? undefined : history.jobs.get(id);
  if (job === undefined) return;
  const end = wish.sightings.find(({ state }) => isTerminal(state as JobState));
  const others = wish.sightings.filter(
    ({ askedMs, state }) => end !== undefined && askedMs >= end.answeredMs && state !== end.state,
  );
  for (const { state } of others) {
    yield { rule: 'a', job: id, what: `${wish.label} was seen ${end?.state}, and then ${state}` };
  }
  if (end !== undefined && end.state !== job.state) {
    yield { rule: 'a', job: id, what: `${wish.label} was seen ${end.state}, and is ${job.state}` };
  }
  if (!isTerminal(job.state as JobState)) {
    yield { rule: 'f', job: id, what: `${wish.label} is still ${job.state} after the healing` };
    return;
  }
  if (wish.expected !== 'any' && job.state !== wish.expected) {
    const what = `${wish.label} (${wish.kind}) is ${job.state}, not ${wish.expected}: ${job.cause}`;
    yield { rule: 'a', job: id, what };
  }
}
