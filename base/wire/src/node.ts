/** A machine of the fog: what it is, what it says of itself, and how it is seen. */
import { z } from 'zod';
import { Labels, Region } from './demands.ts';
import { humanText } from './human-text.ts';
import { AccountId, NodeId } from './ids.ts';
import { RuntimeName } from './job-spec.ts';

export const NODE_TYPES = [
  'edge_device',
  'relay',
  'mixnode',
  'compute',
  'gateway',
  'browser',
] as const;
export const NodeType = z.enum(NODE_TYPES);
export type NodeType = z.infer<typeof NodeType>;

/**
 * `suspect`: silent for a while; `draining`: ends what it has and takes nothing new; `maintenance`: takes
 * nothing until its owner or an operator says so; `dead`: silent beyond hope; `offline`: left or lost.
 */
export const NODE_STATUSES = [
  'active',
  'idle',
  'busy',
  'suspect',
  'draining',
  'maintenance',
  'dead',
  'offline',
] as const;
export const NodeStatus = z.enum(NODE_STATUSES);
export type NodeStatus = z.infer<typeof NodeStatus>;

/** What people decide about a node, apart from what it does. */
export const NodeMode = z.enum(['accepting', 'draining', 'maintenance']);
export type NodeMode = z.infer<typeof NodeMode>;

/** Degrees, WGS 84. */
export const Coordinates = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
});
export type Coordinates = z.infer<typeof Coordinates>;

/** µ-credits the owner asks. */
export const Prices = z.strictObject({
  cpuHour: z.int().nonnegative(),
  gbHour: z.int().nonnegative(),
  gpuHour: z.int().nonnegative(),
  /** Part of the price taken off for work that may be pre-empted. */
  spotDiscount: z.number().min(0).max(1),
});
export type Prices = z.infer<typeof Prices>;

/** `POST /nodes/{id}/prices`. */
export const NodePricesRequest = z.strictObject({ prices: Prices });
export type NodePricesRequest = z.infer<typeof NodePricesRequest>;

/** `os`: namespaces around the process; `process`: a plain child process with limits. */
export const SandboxLevel = z.enum(['os', 'process']);
export type SandboxLevel = z.infer<typeof SandboxLevel>;

/** Measured by the agent on its machine, never typed in by a person. */
export const Capabilities = z.strictObject({
  platform: humanText(32),
  arch: humanText(32),
  cores: z.int().positive(),
  memoryBytes: z.int().positive(),
  diskBytes: z.int().nonnegative().optional(),
  gpus: z.int().nonnegative().optional(),
  /** Fuel per second of one core by a short run of an instrumented module. */
  speed: z.number().positive().optional(),
  slots: z.int().min(1).max(1024),
  sandboxLevel: SandboxLevel,
  runtimes: z.array(RuntimeName).max(16),
  /** Hash of all that decides a strict result, by runtime; equal hashes give equal bytes. */
  runtimeVersions: z.partialRecord(RuntimeName, z.string().max(64)).optional(),
  version: humanText(64),
});
export type Capabilities = z.infer<typeof Capabilities>;

/** Said by the owner of the machine; believed no further than that. */
export const NodeProfile = z.strictObject({
  type: NodeType,
  labels: Labels,
  region: Region.optional(),
  coordinates: Coordinates.optional(),
  prices: Prices.optional(),
});
export type NodeProfile = z.infer<typeof NodeProfile>;

/** How the machine is doing now, by its agent's measurement. */
export const NodeLoad = z.strictObject({
  /** Share of all cores in use by anybody, 0 to 1. */
  cpu: z.number().min(0).max(1),
  freeMemoryBytes: z.int().nonnegative(),
  freeDiskBytes: z.int().nonnegative().optional(),
});
export type NodeLoad = z.infer<typeof NodeLoad>;

/** Keeps work away from a node that fails: open after failures, half-open after the cool-down. */
export const Breaker = z.strictObject({
  state: z.enum(['closed', 'open', 'half-open']),
  /** Failures in a row. */
  failures: z.int().nonnegative(),
  /** When an open one lets a task try again. */
  until: z.int().optional(),
});
export type Breaker = z.infer<typeof Breaker>;

export const FogNode = z.strictObject({
  id: NodeId,
  name: z.string(),
  owner: AccountId,
  status: NodeStatus,
  mode: NodeMode,
  profile: NodeProfile,
  capabilities: Capabilities,
  load: NodeLoad.optional(),
  /** Round trip to the coordinator: smoothed, measured by it. */
  rttMs: z.number().nonnegative().optional(),
  /** Of transfers of blobs, smoothed. */
  bandwidthMbps: z.number().nonnegative().optional(),
  breaker: Breaker,
  /** 5 % lower bound of the node's reputation, 0 to 1; absent before there is evidence. */
  trust: z.number().min(0).max(1).optional(),
  running: z.int(),
  settled: z.int(),
  failed: z.int(),
  joinedAt: z.int(),
  lastSeenAt: z.int(),
});
export type FogNode = z.infer<typeof FogNode>;

export const NodeModeRequest = z.strictObject({ mode: NodeMode });
export type NodeModeRequest = z.infer<typeof NodeModeRequest>;

/** Counts of the fleet at one time. */
export const TopologySnapshot = z.strictObject({
  time: z.int(),
  nodes: z.int(),
  byType: z.partialRecord(NodeType, z.int()),
  byStatus: z.partialRecord(NodeStatus, z.int()),
  capacity: z.strictObject({
    slots: z.int(),
    freeSlots: z.int(),
    cores: z.int(),
    memoryBytes: z.int(),
  }),
});
export type TopologySnapshot = z.infer<typeof TopologySnapshot>;

export const Topology = z.strictObject({
  now: TopologySnapshot,
  /** Links to the coordinator, one a node. */
  links: z.array(
    z.strictObject({
      node: NodeId,
      rttMs: z.number().optional(),
      bandwidthMbps: z.number().optional(),
    }),
  ),
  /** Oldest first. */
  history: z.array(TopologySnapshot),
});
export type Topology = z.infer<typeof Topology>;
