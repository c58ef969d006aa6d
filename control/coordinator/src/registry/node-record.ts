import {
  type Breaker,
  type Capabilities,
  CREDIT_PER_SLOT,
  type FogNode,
  type NodeLoad,
  type NodeMode,
  NodeProfile,
  type NodeStatus,
  type Prices,
} from '@fog/wire';
import type { NodeRow } from '@fog/store';
import { type PlacementNode, slotsFor } from '@fog/scheduler';
import type { AgentLink } from '../api.ts';
import type { Core } from '../core.ts';
import { breakerAt } from './breaker.ts';
import type { LeaseRecord } from '../lease/lease-record.ts';

/** A node the fog knows; `link` while its agent is connected. */
export interface NodeRecord {
  readonly id: string;
  /** Ed25519 public key: its results are signed with it. Empty before it was ever proven here. */
  key: Uint8Array;
  owner: string;
  name: string;
  capabilities: Capabilities;
  /** As its agent says it. */
  profile: NodeProfile;
  /** Set since it joined, in place of those in the profile. */
  askedPrices: Prices | undefined;
  mode: NodeMode;
  load: NodeLoad | undefined;
  rttMs: number | undefined;
  bandwidthMbps: number | undefined;
  breaker: Breaker;
  /** The ping it owes an answer to: monotonic milliseconds. */
  pingMs: number | undefined;
  /** Silent for too long; until it connects again. */
  isDead: boolean;
  readonly joinedAt: number;
  lastSeenAt: number;
  /** Monotonic time of the last frame; below nothing when this coordinator has heard none yet. */
  lastHeardMs: number;
  settled: number;
  failed: number;
  link: AgentLink | undefined;
  /** Leases issued to it and neither ended nor lost. */
  readonly leases: Map<number, LeaseRecord>;
}

export function nodeRow(node: NodeRecord): NodeRow {
  return {
    id: node.id,
    owner: node.owner,
    name: node.name,
    capabilities: JSON.stringify(node.capabilities),
    settled: node.settled,
    failed: node.failed,
    joined_at: node.joinedAt,
    last_seen_at: node.lastSeenAt,
    profile: JSON.stringify(node.profile),
    mode: node.mode,
    rtt_ms: node.rttMs ?? null,
    bandwidth_mbps: node.bandwidthMbps ?? null,
    failures: node.breaker.failures,
    cool_until: node.breaker.until ?? null,
    node_key: Buffer.from(node.key).toString('base64'),
  };
}

export function nodeFromRow(row: NodeRow): NodeRecord {
  return {
    id: row.id,
    key: Buffer.from(row.node_key ?? '', 'base64'),
    owner: row.owner,
    name: row.name,
    capabilities: JSON.parse(row.capabilities) as Capabilities,
    profile: NodeProfile.parse(JSON.parse(row.profile)),
    askedPrices: undefined,
    mode: row.mode as NodeMode,
    load: undefined,
    rttMs: row.rtt_ms ?? undefined,
    bandwidthMbps: row.bandwidth_mbps ?? undefined,
    breaker: breakerFromRow(row),
    pingMs: undefined,
    isDead: false,
    joinedAt: row.joined_at,
    lastSeenAt: row.last_seen_at,
    lastHeardMs: -1,
    settled: row.settled,
    failed: row.failed,
    link: undefined,
    leases: new Map(),
  };
}

function breakerFromRow({ failures, cool_until }: NodeRow): Breaker {
  if (cool_until === null) return { state: 'closed', failures };
  return { state: 'open', failures, until: cool_until };
}

function nodeStatus(node: NodeRecord, nowMs: number, suspectMs: number): NodeStatus {
  if (node.link === undefined) return node.isDead ? 'dead' : 'offline';
  if (nowMs - node.lastHeardMs > suspectMs) return 'suspect';
  if (node.mode !== 'accepting') return node.mode;
  if (node.leases.size === 0) return 'idle';
  return node.leases.size >= node.capabilities.slots ? 'busy' : 'active';
}

type Known = Pick<Core, 'clock' | 'reputation'>;

/** As it is seen now. */
export function nodeView(
  core: Pick<Core, 'clock' | 'reputation' | 'options'>,
  node: NodeRecord,
): FogNode {
  const status = nodeStatus(node, core.clock.monotonicMs(), core.options.suspectMs);
  const trust = trustOf(core, node);
  return {
    id: node.id,
    name: node.name,
    owner: node.owner,
    status,
    mode: node.mode,
    profile: currentProfile(node),
    capabilities: node.capabilities,
    ...(node.load === undefined ? {} : { load: node.load }),
    ...(node.rttMs === undefined ? {} : { rttMs: node.rttMs }),
    ...(node.bandwidthMbps === undefined ? {} : { bandwidthMbps: node.bandwidthMbps }),
    breaker: breakerAt(node.breaker, core.clock.now()),
    ...(trust === undefined ? {} : { trust }),
    running: Math.min(node.leases.size, node.capabilities.slots),
    settled: node.settled,
    failed: node.failed,
    joinedAt: node.joinedAt,
    lastSeenAt: node.lastSeenAt,
  };
}

/** As its owner wants it now. */
function currentProfile({ profile, askedPrices }: NodeRecord): NodeProfile {
  return askedPrices === undefined ? profile : { ...profile, prices: askedPrices };
}

