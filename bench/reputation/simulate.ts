/** A fleet in which some are unreliable and some turn bad; who gets the work is decided by one rule. */
import {
  FOG_RATER,
  LIE_WEIGHT,
  ReputationBook,
  TOLERATED_MEAN,
  type Uniform,
} from '@fog/reputation';

const GOOD = 70;
const FLAKY = 15;
const NODES = 100;
const ROUNDS = 400;
/** Different nodes that get a job in one round. */
const PER_ROUND = 30;
/** Right results of an attacker before it turns, and how often it is right afterwards. */
const PATIENCE = 60;
const AFTERWARDS = 0.2;
const START = Date.UTC(2026, 0, 1);
const ROUND_MS = 60_000;

/** Every so many jobs one goes to a node nobody knows yet, as in the product's placement. */
const NEWCOMER_EVERY = 30;
/** An attacker that gets no job for so long, ten times its fair share of time, is found. */
const SILENCE = (10 * NODES) / PER_ROUND;

/** `thompson` is the product's; `mean` ranks by (r + 1) / (r + s + 2) without forgetting. */
export type Rule = 'thompson' | 'mean' | 'random';

export interface Run {
  /** Share of wrong results, over all. */
  readonly failure: number;
  /** Jobs an attacker got after it had turned, until it got hardly any more; of those that were found. */
  readonly detectJobs: readonly number[];
  /** Attackers that turned and got work to the end. */
  readonly undetected: number;
  /** Share of the good nodes that are not tolerated in the end. */
  readonly falseExclusion: number;
}

interface Node {
  readonly id: string;
  /** Undefined for an attacker. */
  readonly quality: number | undefined;
  jobs: number;
  right: number;
  lastRound: number;
  /** Jobs it had when it got hardly any more. */
  foundAt: number | undefined;
}

export function simulate(rule: Rule, uniform: Uniform): Run {
  const nodes = Array.from({ length: NODES }, (_, at) => newNode(at, uniform));
  const book = new ReputationBook();
  let lastId = 0;
  let wrong = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const time = START + round * ROUND_MS;
    for (const node of choose(rule, nodes, { book, time, uniform })) {
      const good = uniform() < qualityOf(node);
      find(node, round);
      node.jobs += 1;
      node.lastRound = round;
      node.right += good ? 1 : 0;
      wrong += good ? 0 : 1;
      lastId += 1;
      book.apply({
        id: lastId,
        time,
        node: node.id,
        owner: `owner of ${node.id}`,
        kind: 'result',
        good,
        weight: good ? 1 : LIE_WEIGHT,
        rater: FOG_RATER,
        source: `lease ${lastId}`,
      });
    }
  }
  for (const node of nodes) find(node, ROUNDS);
  return outcome(nodes, book, wrong);
}

function find(node: Node, round: number): void {
  if (node.jobs > PATIENCE && round - node.lastRound >= SILENCE) node.foundAt ??= node.jobs;
}

function newNode(at: number, uniform: Uniform): Node {
  const isFlaky = at >= GOOD && at < GOOD + FLAKY;
  const quality = at < GOOD ? 0.92 + 0.06 * uniform() : isFlaky ? 0.5 + 0.3 * uniform() : undefined;
  return { id: `n${at}`, quality, jobs: 0, right: 0, lastRound: 0, foundAt: undefined };
}

function qualityOf({ quality, jobs }: Node): number {
  return quality ?? (jobs < PATIENCE ? 1 : AFTERWARDS);
}

function choose(
  rule: Rule,
  nodes: readonly Node[],
  {
    book,
    time,
    uniform,
  }: { readonly book: ReputationBook; readonly time: number; readonly uniform: Uniform },
): Node[] {
  const rank: Readonly<Record<Rule, (node: Node) => number>> = {
    random: () => 0,
    mean: ({ right, jobs }) => (right + 1) / (jobs + 2),
    thompson: ({ id }) => book.sample(id, time, uniform),
  };
  const ranked = nodes
    .map((node) => ({ node, rank: rank[rule](node), tie: uniform() }))
    .toSorted((a, b) => b.rank - a.rank || a.tie - b.tie)
    .map(({ node }) => node);
  const chosen = ranked.slice(0, PER_ROUND);
  if (rule !== 'thompson') return chosen;
  const newcomers = ranked.slice(PER_ROUND).filter(({ id }) => book.standing(id, time).isNewcomer);
  const newcomer = newcomers[Math.floor(uniform() * newcomers.length)];
  return newcomer === undefined
    ? chosen
    : [...chosen.slice(0, -PER_ROUND / NEWCOMER_EVERY), newcomer];
}

function isTolerated(book: ReputationBook, { id }: Node, time: number): boolean {
  return book.score(id, time).mean >= TOLERATED_MEAN;
}

function outcome(nodes: readonly Node[], book: ReputationBook, wrong: number): Run {
  const end = START + ROUNDS * ROUND_MS;
  const good = nodes.slice(0, GOOD);
  const turned = nodes.filter(({ quality, jobs }) => quality === undefined && jobs > PATIENCE);
  const found = turned.filter(({ foundAt }) => foundAt !== undefined);
  const excluded = good.filter((node) => node.jobs > 0 && !isTolerated(book, node, end));
  return {
    failure: wrong / (ROUNDS * PER_ROUND),
    detectJobs: found.map(({ foundAt }) => (foundAt ?? 0) - PATIENCE),
    undetected: turned.length - found.length,
    falseExclusion: excluded.length / GOOD,
  };
}
