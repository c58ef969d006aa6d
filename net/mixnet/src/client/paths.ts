/**
 * Which relays a packet takes: a free route over distinct active relays, drawn by consensus weight. Pure:
 * all chance comes from the generator given. It does not defend against an operator who hides that his
 * relays are one family: families and regions are what relays say of themselves.
 */
import type { RandomFill } from '@fog/crypto';
import { MAX_HOPS } from '@fog/sphinx';
import type { Consensus, ConsensusRelay, VerifiedConsensus } from '../directory/documents.ts';
import { fail } from '../errors.ts';
import { subnetsOf } from '../subnets.ts';
import { drawOrder } from './draws.ts';
import { MAX_PATH_STEPS } from './limits.ts';

export interface PathRequest {
  readonly consensus: VerifiedConsensus;
  readonly hops: number;
  /** The first relay; drawn too when left out. */
  readonly entry?: string;
  /** The last relay; the entry itself for a loop. Drawn too when left out. */
  readonly exit?: string;
  /** Key epochs in which the packet may arrive anywhere: relays without a key for them are left out. */
  readonly epochs: readonly number[];
  /** Relays used only when the path is impossible without them. */
  readonly avoid?: ReadonlySet<string>;
  /** What the path is for, as the error names it: a level, `ping`. */
  readonly purpose: string;
}

/**
 * The relays of the path in order; as many as `hops`, but where its ends are given, at least what
 * joins them. Throws MIXNET_TOO_FEW_RELAYS, MIXNET_HOPS and MIXNET_NOT_A_RELAY.
 */
export function choosePath(request: PathRequest, random: RandomFill): ConsensusRelay[] {
  const hops = joiningHops(request);
  if (!(Number.isInteger(hops) && hops >= 1 && hops <= MAX_HOPS)) {
    throw fail('MIXNET_HOPS', {
      message: `A path of ${hops} hops is not possible: choose 1 to ${MAX_HOPS}.`,
    });
  }
  const entry = request.entry === undefined ? undefined : relayOf(request, request.entry);
  const exit = request.exit === undefined ? undefined : relayOf(request, request.exit);
  if (hops === 1)
    return [entry ?? exit ?? (drawBetween(request, [], 1, random)[0] as ConsensusRelay)];
  const ends = [entry, exit].filter((end) => end !== undefined);
  const between = drawBetween(request, ends, hops - ends.length, random);
  return [
    ...(entry === undefined ? [] : [entry]),
    ...between,
    ...(exit === undefined ? [] : [exit]),
  ];
}

/** A packet cannot visit one relay twice in a row, nor be at two relays in one hop. */
function joiningHops({ hops, entry, exit }: PathRequest): number {
  if (entry === undefined || exit === undefined) return hops;
  if (entry === exit) return hops === 2 ? 3 : hops;
  return Math.max(2, hops);
}

function relayOf({ consensus, epochs }: PathRequest, id: string): ConsensusRelay {
  const relay = consensus.relays.get(id);
  if (relay === undefined || !relay.flags.includes('Running') || !hasKeys(relay, epochs)) {
    throw fail('MIXNET_NOT_A_RELAY', {
      message: `The relay ${id} is not running in the consensus of epoch ${consensus.consensus.epoch}: ask the other side for its present address, or wait for the next consensus.`,
      details: { relay: id },
    });
  }
  return relay;
}

function drawBetween(
  request: PathRequest,
  ends: readonly ConsensusRelay[],
  count: number,
  random: RandomFill,
): ConsensusRelay[] {
  const { consensus } = request.consensus;
  const taken = new Set(ends.map(({ descriptor }) => descriptor.id));
  const usable = consensus.relays.filter(
    (relay) => isUsable(relay, request.epochs) && !taken.has(relay.descriptor.id),
  );
  const order = drawOrder(usable, ({ weightPpm }) => weightPpm, random);
  const { avoid } = request;
  const preferred = avoid === undefined ? order : preferring(order, avoid);
  const search = { rules: consensus.pathPolicy, order: preferred, count, steps: 0, best: 0 };
  const found = extend(search, ends.map(traitsOf), 0, []);
  if (found !== undefined) return found;
  throw tooFew(request, count + taken.size, search.best + taken.size);
}

export function isUsable(relay: ConsensusRelay, epochs: readonly number[]): boolean {
  return relay.active && relay.flags.includes('Running') && hasKeys(relay, epochs);
}

function hasKeys({ descriptor }: ConsensusRelay, epochs: readonly number[]): boolean {
  return epochs.every((epoch) => descriptor.mixKeys.some((key) => key.epoch === epoch));
}

function preferring(
  order: readonly ConsensusRelay[],
  avoid: ReadonlySet<string>,
): ConsensusRelay[] {
  const [last, first] = [true, false].map((avoided) =>
    order.filter(({ descriptor }) => avoid.has(descriptor.id) === avoided),
  );
  return [...(first ?? []), ...(last ?? [])];
}

interface Search {
  readonly rules: Consensus['pathPolicy'];
  readonly order: readonly ConsensusRelay[];
  readonly count: number;
  steps: number;
  best: number;
}

interface Traits {
  readonly family: string;
  readonly region: string;
  readonly subnets: readonly string[];
}

/** Takes the relays as they come, and goes back where the rules leave none. */
function extend(
  search: Search,
  others: readonly Traits[],
  from: number,
  chosen: readonly ConsensusRelay[],
): ConsensusRelay[] | undefined {
  search.best = Math.max(search.best, chosen.length);
  if (chosen.length === search.count) return [...chosen];
  for (let index = from; index < search.order.length; index += 1) {
    search.steps += 1;
    if (search.steps > MAX_PATH_STEPS) return undefined;
    const relay = search.order[index] as ConsensusRelay;
    const traits = traitsOf(relay);
    if (others.some((other) => conflict(search.rules, traits, other))) continue;
    const found = extend(search, [...others, traits], index + 1, [...chosen, relay]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function traitsOf({ descriptor }: ConsensusRelay): Traits {
  const { family, region, addresses } = descriptor;
  return { family, region, subnets: subnetsOf(addresses) };
}

/**
 * Whether two relays may not share a path. Ends that were given are not compared with each other:
 * the sender has not chosen them, and a refusal would tell nobody anything new.
 */
function conflict(rules: Consensus['pathPolicy'], a: Traits, b: Traits): boolean {
  if (rules.singleOperator) return false;
  if (rules.distinctFamilies && a.family !== '' && a.family === b.family) return true;
  if (rules.distinctRegions && a.region !== '' && a.region === b.region) return true;
  return rules.distinctSubnets && a.subnets.some((subnet) => b.subnets.includes(subnet));
}

function tooFew({ purpose, hops }: PathRequest, need: number, have: number): Error {
  return fail('MIXNET_TOO_FEW_RELAYS', {
    message: `Too few relays for ${purpose} (${hops} hops): it needs ${need} that may share a path, and the consensus has ${have}. Start more relays or choose a lower level.`,
    details: { purpose, need, have },
  });
}
