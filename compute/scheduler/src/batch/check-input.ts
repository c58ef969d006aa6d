/** Numbers that would spoil a plan silently are refused, with the task or the node and the field. */
import { fail } from '../errors.ts';
import type { PlacementNode, PlacementTask } from '../placement.ts';
import type { BatchOptions } from './batch-placement.ts';

/** A plan of more would take minutes; the caller cuts what is longer. */
const MAX_BATCH_TASKS = 100_000;
/** All tables of a plan have a row for each. */
const MAX_BATCH_NODES = 100_000;

/** What a number may be: at least 0, above 0, or a share of one. */
type Bound = 'natural' | 'positive' | 'share';

/** Names of its fields that are numbers. */
type NumberOf<T> = {
  [Name in keyof T]-?: NonNullable<T[Name]> extends number ? Name : never;
}[keyof T];

const WORDS: Readonly<Record<Bound, string>> = {
  natural: 'a number of at least 0',
  positive: 'a number above 0',
  share: 'a number from 0 to 1',
};

const TASK_FIELDS: readonly (readonly [NumberOf<PlacementTask>, Bound])[] = [
  ['memoryBytes', 'natural'],
  ['cores', 'natural'],
  ['diskBytes', 'natural'],
  ['gpus', 'natural'],
  ['expectedMs', 'natural'],
  ['inputBytes', 'natural'],
  ['dueInMs', 'natural'],
  ['minTrust', 'share'],
];

const NODE_FIELDS: readonly (readonly [NumberOf<PlacementNode>, Bound])[] = [
  ['memoryBytes', 'natural'],
  ['slots', 'natural'],
  ['held', 'natural'],
  ['memoryHeld', 'natural'],
  ['diskHeld', 'natural'],
  ['cores', 'natural'],
  ['diskBytes', 'natural'],
  ['gpus', 'natural'],
  ['rttMs', 'natural'],
  ['queuedMs', 'natural'],
  ['speed', 'positive'],
  ['bandwidthMbps', 'positive'],
  ['trust', 'share'],
  ['trustSample', 'share'],
];

const PRICE_FIELDS: readonly (readonly [NumberOf<NonNullable<PlacementNode['prices']>>, Bound])[] =
  [
    ['cpuHour', 'natural'],
    ['gbHour', 'natural'],
    ['gpuHour', 'natural'],
    ['spotDiscount', 'share'],
  ];

export function checkInput(
  tasks: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  options: BatchOptions,
): void {
  atMost('tasks', tasks.length, MAX_BATCH_TASKS);
  atMost('nodes', nodes.length, MAX_BATCH_NODES);
  if (options.budgetMs !== undefined) {
    check('The options', 'budgetMs', options.budgetMs, 'natural');
    if (options.nowMs === undefined)
      throw wrong('The options have budgetMs without nowMs: give the clock that measures it.');
  }
  for (const [name, weight] of Object.entries(options.weights ?? {}))
    check('The options', `weights.${name}`, weight, 'natural');
  if (options.weights !== undefined && Object.values(options.weights).every((one) => one === 0))
    throw wrong('The options have weights of 0 alone: give one above 0.');
  for (const [index, task] of tasks.entries()) checkTask(`Task ${index}`, task);
  const ids = new Set<string>();
  for (const node of nodes) {
    checkNode(`Node ${node.id}`, node);
    if (ids.has(node.id)) throw wrong(`Node ${node.id} is given twice: give each node once.`);
    ids.add(node.id);
  }
}

function checkTask(who: string, task: PlacementTask): void {
  for (const [field, bound] of TASK_FIELDS) check(who, field, task[field], bound);
  if (task.maxPrice === undefined) return;
  check(who, 'maxPrice.credits', task.maxPrice.credits, 'natural');
  check(who, 'maxPrice.hours', task.maxPrice.hours, 'natural');
}

function checkNode(who: string, node: PlacementNode): void {
  for (const [field, bound] of NODE_FIELDS) check(who, field, node[field], bound);
  const { prices } = node;
  if (prices === undefined) return;
  for (const [field, bound] of PRICE_FIELDS) check(who, `prices.${field}`, prices[field], bound);
}

function check(who: string, field: string, value: number | undefined, bound: Bound): void {
  if (value === undefined) return;
  const isIn = Number.isFinite(value) && value >= 0;
  if (isIn && (bound !== 'positive' || value > 0) && (bound !== 'share' || value <= 1)) return;
  throw wrong(`${who} has ${field} ${value}: it must be ${WORDS[bound]}.`);
}

function atMost(what: string, count: number, most: number): void {
  if (count <= most) return;
  throw wrong(`The batch has ${count} ${what}: give at most ${most}, and the rest in another.`);
}

function wrong(message: string): Error {
  return fail('SCHEDULER_INPUT', { message });
}
