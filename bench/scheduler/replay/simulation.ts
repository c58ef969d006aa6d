/**
 * The online loop in simulated time: jobs are submitted, a strategy hands their tasks to the nodes that are
 * there, tasks end, nodes come and go. A node that goes loses what it ran; the fog notices after a while, and
 * the lost tasks wait again. Nothing is slept, nothing is drawn: equal inputs give equal outcomes.
 */
import { type PlacementNode, RunTimes } from '@fog/scheduler';
import { EventQueue } from './event-queue.ts';
import type { SimulatedNode } from './fleet.ts';
import { type ReplayJob, replayJob } from './replay-job.ts';
import { spanMs, type Trace } from './trace.ts';

/** What a strategy decides upon. */
export interface Round {
  readonly nowMs: number;
  /** Nodes the fog believes to be there; `held` follows what is started. */
  readonly fleet: readonly PlacementNode[];
  /** Slots of these that are free. */
  readonly free: () => number;
  /** What runs of this program took of late; undefined before the first ended. */
  readonly usualMs: (job: ReplayJob) => number | undefined;
  /** When the tasks that the node runs began. */
  readonly running: (
    node: string,
  ) => readonly { readonly job: ReplayJob; readonly sinceMs: number }[];
  /** Gives a task that was taken from the job's board to a node with a free slot. */
  readonly start: (job: ReplayJob, index: number, node: string) => void;
}

export interface Strategy {
  /** Tasks of the job wait: it is new, or some were lost. */
  add(job: ReplayJob): void;
  decide(round: Round): void;
}

export interface Outcome {
  readonly jobs: readonly ReplayJob[];
  /** Jobs that had not ended when the replay was given up. */
  readonly unfinished: number;
  readonly started: number;
  /** Runs that ended with their node. */
  readonly lost: number;
  readonly endedMs: number;
  /** Of rounds in which a task was started, in the order they came. */
  readonly decisionMs: readonly number[];
}

/** From a node's going until the fog counts its tasks as lost. */
const NOTICE_MS = 10_000;
/** Spans of the trace after which it is given up. */
const PATIENCE = 4;

interface Run {
  readonly job: ReplayJob;
  readonly index: number;
  readonly node: Node;
  readonly sinceMs: number;
}

interface Node {
  readonly simulated: SimulatedNode;
  readonly view: { -readonly [Key in keyof PlacementNode]: PlacementNode[Key] };
  readonly runs: Set<Run>;
  isThere: boolean;
  /** The fog believes that it is there. */
  isKnown: boolean;
  /** Changes of presence so far. */
  changes: number;
}

type Event =
  | { readonly type: 'submit'; readonly job: ReplayJob }
  | { readonly type: 'change' | 'notice'; readonly node: Node }
  | { readonly type: 'end'; readonly run: Run };

export class Simulation {
  readonly #strategy: Strategy;
  readonly #jobs: readonly ReplayJob[];
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #events = new EventQueue<Event>();
  readonly #patienceMs: number;
  readonly #runTimes = new RunTimes();
  readonly #decisionMs: number[] = [];
  #fleet: readonly PlacementNode[] = [];
  #free = 0;
  #nowMs = 0;
  #started = 0;
  #lost = 0;

