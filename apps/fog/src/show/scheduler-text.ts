/** Plans of batches, their fronts, and strategies beside each other, for a person. */
import { formatDuration } from '@fog/kernel';
import type {
  CompareAnswer,
  FogStatus,
  PlacementObjectives,
  PlacementPlan,
  PlanSummary,
  SchedulerStatus,
} from '@fog/wire';
import { counted } from './counted.ts';
import { creditText } from './price-text.ts';
import { printable, table } from './table.ts';
import { ago } from './time.ts';

/** Points of a front that fit a screen; `--json` has all. */
const SHOWN_POINTS = 24;
/** Nodes of one row that do. */
const SHOWN_NODES = 6;
/** Characters of an id. */
const SHORT_ID = 8;
/** Of those that take none of a batch. */
const SHOWN_EXCLUDED = 20;

export function schedulerText(status: SchedulerStatus, now: number): string {
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
    `plans     ${counts.length === 0 ? 'none yet' : counts.join(', ')}${times}${failed}`,
    `now       ${waitText(status.plannedTasks)} for the node of their plan (${status.plans === 1 ? '1 plan holds' : `${status.plans} plans hold`})`,
    `thread    ${status.thread}, ${status.waiting === 1 ? '1 batch waits' : `${status.waiting} batches wait`} for it${restarts}`,
  ];
  const rows = last.map((plan) => [
    plan.id,
    ago(now, plan.time),
    plan.strategy,
    String(plan.tasks),
    String(plan.nodes),
    formatDuration(plan.decisionMs),
    String(plan.frontSize),
    formatDuration(plan.makespanMs),
    plan.jobs[0] ?? '-',
    plan.cause,
  ]);
  const text = `${lines.join('\n')}\n`;
  return rows.length === 0 ? text : `${text}\n${table([PLANS, ...rows], { right: [3, 4, 6] })}`;
}

const PLANS = [
  'PLAN',
  'MADE',
  'STRATEGY',
  'TASKS',
  'NODES',
  'TOOK',
  'FRONT',
  'MAKESPAN',
  'JOB',
  'BECAUSE',
];

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
): string {
  const excluded = Object.entries(plan.excluded).map(
    ([refusal, nodes]) => `  ${printable(someOf(nodes, SHOWN_EXCLUDED))}: ${refusal}\n`,
  );
  return [
    `plan ${plan.id} by ${plan.strategy}: ${counted(plan.tasks, 'task')} over ${counted(plan.nodes, 'node')} in ${formatDuration(plan.decisionMs)}, because ${printable(plan.cause)}\n`,
    `  chosen ${printable(plan.because)}\n`,
    ...(plan.unplaced === 0 ? [] : [`  tasks that fit no node: ${plan.unplaced}\n`]),
    ...(excluded.length === 0 ? [] : ['  nodes that take none of it:\n', ...excluded]),
  ].join('');
}

export function frontText(plan: PlacementPlan, names: ReadonlyMap<string, string>): string {
  const { front, chosen, evaluations, hypervolume } = plan;
  const rows = someAlong(front, chosen).map((point) => [
    point === front[chosen] ? '*' : '',
    ...cells(point.objectives),
    nodesText(point.perNode, names),
  ]);
  const more = front.length - rows.length;
  const excluded = Object.fromEntries(
    Object.entries(plan.excluded).map(([refusal, nodes]) => [
      refusal,
      nodes.map((node) => nameOf(node, names)),
    ]),
  );
  return [
    planLines({ ...plan, excluded }),
    `  ${counted(evaluations, 'placement')} tried${ENDED[plan.stoppedBy] ?? ''}; hypervolume ${hypervolume.toFixed(3)}, seed ${plan.seed}; COST and PRICE in credits\n\n`,
    table([FRONT, ...rows], { right: [1, 2, 3, 4, 5] }),
    ...(more <= 0 ? [] : [`… and ${more} more between them; --json has all\n`]),
    drawing(plan),
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

function cells(objectives: PlacementObjectives): string[] {
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

export function nodesText(
  perNode: Readonly<Record<string, number>>,
  names: ReadonlyMap<string, string>,
): string {
  const nodes = Object.entries(perNode)
    .toSorted(([, a], [, b]) => b - a)
    .map(([node, tasks]) => `${nameOf(node, names)} ${tasks}`);
  return someOf(nodes, SHOWN_NODES);
}

/** Of the machines of others only the ids are known; their beginning tells them apart. */
function nameOf(node: string, names: ReadonlyMap<string, string>): string {
  return names.get(node) ?? node.slice(0, SHORT_ID);
}

function someOf(all: readonly string[], most: number): string {
  const more = all.length - most;
  return `${all.slice(0, most).join(', ')}${more <= 0 ? '' : ` and ${more} more`}`;
}

/** The first says it; `--json` has all. */
export function dominatedText(by: readonly string[]): string {
  const [first = '-', ...others] = by;
  return others.length === 0 ? first : `${first} +${others.length}`;
}

const WIDTH = 48;
const HEIGHT = 10;

/** Cost to the right, latency upwards; nothing to see with one point. */
function drawing({ front, chosen }: PlacementPlan): string {
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
  return `\nlatency ${quick} to ${slow} upwards, cost ${low} to ${high} credits to the right, * is the chosen one\n${lines.join('\n')}\n  └${'─'.repeat(WIDTH)}\n`;
}

function place(values: readonly number[], at: number, cellCount: number): number {
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  if (span === 0) return 0;
  return Math.round((((values[at] ?? low) - low) / span) * (cellCount - 1));
}

const EXPECTED = {
  asked: 'as asked',
  measured: 'as measured',
  assumed: 'assumed, for it never ran here; --expect TIME says better',
} as const;

export function compareText(answer: CompareAnswer, names: ReadonlyMap<string, string>): string {
  const isFull = answer.forecasts.some(({ unplaced }) => unplaced > 0);
  const rows = answer.forecasts.map((each) => [
    each.strategy,
    ...(each.objectives === undefined
      ? ['-', '-', '-', '-', '-', '-']
      : [formatDuration(each.makespanMs), ...cells(each.objectives)]),
    ...(isFull ? [String(each.unplaced)] : []),
    dominatedText(each.dominatedBy),
    nodesText(each.perNode, names),
  ]);
  const excluded = Object.entries(answer.excluded).map(([refusal, nodes]) => {
    const who = someOf(
      nodes.map((node) => nameOf(node, names)),
      SHOWN_EXCLUDED,
    );
    return `not on ${printable(who)}: ${refusal}\n`;
  });
  return [
    `${counted(answer.tasks, 'task')} over ${counted(answer.nodes, 'node')}, ${runText(answer.expectedMs)} each on a usual node (${EXPECTED[answer.expected]})\n\n`,
    table([[...COMPARED, ...(isFull ? ['UNPLACED'] : []), 'DOMINATED BY', 'TASKS'], ...rows], {
      right: [1, 2, 3, 4, 5, 6, ...(isFull ? [7] : [])],
    }),
    ...excluded,
  ].join('');
}

const COMPARED = ['STRATEGY', 'MAKESPAN', 'LATENCY', 'IMBALANCE', 'DISTRUST', 'COST', 'PRICE'];

function runText(expectedMs: number): string {
  return expectedMs < 1 ? 'less than 1 ms' : formatDuration(expectedMs);
}
