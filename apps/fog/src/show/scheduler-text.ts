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
import { printable, table } from './table.ts';
import { ago } from './time.ts';

/** Points of a front that fit a screen; `--json` has all. */
const SHOWN_POINTS = 24;

export function schedulerText(status: SchedulerStatus, now: number): string {
  const { decisions, decisionMs, last } = status;
  const counts = Object.entries(decisions).map(([strategy, count]) => `${count} by ${strategy}`);
  const times =
    decisionMs === undefined
      ? ''
      : `, half within ${formatDuration(decisionMs.p50)}, 95 % within ${formatDuration(decisionMs.p95)}`;
  const failed = status.failed === 0 ? '' : `; ${status.failed} could not be made`;
  const restarts = status.restarts === 0 ? '' : `, ended ${status.restarts} times`;
  const lines = [
    `strategy  ${status.strategy}, with ${formatDuration(status.budgetMs)} for a decision`,
    `plans     ${counts.length === 0 ? 'none yet' : counts.join(', ')}${times}${failed}`,
    `now       ${status.plannedTasks} tasks wait for the node of their plan (${status.plans} plans hold)`,
    `thread    ${status.thread}, ${status.waiting} batches wait for it${restarts}`,
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
  const plans = made === 1 ? '1 batch planned' : `${made} batches planned`;
  const time = p95Ms === undefined ? '' : `, 95 % within ${formatDuration(p95Ms)}`;
  const bad = failed === 0 ? '' : `, ${failed} not`;
  return [`scheduler ${plans}${bad}${time}; ${plannedTasks} tasks wait for their node`];
}

/** What the plan of a job was, in some lines; the names of nodes may be those of people. */
export function planLines(
  plan: Omit<PlanSummary, 'frontSize' | 'objectives'> & {
    readonly excluded: Readonly<Record<string, readonly string[]>>;
  },
): string {
  const excluded = Object.entries(plan.excluded).map(
    ([refusal, nodes]) => `  ${printable(nodes.join(', '))}: ${refusal}\n`,
  );
  return [
    `plan ${plan.id} by ${plan.strategy}: ${plan.tasks} tasks over ${plan.nodes} nodes in ${formatDuration(plan.decisionMs)}, because ${printable(plan.cause)}\n`,
    `  chosen ${printable(plan.because)}\n`,
    ...(plan.unplaced === 0 ? [] : [`  tasks that fit no node: ${plan.unplaced}\n`]),
    ...(excluded.length === 0 ? [] : ['  nodes that take none of it:\n', ...excluded]),
  ].join('');
}

export function frontText(plan: PlacementPlan, names: ReadonlyMap<string, string>): string {
  const { front, chosen, evaluations, hypervolume } = plan;
  const rows = front.map(({ objectives, perNode }, at) => [
    at === chosen ? '*' : '',
    ...cells(objectives),
    nodesText(perNode, names),
  ]);
  const shown = rows.slice(0, SHOWN_POINTS);
  if (chosen >= SHOWN_POINTS) shown[SHOWN_POINTS - 1] = rows[chosen] ?? [];
  const more = rows.length - shown.length;
  const excluded = Object.fromEntries(
    Object.entries(plan.excluded).map(([refusal, nodes]) => [
      refusal,
      nodes.map((node) => names.get(node) ?? node),
    ]),
  );
  return [
    planLines({ ...plan, excluded }),
    `  ${evaluations} placements tried, hypervolume ${hypervolume.toFixed(3)}, ended by ${plan.stoppedBy}, seed ${plan.seed}\n\n`,
    table([FRONT, ...shown], { right: [1, 2, 3, 4, 5] }),
    ...(more <= 0 ? [] : [`… and ${more} more; --json has all\n`]),
    drawing(plan),
  ].join('');
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
  return String(Number((micro / 1e6).toPrecision(3)));
}

export function nodesText(
  perNode: Readonly<Record<string, number>>,
  names: ReadonlyMap<string, string>,
): string {
  return Object.entries(perNode)
    .sort(([, a], [, b]) => b - a)
    .map(([node, tasks]) => `${names.get(node) ?? node} ${tasks}`)
    .join(', ');
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
  return `\nlatency ${quick} to ${slow} upwards, cost ${low} to ${high} to the right, * is the chosen one\n${lines.join('\n')}\n  └${'─'.repeat(WIDTH)}\n`;
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
  const rows = answer.forecasts.map((each) => [
    each.strategy,
    ...(each.objectives === undefined
      ? ['-', '-', '-', '-', '-', '-']
      : [formatDuration(each.makespanMs), ...cells(each.objectives)]),
    String(each.unplaced),
    each.dominatedBy.length === 0 ? '-' : each.dominatedBy.join(', '),
    nodesText(each.perNode, names),
  ]);
  const excluded = Object.entries(answer.excluded).map(([refusal, nodes]) => {
    const who = nodes.map((node) => names.get(node) ?? node).join(', ');
    return `not on ${printable(who)}: ${refusal}\n`;
  });
  return [
    `${answer.tasks} tasks over ${answer.nodes} nodes, ${formatDuration(answer.expectedMs)} each on a usual node (${EXPECTED[answer.expected]})\n\n`,
    table([COMPARED, ...rows], { right: [1, 2, 3, 4, 5, 6, 7] }),
    ...excluded,
  ].join('');
}

const COMPARED = [
  'STRATEGY',
  'MAKESPAN',
  'LATENCY',
  'IMBALANCE',
  'DISTRUST',
  'COST',
  'PRICE',
  'UNPLACED',
  'DOMINATED BY',
  'TASKS',
];
