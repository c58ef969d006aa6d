/** The promise to the owners of machines: no program runs on beyond its lease. */
import { readFile } from 'node:fs/promises';
import type { Fleet } from './fleet.ts';
import type { Frozen } from './member.ts';
import type { Violation } from './violation.ts';

interface Line {
  readonly at: number;
  readonly pid: number;
  readonly what: 'lease' | 'renew' | 'start' | 'end';
  readonly tokens: readonly number[];
  readonly leaseMs?: number;
}

interface Run {
  readonly token: number;
  readonly startMs: number;
  endMs: number | undefined;
}

export interface RunCheck {
  readonly runs: number;
  readonly violations: readonly Violation[];
}

/** How late a busy machine may be to notice that a lease has ended, and to end its sandbox. */
const SLACK_MS = 6_000;

export async function checkRuns({ runFiles }: Fleet): Promise<RunCheck> {
  let runs = 0;
  const violations: Violation[] = [];
  for (const { worker, file } of runFiles) {
    const text = await readFile(file, 'utf8').catch(() => '');
    // A process that is killed while it writes leaves half a line.
    const lines = text.split('\n').flatMap((line): Line[] => {
      try {
        return [JSON.parse(line) as Line];
      } catch {
        return [];
      }
    });
    for (const mine of Map.groupBy(lines, ({ pid }) => pid).values()) {
      const found = overruns(mine, worker.frozen);
      runs += found.runs;
      for (const what of found.overruns) {
        violations.push({ rule: 'd', job: undefined, what: `${worker.name}: ${what}` });
      }
    }
  }
  return { runs, violations };
}

/** Of one process: its programs end with it at the latest. */
function overruns(
  lines: readonly Line[],
  frozen: readonly Frozen[],
): { readonly runs: number; readonly overruns: string[] } {
  const lastMs = lines.at(-1)?.at ?? 0;
  const leaseEnds = new Map<number, number>();
  const runs = new Map<number, Run>();
  for (const { what, tokens, at, leaseMs = 0 } of lines) {
    for (const token of tokens) {
      const run = runs.get(token);
      if (what === 'start') runs.set(token, { token, startMs: at, endMs: undefined });
      else if (what === 'end' && run !== undefined) run.endMs = at;
      else leaseEnds.set(token, Math.max(leaseEnds.get(token) ?? 0, at + leaseMs));
    }
  }
  const late = [...runs.values()].flatMap(({ token, endMs = lastMs }) => {
    const allowedMs = latestEnd(leaseEnds.get(token) ?? 0, frozen);
    return endMs > allowedMs
      ? [`token ${token} ran ${endMs - allowedMs} ms longer than it may beyond its lease`]
      : [];
  });
  return { runs: runs.size, overruns: late };
}

/** When a machine has been awake for the slack since its lease ended: asleep, it can notice nothing. */
export function latestEnd(leaseEndMs: number, frozen: readonly Frozen[]): number {
  let [awakeSinceMs, leftMs] = [leaseEndMs, SLACK_MS];
  for (const { fromMs, toMs } of frozen.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (toMs <= awakeSinceMs) continue;
    const awakeMs = Math.max(0, fromMs - awakeSinceMs);
    if (awakeMs >= leftMs) break;
    leftMs -= awakeMs;
    awakeSinceMs = toMs;
  }
  return awakeSinceMs + leftMs;
}
