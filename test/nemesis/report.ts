/** What a run says at its end. */
import type { RunCheck } from './check-runs.ts';
import { type History, taskKey } from './history.ts';
import type { Nemesis } from './nemesis.ts';
import type { Records } from './records.ts';
import type { Violation } from './violation.ts';

export interface Outcome {
  readonly seed: number;
  readonly nemesis: Nemesis;
  readonly records: Records;
  readonly history: History;
  readonly runs: RunCheck;
  readonly violations: readonly Violation[];
  readonly drainMs: number;
}

/** Histories that are printed in full. */
const MAX_HISTORIES = 5;
const MAX_VIOLATIONS = 40;

export function reportText(outcome: Outcome): string {
  const { seed, nemesis, records, history, runs, violations, drainMs } = outcome;
  const attempts = [...history.attempts.values()].flat();
  const acknowledged = records.wishes.filter((wish) => wish.acknowledged.size > 0);
  const tasks = acknowledged.reduce((sum, { tasks }) => sum + tasks, 0);
  const sightings = acknowledged.reduce((sum, wish) => sum + wish.sightings.length, 0);
  const lines = [
    `seed        ${seed}`,
    `actions     ${counted(nemesis.done.map(({ action }) => action))}`,
    `jobs        ${acknowledged.length} acknowledged: ${counted(acknowledged.map(({ kind }) => kind))}`,
    `ends        ${counted([...history.jobs.values()].map(({ state }) => state))}`,
    `tasks       ${tasks}, seen ${sightings} times`,
    `attempts    ${attempts.length}: ${counted(attempts.map(({ state }) => state))}`,
    `runs        ${runs.runs} on workers`,
    `asked again ${listed(records.retried) || 'never'}`,
    ...[...records.said].map(([code, text]) => `  ${code}: ${text}`),
    `drained     ${(drainMs / 1_000).toFixed(1)} s after the healing`,
    ...[...records.surprises].map(([code, text]) => `surprise    ${code}: ${text}`),
    ...nemesis.problems.map((problem) => `problem     ${problem}`),
    `violations  ${violations.length}`,
    ...violations.slice(0, MAX_VIOLATIONS).map(violationText),
    ...violations.slice(0, MAX_HISTORIES).flatMap((one) => historyOf(one, history)),
  ];
  return `${lines.join('\n')}\n`;
}

function violationText({ rule, job, index, what }: Violation): string {
  const where = [job, index === undefined ? undefined : `task ${index}`].filter(Boolean).join(' ');
  return `  (${rule}) ${where === '' ? '' : `${where}: `}${what}`;
}

function historyOf({ job, index }: Violation, history: History): string[] {
  if (job === undefined) return [];
  const attempts = history.attempts.get(taskKey(job, index ?? 0)) ?? [];
  return [
    `history of ${job} ${index ?? 0}`,
    ...attempts.map(({ token, kind, node, state, leased_at: from, ended_at: to, failure }) => {
      const name = history.nodes.get(node) ?? node;
      return `  token ${token} ${kind} ${name} ${state} ${from} to ${to} ${failure ?? ''}`;
    }),
    ...(history.events.get(job) ?? [])
      .filter(({ idx }) => idx === null || idx === (index ?? 0))
      .map(({ time, type, node, cause }) => `  ${time} ${type} ${node ?? ''} ${cause ?? ''}`),
  ];
}

function counted(names: readonly string[]): string {
  const groups = Map.groupBy(names, (name) => name);
  return listed(new Map([...groups].map(([name, all]) => [name, all.length])));
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}