export function placementNode(core: Known, node: NodeRecord, link: AgentLink): PlacementNode {
  const kept = keptOn(node);
  const known = knownNode(core, node, kept);
  return { ...known, credit: Math.min(known.credit, link.credit - kept.leases) };
}

/** The node as the scheduler sees it, whether it is connected or not. */
export function knownNode(core: Known, node: NodeRecord, kept = keptOn(node)): PlacementNode {
  const { capabilities, load } = node;
  const profile = currentProfile(node);
  const now = core.clock.now();
  const trust = trustOf(core, node);
  const standing = core.reputation.standing(node.id, now);
  const { state } = breakerAt(node.breaker, now);
  const slots = Math.max(0, capabilities.slots - kept.slots);
  const closed = node.mode !== 'accepting' ? node.mode : state === 'open' ? 'cooling' : undefined;
  return {
    id: node.id,
    owner: node.owner,
    runtimes: capabilities.runtimes,
    sandboxLevel: capabilities.sandboxLevel,
    memoryBytes: capabilities.memoryBytes,
    cores: capabilities.cores,
    slots,
    allSlots: capabilities.slots,
    // A node on its last chance, or nobody trusts, takes one task at a time.
    credit: state === 'half-open' || standing.isDistrusted ? 1 : slots * CREDIT_PER_SLOT,
    held: node.leases.size - kept.leases,
    ...kept.held,
    labels: profile.labels,
    ...(capabilities.diskBytes === undefined ? {} : { diskBytes: capabilities.diskBytes }),
    ...(capabilities.gpus === undefined ? {} : { gpus: capabilities.gpus }),
    ...(profile.region === undefined ? {} : { region: profile.region }),
    ...(profile.prices === undefined ? {} : { prices: profile.prices }),
    ...(profile.coordinates === undefined ? {} : { coordinates: profile.coordinates }),
    ...(node.rttMs === undefined ? {} : { rttMs: node.rttMs }),
    ...(load === undefined ? {} : { cpuLoad: load.cpu }),
    isNewcomer: standing.isNewcomer,
    isDistrusted: standing.isDistrusted,
    ...(trust === undefined ? {} : { trust }),
    ...(closed === undefined ? {} : { closed }),
  };
}

/** Its owner and operators know all of a node, others what work needs. */
export function isKnownTo(caller: Viewer, node: Pick<NodeRecord, 'owner'>): boolean {
  return caller.role === 'operator' || caller.account === node.owner;
}

/** Who is told of nodes; without a role, what any account is told. */
export interface Viewer {
  readonly account: string;
  readonly role?: string | undefined;
}

/** Characters of an id that tell machines apart. */
const SHORT_ID = 8;

/** What a node is called: the name of somebody else's machine is nobody's business. */
export function nameFor(viewer: Viewer, id: string, { nodes }: Pick<Core, 'nodes'>): string {
  const node = nodes.get(id);
  return node !== undefined && isKnownTo(viewer, node) ? node.name : id.slice(0, SHORT_ID);
}

/** Connected, or expected back: a coordinator that begins to lead has the fleet of the one before it. */
export function isPresent(
  { clock, options }: Pick<Core, 'clock' | 'options'>,
  node: NodeRecord,
): boolean {
  if (node.link !== undefined) return true;
  return node.lastHeardMs < 0 && clock.now() - node.lastSeenAt < options.suspectMs;
}

/** What it is worth at least; nothing is said of a node nobody has seen anything of. */
function trustOf({ clock, reputation }: Known, { id }: NodeRecord): number | undefined {
  return reputation.knows(id) ? reputation.standing(id, clock.now()).score.lower : undefined;
}

interface Kept {
  readonly leases: number;
  readonly slots: number;
  readonly held: Pick<PlacementNode, 'gpusHeld' | 'diskHeld' | 'memoryHeld' | 'memoryLeast'>;
}

const NOTHING_KEPT: Kept = { leases: 0, slots: 0, held: {} };

/** What is taken until somebody frees it; of slots only those of services and wide tasks: nothing may wait behind them. */
function keptOn({ leases, capabilities }: NodeRecord): Kept {
  if (leases.size === 0) return NOTHING_KEPT;
  const kept = { leases: 0, slots: 0 };
  const held = { gpusHeld: 0, diskHeld: 0, memoryHeld: 0 };
  const others: number[] = [];
  for (const { job } of leases.values()) {
    const { memoryBytes, diskBytes = 0, gpus = 0 } = job.demands;
    held.gpusHeld += gpus;
    held.diskHeld += diskBytes;
    const slots = slotsFor(job.demands, capabilities);
    if (slots === 1 && job.spec.service !== true) {
      others.push(memoryBytes);
      continue;
    }
    kept.leases += 1;
    kept.slots += slots;
    held.memoryHeld += memoryBytes;
  }
  const running = largest(others, Math.max(0, capabilities.slots - kept.slots));
  for (const memoryBytes of running) held.memoryHeld += memoryBytes;
  const memoryLeast = running.at(-1);
  return { ...kept, held: memoryLeast === undefined ? held : { ...held, memoryLeast } };
}

/** So many of them, in descending order: those that run side by side at the worst. */
function largest(sizes: readonly number[], count: number): readonly number[] {
  // Most nodes hold tasks of one kind.
  const isAlike = sizes.every((size) => size === sizes[0]);
  return (isAlike ? sizes : sizes.toSorted((a, b) => b - a)).slice(0, count);
}
