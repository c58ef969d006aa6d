/** Answers why: what a job waits for, what each node says to it, and where a request would go. */
import {
  congestionOf,
  explainPlacement,
  explainRefusal,
  explainRoute,
  isRoutingStrategy,
  type PlacementNode,
  type PlacementTask,
  quotedPrice,
} from '@fog/scheduler';
import {
  isTerminal,
  type JobDetail,
  type JobEvent,
  type JobState,
  type JobWhy,
  MAX_PAGE,
  type RouteAnswer,
  type RouteCandidate,
  type RouteQuote,
  type RouteRequest,
} from '@fog/wire';
import type { Core } from '../core.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { MAX_EXPLAINED_NODES } from '../limits.ts';
import { planSummary } from '../plan/plan-record.ts';
import { knownNode, nameFor, type Viewer } from '../registry/node-record.ts';
import { eventFromRow } from './job-events.ts';
import type { JobRecord } from './job-record.ts';
import { tierDemands } from './placement-task.ts';

/** Words for events whose type does not speak for itself. */
const EVENT_TEXT: Readonly<Record<string, string>> = {
  submitted: 'was submitted',
  queued: 'waits for a node',
  placing: 'was given to a node',
  staging: 'fetches its inputs',
  running: 'runs',
  uploading: 'sends its outputs',
  verifying: 'is checked',
  settled: 'settled',
  lost: 'lost a node',
  requeued: 'was queued again',
  planned: 'was placed as a whole',
  unplanned: 'goes where there is room',
  late: 'got a result too late to count',
  disagreement: 'had copies that gave different results',
  breach: 'did not get what its tier promises',
};

export class Explainer {
  readonly #core: Core;
  readonly #dispatcher: Dispatcher;

  constructor(core: Core, dispatcher: Dispatcher) {
    this.#core = core;
    this.#dispatcher = dispatcher;
  }

  /** Why a job does not run, in one sentence; undefined when a node could take it at once. */
  waitingFor(job: JobRecord, viewer: Viewer = { account: job.owner }): string | undefined {
    if (job.state === 'submitted') return waitsForNeeds(job);
    if (job.state !== 'queued') return undefined;
    const fleet = this.#dispatcher.fleet();
    if (fleet.length === 0) return 'waits for a node: none is connected';
    const task = this.#dispatcher.task(job);
    const refusals = explainPlacement(task, fleet);
    if (refusals.length === 0)
      return this.#waitsForPlan(job, viewer) ?? this.#waitsBehind(job, task, fleet, viewer);
    if (refusals.some(({ refusal }) => refusal === 'full')) return 'waits for a free slot';
    const reasons = refusals.slice(0, MAX_EXPLAINED_NODES).map(({ node: id, refusal }) => {
      const node = fleet.find((one) => one.id === id);
      return node === undefined
        ? ''
        : `${this.#name(viewer, id)} ${explainRefusal(refusal, task, node)}`;
    });
    return `waits for a node that can run it: ${reasons.join('; ')}`;
  }

  #waitsForPlan({ kind }: JobRecord, viewer: Viewer): string | undefined {
    const plan = this.#dispatcher.queues.of(kind)?.plan;
    if (plan === undefined || plan.anywhere > 0) return undefined;
    if (plan.planned === 0) return 'waits until its placement is planned';
    const nodes = [...plan.nodes()]
      .slice(0, MAX_EXPLAINED_NODES)
      .map((id) => this.#name(viewer, id));
    return `waits for room on ${nodes.join(' or ')}, where its plan puts it`;
  }

