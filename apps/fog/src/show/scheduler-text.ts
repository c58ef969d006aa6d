/** Plans of batches and their fronts, for a person. */
import { formatDuration } from '@fog/kernel';
import type {
  FogStatus,
  PlacementObjectives,
  PlacementPlan,
  PlanSummary,
  SchedulerStatus,
} from '@fog/wire';
import { counted } from './counted.ts';
import { creditText } from './price-text.ts';
import { paragraph, type Screen, table } from './table.ts';
import { ago } from './time.ts';

/** Points of a front that fit a screen; `--json` has all. */
const SHOWN_POINTS = 24;
/** Width of the least a row tells of its nodes. */
const LEAST_NODES = 20;
/** Of the name of a node: the row of numbers is what is looked at. */
const SHOWN_NAME = 16;
/** Characters of an id. */
const SHORT_ID = 8;
/** Of those that take none of a batch. */
export const SHOWN_EXCLUDED = 20;

export function schedulerText(status: SchedulerStatus, now: number, screen: Screen): string {
  const { decisions, decisionMs, last } = status;
  const counts = Object.entries(decisions).map(([strategy, count]) => `${count} by ${strategy}`);
  const times =
    decisionMs === undefined
      ? ''
      : `, half within ${formatDuration(decisionMs.p50)}, 95 % within ${formatDuration(decisionMs.p95)}`;
  const failed = status.failed === 0 ? '' : `; ${status.failed} could not be made`;
  const restarts = status.restarts === 0 ? '' : `, ended ${counted(status.restarts, 'time')}`;
  const lines = [
    `strategy  ${status.strategy}, with ${formatDuration(status.budgetMs)} for a decision`,
    `plans     ${counts.length === 0 ? 'none since the fog started' : counts.join(', ')}${times}${failed}`,
    `now       ${waitText(status.plannedTasks)} for the node of their plan (${status.plans === 1 ? '1 plan holds' : `${status.plans} plans hold`})`,
    `thread    ${status.thread}, ${status.waiting === 1 ? '1 batch waits' : `${status.waiting} batches wait`} for it${restarts}`,
  ];
  const rows = last.map((plan) => [
    plan.id,
    ago(now, plan.time),
    plan.strategy,
    String(plan.tasks),
    formatDuration(plan.makespanMs),
    plan.jobs[0] ?? '-',
    plan.cause,
  ]);
  const text = `${lines.join('\n')}\n`;
  return rows.length === 0
    ? text
    : `${text}\n${table([PLANS, ...rows], { right: [3, 4], screen })}${MAKESPAN}`;
}

const PLANS = ['PLAN', 'MADE', 'STRATEGY', 'TASKS', 'MAKESPAN', 'JOB', 'BECAUSE'];
const MAKESPAN = '\nMAKESPAN: until all its tasks are done, as forecast when it was made.\n';

/** For "fog status". */
export function schedulerLine(scheduler: FogStatus['scheduler']): string[] {
  if (scheduler === undefined || scheduler.made === 0) return [];
  const { made, failed, plannedTasks, p95Ms } = scheduler;
  const time = p95Ms === undefined ? '' : `, 95 % within ${formatDuration(p95Ms)}`;
  const bad = failed === 0 ? '' : `, ${failed} could not be`;
  return [
    `scheduler ${counted(made, 'plan')} made${bad}${time}; ${waitText(plannedTasks)} for their node`,
  ];
}

function waitText(tasks: number): string {
  return tasks === 1 ? '1 task waits' : `${tasks} tasks wait`;
}

/** What the plan of a job was, in some lines; the names of nodes may be those of people. */
export function planLines(
  plan: Omit<PlanSummary, 'frontSize' | 'objectives'> & {
    readonly excluded: Readonly<Record<string, readonly string[]>>;
  },
  screen: Screen,
): string {
  const excluded = Object.entries(plan.excluded).map(([refusal, nodes]) =>
    paragraph('  ', `${someOf(nodes, SHOWN_EXCLUDED)}: ${refusal}`, screen),
  );
  return [
    paragraph(
      `plan ${plan.id} `,
      `by ${plan.strategy}: ${counted(plan.tasks, 'task')} over ${counted(plan.nodes, 'node')} in ${formatDuration(plan.decisionMs)}, because ${plan.cause}`,
      screen,
    ),
    paragraph('  chosen ', plan.because, screen),
    ...(plan.unplaced === 0 ? [] : [`  tasks that fit no node: ${plan.unplaced}\n`]),
    ...(excluded.length === 0 ? [] : ['  nodes that take none of it:\n', ...excluded]),
  ].join('');
}

export function frontText(
  plan: PlacementPlan,
  names: ReadonlyMap<string, string>,
  screen: Screen,
): string {
  const { front, chosen, evaluations, hypervolume } = plan;
  const rows = someAlong(front, chosen).map((point) => [
    point === front[chosen] ? '*' : '',
    ...objectiveCells(point.objectives),
    nodesText(point.perNode, names, screen.columns - FRONT_WIDTH),
  ]);
  const more = front.length - rows.length;
  const excluded = Object.fromEntries(
    Object.entries(plan.excluded).map(([refusal, nodes]) => [
      refusal,
      nodes.map((node) => nameOf(node, names)),
    ]),
  );
  return [
    planLines({ ...plan, excluded }, screen),
    paragraph(
      '  ',
      `${counted(evaluations, 'placement')} tried${ENDED[plan.stoppedBy] ?? ''}; hypervolume ${hypervolume.toFixed(3)}, seed ${plan.seed}`,
      screen,
    ),
    `\n${table([FRONT, ...rows], { right: [1, 2, 3, 4, 5] })}`,
    ...(more <= 0 ? [] : [`… and ${more} more between them; --json has all\n`]),
    drawing(plan, screen),
    `\n${legend(OBJECTIVES, screen)}`,
  ].join('');
}

