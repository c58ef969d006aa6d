/** What a job may ask of its placement: service class, tier, strategy and the machines it accepts. */
import { z } from 'zod';
import { humanText } from './human-text.ts';
import { NodeId } from './ids.ts';
import {
  DEFAULT_MEMORY_BYTES,
  MAX_CORES,
  MAX_DISK_BYTES,
  MAX_EXCLUDED_NODES,
  MAX_GPUS,
  MAX_LABELS,
  MAX_MEMORY_BYTES,
  MIN_MEMORY_BYTES,
} from './limits.ts';

/** How much a result is checked: S by three owners with quorum two, A by two, B by evidence. */
export const ServiceClass = z.enum(['S', 'A', 'B']);
export type ServiceClass = z.infer<typeof ServiceClass>;

export const SLA_TIERS = ['bronze', 'silver', 'gold', 'platinum'] as const;
export const SlaTier = z.enum(SLA_TIERS);
export type SlaTier = z.infer<typeof SlaTier>;

/** `strict`: the same run gives the same bytes on every machine, so results can be compared. */
export const Determinism = z.enum(['strict', 'none']);
export type Determinism = z.infer<typeof Determinism>;

/** How one request finds its node. */
export const ROUTING_STRATEGIES = [
  'round_robin',
  'least_loaded',
  'affinity_based',
  'proximity_based',
  'privacy_aware',
  'random',
] as const;
export const RoutingStrategy = z.enum(ROUTING_STRATEGIES);
export type RoutingStrategy = z.infer<typeof RoutingStrategy>;

/** How a batch is placed: `greedy` one task after the other by load, the others as a whole. */
export const PLACEMENT_STRATEGIES = [
  'greedy',
  'nsga2',
  'latency_first',
  'load_balance',
  'trust_first',
  'cost_optimize',
] as const;
export const BatchStrategy = z.enum(PLACEMENT_STRATEGIES);
export type BatchStrategy = z.infer<typeof BatchStrategy>;

/** `auto` leaves the choice to the fog: `greedy` for single tasks and short work, `nsga2` for batches. */
export const BATCH_STRATEGIES = ['auto', ...PLACEMENT_STRATEGIES] as const;
export const Strategy = z.enum([...BATCH_STRATEGIES, ...ROUTING_STRATEGIES]);
export type Strategy = z.infer<typeof Strategy>;

/**
 * Who may see the work, beside the submitter's own machines: `private` those with an operating-system
 * sandbox, `confidential` of these the trusted ones, `secret` none.
 */
export const JobPrivacy = z.enum(['public', 'private', 'confidential', 'secret']);
export type JobPrivacy = z.infer<typeof JobPrivacy>;

/** Kubernetes-like: short names, so that they fit a table. */
const LabelName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/,
    'must be a label name such as zone or gpu.model',
  );
/** What a node says of itself, and what a job asks for. */
export const Labels = z
  .record(LabelName, humanText(128))
  .refine((labels) => Object.keys(labels).length <= MAX_LABELS, 'more than 32 labels');
export type Labels = z.infer<typeof Labels>;

export const Region = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'must be a region name such as eu-west');
export type Region = z.infer<typeof Region>;

/** What one task holds of a node while it runs. */
export const Resources = z.strictObject({
  memoryBytes: z.int().min(MIN_MEMORY_BYTES).max(MAX_MEMORY_BYTES).default(DEFAULT_MEMORY_BYTES),
  cores: z.number().positive().max(MAX_CORES).optional(),
  diskBytes: z.int().nonnegative().max(MAX_DISK_BYTES).optional(),
  gpus: z.int().nonnegative().max(MAX_GPUS).optional(),
});
export type Resources = z.infer<typeof Resources>;

/**
 * What happens to a task whose node is lost: `replace` runs it elsewhere at once, `wait` gives the node
 * `waitMs` to come back with the result, `fail` ends the task.
 */
export const DisconnectPolicy = z.discriminatedUnion('onLost', [
  z.strictObject({ onLost: z.literal('replace') }),
  z.strictObject({ onLost: z.literal('wait'), waitMs: z.int().min(1_000).max(86_400_000) }),
  z.strictObject({ onLost: z.literal('fail') }),
]);
export type DisconnectPolicy = z.infer<typeof DisconnectPolicy>;

/** Bounds of the phases before and after `timeoutMs`, which counts the running phase alone. */
export const PhaseTimeouts = z.strictObject({
  queuedMs: z.int().positive().optional(),
  stagingMs: z.int().positive().optional(),
  uploadingMs: z.int().positive().optional(),
});
export type PhaseTimeouts = z.infer<typeof PhaseTimeouts>;

/** Placement wishes of a job; all optional, so that a plain spec stays small. */
export const demandShape = {
  class: ServiceClass.optional(),
  determinism: Determinism.optional(),
  tier: SlaTier.optional(),
  /** Counts copies by nodes when the fog has too few owners for the class; shown in the result. */
  allowSameOwner: z.boolean().optional(),
  strategy: Strategy.optional(),
  privacy: JobPrivacy.optional(),
  /** 1 is served first. */
  priority: z.int().min(1).max(10).optional(),
  /** Milliseconds UTC; a task that has not ended by then never will. */
  deadlineAt: z.int().positive().optional(),
  phaseTimeouts: PhaseTimeouts.optional(),
  disconnect: DisconnectPolicy.optional(),
  region: Region.optional(),
  /** Labels a node must have, with these values. */
  labels: Labels.optional(),
  minTrust: z.number().min(0).max(1).optional(),
  excludedNodes: z.array(NodeId).max(MAX_EXCLUDED_NODES).optional(),
  /** µ-credits one task may cost at most: the prices of its node for what it holds, until its timeout. */
  maxPrice: z.int().nonnegative().optional(),
} as const;

/** What the fields mean when they are left out. */
export const DEMAND_DEFAULTS = {
  class: 'B',
  determinism: 'none',
  tier: 'bronze',
  privacy: 'public',
  priority: 5,
  disconnect: { onLost: 'replace' },
} as const;