  /** The only room there is has been promised to others. */
  #waitsBehind(
    { kind }: JobRecord,
    task: PlacementTask,
    fleet: readonly PlacementNode[],
    viewer: Viewer,
  ): string | undefined {
    const { reserved } = this.#dispatcher;
    if (reserved === undefined || reserved.kind === kind) return undefined;
    const others = fleet.filter(({ id }) => id !== reserved.node);
    if (others.length > 0 && explainPlacement(task, others).length === 0) return undefined;
    return `waits for a free slot: ${this.#name(viewer, reserved.node)} is kept for larger work whose turn it is`;
  }

  async why(viewer: Viewer, job: JobDetail): Promise<JobWhy> {
    const open = this.#core.jobs.get(job.id);
    const isOpen = open !== undefined && !isTerminal(job.state);
    const waits = isOpen ? this.waitingFor(open, viewer) : undefined;
    return {
      job: job.id,
      state: job.state,
      summary: waits ?? job.cause ?? `it ${EVENT_TEXT[job.state] ?? `is ${job.state}`}`,
      history: await this.#history(viewer, job.id),
      needs: await this.#needs(job),
      nodes: isOpen ? this.#answers(viewer, open) : [],
      ...this.#planOf(viewer, job),
    };
  }

  /** The plan that its last placed tasks followed. */
  #planOf(viewer: Viewer, { id, owner }: JobDetail): Pick<JobWhy, 'plan'> {
    const [plan] = this.#core.fronts.of(owner, id);
    if (plan === undefined) return {};
    const excluded = Object.entries(plan.excluded).map(
      ([refusal, nodes]) => [refusal, nodes.map((node) => this.#name(viewer, node))] as const,
    );
    return { plan: { ...planSummary(plan), excluded: Object.fromEntries(excluded) } };
  }

  route(viewer: Viewer, request: RouteRequest): RouteAnswer {
    const { strategy, resources, labels, region, privacy, from } = request;
    const task: PlacementTask = {
      owner: viewer.account,
      runtime: request.runtime,
      memoryBytes: resources?.memoryBytes ?? 0,
      depth: 1,
      ...(resources?.cores === undefined ? {} : { cores: resources.cores }),
      ...(resources?.diskBytes === undefined ? {} : { diskBytes: resources.diskBytes }),
      ...(resources?.gpus === undefined ? {} : { gpus: resources.gpus }),
      ...(labels === undefined ? {} : { labels }),
      ...(region === undefined ? {} : { region }),
      ...(privacy === undefined ? {} : { privacy }),
      ...(from === undefined ? {} : { from }),
      ...tierDemands(request),
    };
    const state = this.#dispatcher.routeState(strategy);
    const fleet = this.#dispatcher.fleet();
    const candidates = explainRoute(strategy, task, fleet, state);
    const quotes = quotesOf(task, fleet, MS_PER_HOUR);
    const first = candidates.find((each) => each.score !== undefined);
    return {
      strategy,
      ...(first === undefined ? {} : { node: first.node }),
      candidates: candidates.map((each) => this.#candidate(viewer, each, quotes)),
    };
  }

  /** What each node says to the job's next task, the offline ones too. */
  #answers(viewer: Viewer, job: JobRecord): RouteCandidate[] {
    const task = this.#dispatcher.task(job);
    const wanted = job.spec.strategy ?? 'least_loaded';
    const strategy = isRoutingStrategy(wanted) ? wanted : 'least_loaded';
    const state = this.#dispatcher.routeState(strategy);
    const fleet = this.#dispatcher.fleet();
    const online = explainRoute(strategy, task, fleet, state);
    const quotes = quotesOf(task, fleet, this.#dispatcher.usualMs(job) ?? job.spec.timeoutMs);
    const known = new Set(online.map(({ node }) => node));
    const away = [...this.#core.nodes.values()].filter(({ id }) => !known.has(id));
    return [
      ...online.map((each) => this.#candidate(viewer, each, quotes)),
      ...away.map((node) => ({
        node: node.id,
        name: this.#name(viewer, node.id),
        refusal: refusalOfAway(task, knownNode(this.#core, node)),
      })),
    ];
  }

  #candidate(
    viewer: Viewer,
    each: ReturnType<typeof explainRoute>[number],
    quotes: ReadonlyMap<string, RouteQuote>,
  ): RouteCandidate {
    const quote = quotes.get(each.node);
    return {
      node: each.node,
      name: this.#name(viewer, each.node),
      ...(each.score === undefined ? {} : { score: each.score }),
      ...(each.because === undefined ? {} : { because: each.because }),
      ...(each.refused === undefined ? {} : { refusal: each.refused }),
      ...(quote === undefined ? {} : { quote }),
    };
  }

  async #needs(job: JobDetail): Promise<{ job: string; state: JobState }[]> {
    const ids = (job.spec.needs ?? []).map((need) => need.job);
    if (ids.length === 0) return [];
    const rows = await this.#core.store.db
      .selectFrom('job')
      .select(['id', 'state'])
      .where('id', 'in', ids)
      .execute();
    return rows.map(({ id, state }) => ({ job: id, state: state as JobState }));
  }

  /** The newest events; of a large array the older ones are in `events`. */
  async #history(viewer: Viewer, job: string): Promise<{ time: number; text: string }[]> {
    const rows = await this.#core.store.db
      .selectFrom('job_event')
      .selectAll()
      .where('job', '=', job)
      .orderBy('seq', 'desc')
      .limit(MAX_PAGE)
      .execute();
    return rows
      .reverse()
      .map(eventFromRow)
      .map((event) => ({ time: event.time, text: this.#eventText(viewer, event) }));
  }

  #eventText(viewer: Viewer, { type, index, node, cause }: JobEvent): string {
    const who = index === undefined ? 'the job' : `task ${index}`;
    const where = node === undefined ? '' : ` (${this.#name(viewer, node)})`;
    const why = cause === undefined ? '' : `: ${cause}`;
    return `${who} ${EVENT_TEXT[type] ?? `is ${type}`}${where}${why}`;
  }

  #name(viewer: Viewer, id: string): string {
    return nameFor(viewer, id, this.#core);
  }
}

const MS_PER_HOUR = 3_600_000;

/** What each node that asks a price asks now. */
function quotesOf(
  task: PlacementTask,
  fleet: readonly PlacementNode[],
  forMs: number,
): Map<string, RouteQuote> {
  const quotes = new Map<string, RouteQuote>();
  for (const node of fleet) {
    if (node.prices === undefined) continue;
    const terms = { hours: forMs / MS_PER_HOUR, congestion: congestionOf(node) };
    quotes.set(node.id, { micro: Math.ceil(quotedPrice(task, node, terms)), forMs });
  }
  return quotes;
}

function refusalOfAway(task: PlacementTask, node: PlacementNode): string {
  const lasting = explainPlacement(task, [{ ...node, held: 0 }])[0]?.refusal;
  const more = lasting === undefined ? '' : `, and ${explainRefusal(lasting, task, node)}`;
  return `is not connected${more}`;
}

function waitsForNeeds(job: JobRecord): string | undefined {
  const needs = (job.spec.needs ?? []).map((need) => need.job);
  return needs.length === 0 ? undefined : `waits for ${needs.join(', ')}`;
}