/** Why a search ended, where there is something to say. */
const ENDED: Readonly<Record<string, string>> = {
  budget: ', as many as time allowed',
  evaluations: ', as many as it may',
  stall: ', until none was better',
};

/** By latency; of many, some from one end to the other, and the chosen one. */
function someAlong(
  front: PlacementPlan['front'],
  chosen: number,
): readonly PlacementPlan['front'][0][] {
  const sorted = front.toSorted((a, b) => a.objectives.latencyMs - b.objectives.latencyMs);
  if (sorted.length <= SHOWN_POINTS) return sorted;
  const step = (sorted.length - 1) / (SHOWN_POINTS - 2);
  const places = Array.from({ length: SHOWN_POINTS - 1 }, (_, at) => Math.round(at * step));
  return sorted.filter((point, at) => point === front[chosen] || places.includes(at));
}

const FRONT = ['', 'LATENCY', 'IMBALANCE', 'DISTRUST', 'COST', 'PRICE', 'TASKS'];
/** Of what stands before the nodes, with the smallest prices. */
const FRONT_WIDTH = 55;

/** What the figures of a placement are, all forecast, less being better. */
export const OBJECTIVES: Legend = [
  ['LATENCY', 'of the mean task, from being placed to its end: way, inputs, wait and run'],
  ['IMBALANCE', 'variance of how busy the machines are; 0: all alike'],
  ['DISTRUST', '1 − trust of the machines, of the mean task; 0: all are trusted'],
  ['COST', 'credits, by what owners ask'],
  ['PRICE', 'credits, as quoted now: by tier, less the spot discount, more where it is busy'],
];

/** Columns and what they tell. */
export type Legend = readonly (readonly [string, string])[];

export function legend(lines: Legend, screen: Screen): string {
  const width = Math.max(...lines.map(([column]) => column.length));
  return lines
    .map(([column, text]) => paragraph(`${column.padEnd(width)}  `, text, screen))
    .join('');
}

export function objectiveCells(objectives: PlacementObjectives): string[] {
  const { latencyMs, imbalance, distrust, cost, price } = objectives;
  return [
    formatDuration(latencyMs),
    imbalance.toFixed(3),
    distrust.toFixed(2),
    creditsText(cost),
    creditsText(price),
  ];
}

/** From µ-credits; fractions of them are rounded. */
export function creditsText(micro: number): string {
  return creditText(Number(micro.toPrecision(3)));
}

/** As many as fit the width, those with most tasks first. */
export function nodesText(
  perNode: Readonly<Record<string, number>>,
  names: ReadonlyMap<string, string>,
  width: number,
): string {
  const nodes = Object.entries(perNode)
    .toSorted(([, a], [, b]) => b - a)
    .map(([node, tasks]) => `${nameOf(node, names)} ${tasks}`);
  let most = nodes.length;
  while (most > 1 && someOf(nodes, most).length > Math.max(LEAST_NODES, width)) most -= 1;
  return someOf(nodes, most);
}

/** Of the machines of others only the ids are known; their beginning tells them apart. */
export function nameOf(node: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(node) ?? node.slice(0, SHORT_ID);
  return name.length <= SHOWN_NAME ? name : `${name.slice(0, SHOWN_NAME - 1)}…`;
}

export function someOf(all: readonly string[], most: number): string {
  const more = all.length - most;
  return `${all.slice(0, most).join(', ')}${more <= 0 ? '' : ` and ${more} more`}`;
}

const WIDTH = 48;
const HEIGHT = 10;

/** Cost to the right, latency upwards; nothing to see with one point. */
function drawing({ front, chosen }: PlacementPlan, screen: Screen): string {
  if (front.length < 2) return '';
  const costs = front.map(({ objectives }) => objectives.cost);
  const latencies = front.map(({ objectives }) => objectives.latencyMs);
  const grid = Array.from({ length: HEIGHT }, () => Array<string>(WIDTH).fill(' '));
  const put = (at: number, mark: string): void => {
    const column = place(costs, at, WIDTH);
    const row = HEIGHT - 1 - place(latencies, at, HEIGHT);
    (grid[row] as string[])[column] = mark;
  };
  for (const at of front.keys()) put(at, '·');
  if (chosen >= 0) put(chosen, '*');
  const lines = grid.map((row) => `  │${row.join('').trimEnd()}`);
  const [low, high] = [Math.min(...costs), Math.max(...costs)].map(creditsText);
  const [quick, slow] = [Math.min(...latencies), Math.max(...latencies)].map(formatDuration);
  const axes = `LATENCY ${quick} to ${slow} upwards, COST ${low} to ${high} credits to the right, * is the chosen one`;
  return `\n${paragraph('', axes, screen)}${lines.join('\n')}\n  └${'─'.repeat(WIDTH)}\n`;
}

function place(values: readonly number[], at: number, cellCount: number): number {
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  if (span === 0) return 0;
  return Math.round((((values[at] ?? low) - low) / span) * (cellCount - 1));
}
