import { fail } from '../errors.ts';
import type { PlacementNode, PlacementTask } from '../placement.ts';
import type { PlanRefusal } from './batch-placement.ts';
import { pairRefusal, type PairRules, startsAtOnce, transferMs } from './eligibility.ts';
import { type NodeTables, RESOURCES } from './node-tables.ts';
import { expectedCost, expectedRunMs } from './quotes.ts';

/** At `kind * nodeCount + node` what one task of the kind has on the node. */
export interface PairTables {
  /** Nodes that can take a task of the kind. */
  readonly eligible: readonly Int32Array[];
  /** Nodes by what keeps them from some kind. */
  readonly excluded: ReadonlyMap<PlanRefusal, ReadonlySet<number>>;
  /**
   * `RESOURCES` values by kind, and behind all kinds the least that any asks for; who asks for no cores has those
   * of its slot.
   */
  readonly demand: Float64Array;
  /** Resources that some kind asks for. */
  readonly wanted: readonly number[];
  /** By kind, 1 when it never queues. */
  readonly isKindAtOnce: Uint8Array;
  /** Number of the program by kind, or -1. */
  readonly program: Int32Array;
  readonly programs: number;
  /** By kind, 1 when no other kind could bring its inputs to a node. */
  readonly isLone: Uint8Array;
  readonly runMs: Float64Array;
  readonly transferMs: Float64Array;
  readonly cost: Float64Array;
  /** Quote of an idle node, and what a full one asks beside. */
  readonly quote: Float64Array;
  readonly surcharge: Float64Array;
  /** The largest share of a resource that the task holds while it runs. */
  readonly share: Float64Array;
}

export function pairTables(
  kinds: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  { capacity }: NodeTables,
  rules: PairRules,
): PairTables {
  const { quotes } = rules;
  const table = (): Float64Array => new Float64Array(kinds.length * nodes.length);
  const rows = kinds.map(demandOf);
  const least = Array.from({ length: RESOURCES }, (_, at) =>
    Math.min(...rows.map((row) => row[at] as number)),
  );
  const demand = Float64Array.from([...rows, least].flat());
  const excluded = new Map<PlanRefusal, Set<number>>();
  const tables = {
    ...programsOf(kinds),
    demand,
    wanted: [...Array(RESOURCES).keys()].filter((at) =>
      kinds.some((_, kind) => (demand[kind * RESOURCES + at] as number) > 0),
    ),
    isKindAtOnce: Uint8Array.from(kinds, (task) => Number(startsAtOnce(task, rules))),
    excluded,
    runMs: table(),
    transferMs: table(),
    cost: table(),
    quote: table(),
    surcharge: table(),
    share: table(),
  };
  const quoted = (task: PlacementTask, node: PlacementNode, congestion: number): number => {
    const price = quotes.quote(task, node, congestion);
    if (price >= 0 && price < Infinity) return price;
    throw fail('SCHEDULER_INPUT', {
      message: `Node ${node.id} is quoted at ${price}: it must be a number of at least 0.`,
    });
  };
  const fill = (task: PlacementTask, kind: number): Int32Array => {
    const able: number[] = [];
    for (const [index, node] of nodes.entries()) {
      const refusal = pairRefusal(task, node, rules);
      if (refusal !== undefined) {
        note(excluded, refusal, index);
        continue;
      }
      able.push(index);
      const pair = kind * nodes.length + index;
      tables.runMs[pair] = expectedRunMs(task, node);
      tables.transferMs[pair] = transferMs(task, node);
      tables.cost[pair] = expectedCost(task, node);
      const idle = quoted(task, node, 0);
      tables.quote[pair] = idle;
      tables.surcharge[pair] = quoted(task, node, 1) - idle;
      tables.share[pair] = shareOf(demand, kind, capacity, index);
    }
    const fresh = able.filter(
      (index) => task.avoid?.has((nodes[index] as PlacementNode).id) !== true,
    );
    const willing = fresh.length > 0 ? fresh : able;
    const tried = willing.filter(
      (index) => task.isForNewcomers === true && nodes[index]?.isNewcomer === true,
    );
    return Int32Array.from(tried.length > 0 ? tried : willing);
  };
  return { ...tables, eligible: kinds.map(fill) };
}

function demandOf(task: PlacementTask): number[] {
  return [1, task.cores ?? 0, task.memoryBytes, task.diskBytes ?? 0, task.gpus ?? 0];
}

function shareOf(demand: Float64Array, kind: number, capacity: Float64Array, node: number): number {
  let most = 0;
  for (let at = 0; at < RESOURCES; at += 1) {
    const wanted = demand[kind * RESOURCES + at] as number;
    if (wanted > 0) most = Math.max(most, wanted / (capacity[node * RESOURCES + at] as number));
  }
  return most;
}

function programsOf(
  kinds: readonly PlacementTask[],
): Pick<PairTables, 'program' | 'programs' | 'isLone'> {
  const numbers = new Map<string, number>();
  const program = Int32Array.from(kinds, ({ module }) => {
    if (module === undefined) return -1;
    const number = numbers.get(module) ?? numbers.size;
    numbers.set(module, number);
    return number;
  });
  const kindsWith = new Int32Array(numbers.size);
  for (const number of program)
    if (number >= 0) kindsWith[number] = (kindsWith[number] as number) + 1;
  const isLone = Uint8Array.from(kinds, ({ inputBytes = 0 }, kind) =>
    Number(inputBytes === 0 || (kindsWith[program[kind] as number] ?? 1) === 1),
  );
  return { program, programs: numbers.size, isLone };
}

function note(excluded: Map<PlanRefusal, Set<number>>, refusal: PlanRefusal, node: number): void {
  const nodes = excluded.get(refusal);
  if (nodes === undefined) excluded.set(refusal, new Set([node]));
  else nodes.add(node);
}
