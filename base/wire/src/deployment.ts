/** Service jobs: a number of replicas kept running. */
import { z } from 'zod';
import { DeploymentName } from './human-text.ts';
import { AccountId, JobId, NodeId } from './ids.ts';
import { JobSpec } from './job-spec.ts';
import { MAX_REPLICAS } from './limits.ts';

export const DeploymentId = z
  .string()
  .regex(/^d[a-z2-7]{12}$/, 'must be a deployment id (d and 12 base32 characters)');
export type DeploymentId = z.infer<typeof DeploymentId>;

/**
 * When a replica is healthy: `running` as soon as its program runs, `output` while it has written to
 * stdout or stderr within `withinMs`.
 */
export const HealthProbe = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('running') }),
  z.strictObject({ kind: z.literal('output'), withinMs: z.int().min(1_000).max(3_600_000) }),
]);
export type HealthProbe = z.infer<typeof HealthProbe>;

export const DeploymentSpec = z.strictObject({
  name: DeploymentName,
  replicas: z.int().min(0).max(MAX_REPLICAS),
  /** What each replica runs; no array, no needs. */
  job: JobSpec,
  probe: HealthProbe.default({ kind: 'running' }),
  /** Replicas that may be missing while an update goes on. */
  maxUnavailable: z.int().min(1).max(MAX_REPLICAS).default(1),
});
export type DeploymentSpec = z.infer<typeof DeploymentSpec>;
export type DeploymentSpecInput = z.input<typeof DeploymentSpec>;

export const DeploymentChange = z.strictObject({
  replicas: z.int().min(0).max(MAX_REPLICAS).optional(),
  /** A new version: replicas are replaced a few at a time. */
  job: JobSpec.optional(),
});
export type DeploymentChange = z.infer<typeof DeploymentChange>;
export type DeploymentChangeInput = z.input<typeof DeploymentChange>;

export const Replica = z.strictObject({
  slot: z.int().nonnegative(),
  version: z.int().positive(),
  job: JobId,
  state: z.enum(['starting', 'healthy', 'unhealthy', 'stopping']),
  node: NodeId.optional(),
  since: z.int(),
  restarts: z.int().nonnegative(),
  detail: z.string().optional(),
});
export type Replica = z.infer<typeof Replica>;

export const Deployment = z.strictObject({
  id: DeploymentId,
  owner: AccountId,
  name: z.string(),
  /** Grows with each change of what it runs. */
  version: z.int().positive(),
  wanted: z.int().nonnegative(),
  healthy: z.int().nonnegative(),
  state: z.enum(['starting', 'running', 'updating', 'degraded', 'deleting']),
  /** Why it is degraded. */
  cause: z.string().optional(),
  createdAt: z.int(),
  updatedAt: z.int(),
  replicas: z.array(Replica),
});
export type Deployment = z.infer<typeof Deployment>;
