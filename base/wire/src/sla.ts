/** Service levels: what each tier promises, and how far the promises are kept. */
import { z } from 'zod';
import { SLA_TIERS, SlaTier } from './demands.ts';
import { JobId, NodeId } from './ids.ts';
import { MAX_SHOWN_BREACHES } from './limits.ts';

/** What no two copies of a task share: the machine, its owner, or neither owner nor region. */
export const Apart = z.enum(['node', 'owner', 'region']);
export type Apart = z.infer<typeof Apart>;

export const TierPromise = z.strictObject({
  /** 95 of 100 jobs run their first task this soon after they could. */
  startMs: z.int(),
  /** Tasks of 100 whose program ran to its end, well or badly. */
  successPct: z.number(),
  /** Attempts of 100 that a machine of the fog may lose or fail. */
  errorPct: z.number(),
  /** Copies of each task that start together. */
  copies: z.int(),
  apart: Apart,
  /** What a task pays, relative to bronze. */
  priceFactor: z.number(),
});
export type TierPromise = z.infer<typeof TierPromise>;

/** The one table of the tiers. */
export const TIER_PROMISES: Readonly<Record<SlaTier, TierPromise>> = {
  bronze: {
    startMs: 2_500,
    successPct: 97,
    errorPct: 3,
    copies: 1,
    apart: 'node',
    priceFactor: 1,
  },
  silver: {
    startMs: 1_200,
    successPct: 99,
    errorPct: 1,
    copies: 2,
    apart: 'node',
    priceFactor: 2.5,
  },
  gold: {
    startMs: 400,
    successPct: 99.9,
    errorPct: 0.1,
    copies: 3,
    apart: 'owner',
    priceFactor: 5,
  },
  platinum: {
    startMs: 200,
    successPct: 99.95,
    errorPct: 0.05,
    copies: 3,
    apart: 'region',
    priceFactor: 8,
  },
};

/** Percentile of the waits that `startMs` bounds. */
export const START_PERCENTILE = 95;

/** What was measured of a tier in the window; a figure is absent when nothing was there to measure. */
export const SlaMeasure = z.strictObject({
  /** Jobs that began, or that waited longer than promised and did not. */
  starts: z.int(),
  /** Of these, the ones beyond the promise. */
  lateStarts: z.int(),
  startP95Ms: z.number().optional(),
  tasks: z.int(),
  successPct: z.number().optional(),
  attempts: z.int(),
  errorPct: z.number().optional(),
  breaches: z.int(),
});
export type SlaMeasure = z.infer<typeof SlaMeasure>;

export const SlaTierReport = z.strictObject({
  tier: SlaTier,
  promise: TierPromise,
  measured: SlaMeasure,
  /** Absent when nothing was measured. */
  isKept: z.boolean().optional(),
});
export type SlaTierReport = z.infer<typeof SlaTierReport>;

/** A job that did not get what its tier promises. */
export const SlaBreach = z.strictObject({
  time: z.int(),
  job: JobId,
  tier: SlaTier,
  kind: z.enum(['latency', 'success', 'errors']),
  /** `high`: latency beyond 1.5 times the promise, errors or failures beyond twice. */
  severity: z.enum(['medium', 'high']),
  /** Milliseconds of latency, or percent. */
  value: z.number(),
  limit: z.number(),
  /** The machine that caused it, where one did. */
  node: NodeId.optional(),
});
export type SlaBreach = z.infer<typeof SlaBreach>;

/** `GET /sla`. */
export const Sla = z.strictObject({
  time: z.int(),
  /** The measures are of the time since then. */
  since: z.int(),
  tiers: z.array(SlaTierReport).length(SLA_TIERS.length),
  /** Newest first: the caller's own, all for an operator. */
  breaches: z.array(SlaBreach).max(MAX_SHOWN_BREACHES),
});
export type Sla = z.infer<typeof Sla>;
