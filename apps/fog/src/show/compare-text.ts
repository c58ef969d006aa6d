/** Strategies beside each other, forecast or measured, for a person. */
import { formatDuration } from '@fog/kernel';
import type { CompareAnswer } from '@fog/wire';
import type { Standing } from '../scheduler/standings.ts';
import { counted } from './counted.ts';
import {
  creditsText,
  type Legend,
  legend,
  nameOf,
  nodesText,
  objectiveCells,
  OBJECTIVES,
  SHOWN_EXCLUDED,
  someOf,
} from './scheduler-text.ts';
import { paragraph, type Screen, table } from './table.ts';

type Names = ReadonlyMap<string, string>;

const EXPECTED = {
  asked: 'as asked',
  measured: 'as measured',
  assumed: 'assumed, for no run of it is known; --expect TIME says better',
} as const;

export function compareText(answer: CompareAnswer, names: Names, screen: Screen): string {
  const { forecasts } = answer;
  const head = [
    paragraph(
      '',
      `${counted(answer.tasks, 'task')} over ${counted(answer.nodes, 'node')}, ${runText(answer.expectedMs)} each on a usual node (${EXPECTED[answer.expected]})`,
      screen,
    ),
    ...copiesText(answer.copies, screen),
  ];
  const excluded = Object.entries(answer.excluded).map(([refusal, nodes]) => {
    const who = nodes.map((node) => nameOf(node, names));
    return paragraph('not on ', `${someOf(who, SHOWN_EXCLUDED)}: ${refusal}`, screen);
  });
  if (forecasts.every(({ objectives }) => objectives === undefined)) {
    return [...head, '\nNo machine that is connected can take any of it now.\n', ...excluded].join(
      '',
    );
  }
  return [
    ...head,
    ...forecastText(answer, names, screen),
    ...excluded,
    legendText(answer, screen),
  ].join('');
}

function forecastText({ forecasts }: CompareAnswer, names: Names, screen: Screen): string[] {
  const figures = forecasts.map(({ strategy, objectives, makespanMs }) => [
    strategy,
    ...(objectives === undefined
      ? ['-', '-', '-', '-', '-', '-']
      : [formatDuration(makespanMs), ...objectiveCells(objectives)]),
  ]);
  const isFull = forecasts.some(({ unplaced }) => unplaced > 0);
  const room = screen.columns - FORECAST_WIDTH - (isFull ? UNPLACED_WIDTH : 0);
  const places = forecasts.map((each) => [
    each.strategy,
    dominatedText(each.dominatedBy),
    ...(isFull ? [String(each.unplaced)] : []),
    nodesText(each.perNode, names, room),
  ]);
  const placesHead = [...PLACES, ...(isFull ? ['UNPLACED'] : []), 'TASKS'];
  return [
    `\n${table([FORECAST, ...figures], { right: [1, 2, 3, 4, 5, 6] })}`,
    `\n${table([placesHead, ...places], { right: isFull ? [2] : [] })}`,
  ];
}

function legendText({ forecasts }: CompareAnswer, screen: Screen): string {
  const isFull = forecasts.some(({ unplaced }) => unplaced > 0);
  const unplaced: Legend = [['UNPLACED', 'tasks for which there is no node']];
  const lines = legend([...FORECAST_LEGEND, ...(isFull ? unplaced : [])], screen);
  return `\nA forecast; nothing has run. Less is better in each column of figures.\n${lines}`;
}

function copiesText(copies: number, screen: Screen): string[] {
  if (copies === 1) return [];
  const text = `each runs ${copies} times; the figures are of one run of each, PRICE with the factor of the tier`;
  return [paragraph('', text, screen)];
}

const FORECAST = ['STRATEGY', 'MAKESPAN', 'LATENCY', 'IMBALANCE', 'DISTRUST', 'COST', 'PRICE'];
const PLACES = ['STRATEGY', 'DOMINATED BY'];
/** Of what stands before the nodes. */
const FORECAST_WIDTH = 33;
/** Of the column of tasks without a node. */
const UNPLACED_WIDTH = 10;

const FORECAST_LEGEND: Legend = [
  ['MAKESPAN', 'from being placed until the last machine is done, with what it has to do before'],
  ...OBJECTIVES,
  [
    'DOMINATED BY',
    'a strategy that is as good in LATENCY, IMBALANCE, DISTRUST, COST and PRICE, and better in one; "-": none',
  ],
];

/** Of a standing the medians, and what they are made of. */
export function measuredText(runs: readonly Standing[], names: Names, screen: Screen): string {
  const figures = runs.map((run) => [
    run.strategy,
    formatDuration(run.makespanMs),
    rangeText(run.makespans),
    formatDuration(run.beganMs),
    run.cost === undefined ? '-' : creditsText(run.cost),
    String(run.failures),
    run.trust?.toFixed(2) ?? '-',
  ]);
  const places = runs.map((run) => [
    run.strategy,
    dominatedText(run.dominatedBy),
    run.job,
    nodesText(run.perNode, names, screen.columns - MEASURED_WIDTH),
  ]);
  const rounds = runs[0]?.makespans.length ?? 0;
  return [
    table([MEASURED, ...figures], { right: [1, 3, 4, 5, 6] }),
    `\n${table([[...PLACES, 'JOB', 'TASKS'], ...places])}`,
    `\nMeasured${rounds > 1 ? ` in ${rounds} rounds: medians, and JOB and TASKS of the round in the middle` : ''}.\n`,
    legend(MEASURED_LEGEND, screen),
  ].join('');
}

const MEASURED = ['STRATEGY', 'MAKESPAN', 'FROM TO', 'BEGAN', 'COST', 'FAILED', 'TRUST'];
/** Of what stands before the nodes. */
const MEASURED_WIDTH = 48;

const MEASURED_LEGEND: Legend = [
  [
    'MAKESPAN',
    'from sending the batch until all of it was done; FROM TO: the quickest and slowest round',
  ],
  [
    'BEGAN',
    'when its first task ran: planning, and waiting for slots that other work held; part of MAKESPAN',
  ],
  ['COST', 'credits, by the prices of the machines for what the tasks held as long as they ran'],
  ['FAILED', 'tasks of all rounds that failed'],
  ['TRUST', 'of the machines that ran it, by task: 0 to 1; one nobody knows yet has 0.30'],
  [
    'DOMINATED BY',
    'a strategy that is as good in MAKESPAN, COST, FAILED and TRUST, and better in one; less than 5 %, or less than rounds of one strategy differ, is no difference; "-": none',
  ],
];

/** The first says it; `--json` has all. */
export function dominatedText(by: readonly string[]): string {
  const [first = '-', ...others] = by;
  return others.length === 0 ? first : `${first} +${others.length}`;
}

function rangeText(values: readonly number[]): string {
  if (values.length < 2) return '-';
  return `${formatDuration(Math.min(...values))} to ${formatDuration(Math.max(...values))}`;
}

function runText(expectedMs: number): string {
  return expectedMs < 1 ? 'less than 1 ms' : formatDuration(expectedMs);
}