  constructor(trace: Trace, fleet: readonly SimulatedNode[], strategy: Strategy) {
    this.#strategy = strategy;
    this.#jobs = trace.jobs.map(replayJob);
    this.#nodes = new Map(fleet.map((each) => [each.id, newNode(each)]));
    const begin = trace.jobs[0]?.submitMs ?? 0;
    this.#patienceMs = begin + PATIENCE * spanMs(trace);
    for (const node of this.#nodes.values()) this.#expectChange(node);
    for (const job of this.#jobs) this.#events.add(job.traced.submitMs, { type: 'submit', job });
  }

  run(): Outcome {
    let unfinished = this.#jobs.length;
    while (unfinished > 0 && (this.#events.nextMs ?? Infinity) <= this.#patienceMs) {
      this.#nowMs = this.#events.nextMs ?? 0;
      while (this.#events.nextMs === this.#nowMs) {
        const event = this.#events.take();
        if (event !== undefined && this.#happens(event)) unfinished -= 1;
      }
      this.#decide();
    }
    return {
      jobs: this.#jobs,
      unfinished,
      started: this.#started,
      lost: this.#lost,
      endedMs: this.#nowMs,
      decisionMs: this.#decisionMs,
    };
  }

  /** True when a job has ended. */
  #happens(event: Event): boolean {
    switch (event.type) {
      case 'submit':
        this.#strategy.add(event.job);
        return false;
      case 'change':
        this.#change(event.node);
        return false;
      case 'notice':
        this.#notice(event.node);
        return false;
      case 'end':
        return this.#end(event.run);
      default:
        return event satisfies never;
    }
  }

  #decide(): void {
    if (this.#free <= 0) return;
    const before = this.#started;
    const beginMs = performance.now();
    this.#strategy.decide({
      nowMs: this.#nowMs,
      fleet: this.#fleet,
      free: () => this.#free,
      usualMs: (job) => this.#runTimes.usualMs(job.traced.program),
      running: (node) => [...(this.#nodes.get(node)?.runs ?? [])],
      start: (job, index, node) => this.#start(job, index, node),
    });
    if (this.#started > before) this.#decisionMs.push(performance.now() - beginMs);
  }

  #start(job: ReplayJob, index: number, id: string): void {
    const node = this.#nodes.get(id);
    if (node === undefined || node.view.held >= node.view.slots) {
      throw new Error(`replay: ${id} was given a task without a free slot`);
    }
    const run: Run = { job, index, node, sinceMs: this.#nowMs };
    node.runs.add(run);
    this.#hold(node, 1);
    this.#started += 1;
    if (!node.isThere) return;
    const tookMs = job.traced.runMs / node.simulated.trueSpeed;
    this.#events.add(this.#nowMs + tookMs, { type: 'end', run });
  }

  #end(run: Run): boolean {
    const { job, node } = run;
    // Its node went away meanwhile.
    if (!node.isThere || !node.runs.delete(run)) return false;
    this.#hold(node, -1);
    this.#learn(run);
    job.board.open -= 1;
    if (job.board.open > 0) return false;
    job.endedMs = this.#nowMs;
    return true;
  }

  /** As the product does, and with its means. */
  #learn({ job: { traced }, node: { view }, sinceMs }: Run): void {
    this.#runTimes.ran(traced.program, view.id, this.#nowMs - sinceMs);
    view.speed = this.#runTimes.paceOf(view.id) ?? view.speed ?? 1;
    const warm = this.#runTimes.ranOn(view.id);
    if (warm !== undefined) view.warm = warm;
  }

  #change(node: Node): void {
    node.isThere = !node.isThere;
    this.#expectChange(node);
    if (node.isThere) this.#setKnown(node, true);
    else this.#events.add(this.#nowMs + NOTICE_MS, { type: 'notice', node });
  }

  #expectChange(node: Node): void {
    const timeMs = node.simulated.changesMs[node.changes];
    node.changes += 1;
    if (timeMs !== undefined) this.#events.add(timeMs, { type: 'change', node });
  }

  #notice(node: Node): void {
    const lost = [...node.runs];
    node.runs.clear();
    node.view.held = 0;
    this.#lost += lost.length;
    for (const { job, index } of lost) {
      job.board.giveBack(index);
      this.#strategy.add(job);
    }
    this.#setKnown(node, false);
  }

  #hold(node: Node, count: number): void {
    const { view, simulated } = node;
    view.held += count;
    view.cpuLoad = Math.min(1, simulated.ownerLoad + view.held / view.slots);
    this.#free -= count;
  }

  #setKnown(node: Node, isKnown: boolean): void {
    node.isKnown = isKnown;
    const known = [...this.#nodes.values()].filter((each) => each.isKnown);
    this.#fleet = known.map(({ view }) => view);
    this.#free = this.#fleet.reduce((sum, { slots, held }) => sum + slots - held, 0);
  }
}

function newNode(simulated: SimulatedNode): Node {
  const { id, slots, memoryBytes, speed, ownerLoad } = simulated;
  const view: PlacementNode = {
    id,
    owner: `owner of ${id}`,
    runtimes: ['wasm'],
    sandboxLevel: 'os',
    memoryBytes,
    slots,
    cores: slots,
    credit: slots,
    held: 0,
    cpuLoad: ownerLoad,
    speed,
  };
  return { simulated, view, runs: new Set(), isThere: false, isKnown: false, changes: 0 };
}
