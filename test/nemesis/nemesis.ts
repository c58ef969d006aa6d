/** Does what the schedule says, and mends all of it. */
import { errorMessage } from '@fog/kernel';
import { type Action, ACTIONS } from './actions.ts';
import type { Fleet } from './fleet.ts';
import type { Step } from './schedule.ts';

export interface Done {
  readonly action: string;
  readonly target: string;
  /** By the harness's clock. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Nemesis {
  readonly done: readonly Done[];
  /** An action that could not be done or mended: the run says nothing then. */
  readonly problems: readonly string[];
}

/** Resolves when all is mended. */
export async function runNemesis(
  fleet: Fleet,
  steps: readonly Step[],
  say: (text: string) => void,
): Promise<Nemesis> {
  const done: Done[] = [];
  const problems: string[] = [];
  const startedMs = Date.now();
  const queues = new Map<string, Promise<void>>();
  for (const step of steps) {
    const action = ACTIONS.find(({ name }) => name === step.action);
    if (action === undefined) continue;
    await passed(startedMs + step.atMs - Date.now());
    const target = action.target(fleet, step);
    const before = queues.get(target) ?? Promise.resolve();
    const next = before.then(async () => {
      const fromMs = Date.now();
      try {
        await perform(action, fleet, step);
        done.push({ action: action.name, target, fromMs, toMs: Date.now() });
        say(
          `${seconds(fromMs - startedMs)} ${action.name} ${target}, mended ${seconds(Date.now() - startedMs)}`,
        );
      } catch (error) {
        problems.push(`${action.name} ${target}: ${errorMessage(error)}`);
      }
    });
    queues.set(target, next);
  }
  await Promise.all(queues.values());
  return { done, problems };
}

async function perform(action: Action, fleet: Fleet, step: Step): Promise<void> {
  const heal = await action.begin(fleet, step);
  await passed(step.lastsMs);
  await heal();
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
