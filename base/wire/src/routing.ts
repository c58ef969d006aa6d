/** Questions about placement: where would a request go, and why does a job not run. */
import { z } from 'zod';
import { JobPrivacy, Labels, Region, Resources, RoutingStrategy, SlaTier } from './demands.ts';
import { JobId, NodeId } from './ids.ts';
import { JobState } from './job-state.ts';
import { RuntimeName } from './job-spec.ts';
import { Coordinates } from './node.ts';
import { PlanSummary } from './scheduler.ts';

export const RouteRequest = z.strictObject({
  strategy: RoutingStrategy,
  runtime: RuntimeName.default('wasm'),
  resources: Resources.optional(),
  labels: Labels.optional(),
  region: Region.optional(),
  privacy: JobPrivacy.optional(),
  tier: SlaTier.optional(),
  /** Where the request comes from, for proximity. */
  from: Coordinates.optional(),
});
export type RouteRequest = z.infer<typeof RouteRequest>;
export type RouteRequestInput = z.input<typeof RouteRequest>;

/** What a node asks now for the task, with tier, congestion and spot discount, if it runs for that time. */
export const RouteQuote = z.strictObject({
  /** µ-credits, rounded up. */
  micro: z.number().nonnegative(),
  forMs: z.number().nonnegative(),
});
export type RouteQuote = z.infer<typeof RouteQuote>;

/** One node as the strategy saw it; lower score is better. */
export const RouteCandidate = z.strictObject({
  node: NodeId,
  name: z.string(),
  score: z.number().optional(),
  /** What the score is made of, in words. */
  because: z.string().optional(),
  /** Why it cannot take the request; then it has no score. */
  refusal: z.string().optional(),
  /** Absent when its owner asks nothing, or it is not connected. */
  quote: RouteQuote.optional(),
});
export type RouteCandidate = z.infer<typeof RouteCandidate>;

export const RouteAnswer = z.strictObject({
  strategy: RoutingStrategy,
  /** Absent when no node can take it. */
  node: NodeId.optional(),
  /** Best first, refused ones last. */
  candidates: z.array(RouteCandidate),
});
export type RouteAnswer = z.infer<typeof RouteAnswer>;

/** `GET /jobs/{id}/why`: what a job waits for or why it ended so, and each node's answer. */
export const JobWhy = z.strictObject({
  job: JobId,
  state: JobState,
  /** One sentence. */
  summary: z.string(),
  /** Its past in sentences, oldest first. */
  history: z.array(z.strictObject({ time: z.int(), text: z.string() })),
  /** Jobs it waits for. */
  needs: z.array(z.strictObject({ job: JobId, state: JobState })),
  /** What each node says to its next task; empty once the job has ended. */
  nodes: z.array(RouteCandidate),
  /** How its tasks were placed as a whole, with names of the nodes that could take none, by the reason. */
  plan: PlanSummary.extend({ excluded: z.record(z.string(), z.array(z.string())) }).optional(),
});
export type JobWhy = z.infer<typeof JobWhy>;
