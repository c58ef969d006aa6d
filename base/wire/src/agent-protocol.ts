/**
 * Agent protocol, version 1: JSON text frames on one WebSocket the agent opens at /api/v1/agent.
 *
 *   coordinator: challenge
 *   agent:       hello        (proves its node key by signing AGENT_AUTH_DOMAIN ‖ fogId ‖ nonce ‖ serverKey ‖ nodeKey)
 *   coordinator: welcome      (or refused, then close)
 *   …            work, cancel, heartbeat-ack, ack      ↔      heartbeat, progress, output, results, goodbye
 *
 * The node id comes from the proven key, never from a message. A frame over MAX_AGENT_FRAME_BYTES or
 * against its schema closes the socket with a counted verdict.
 */
import { z } from 'zod';
import { NodeName } from './human-text.ts';
import { AccountId, Base64, FencingToken, JobId, NodeId, Sha256, TaskIndex } from './ids.ts';
import { ArrayItem, JobSpec } from './job-spec.ts';
import { MAX_ADDRESSES, MAX_RESULTS_PER_FRAME } from './limits.ts';
import { Capabilities, NodeLoad, NodeProfile } from './node.ts';
import { Outcome } from './outcome.ts';

export const AGENT_PROTOCOL = 1;
export const AGENT_AUTH_DOMAIN = 'fog-agent-auth/1';

export const Challenge = z.strictObject({
  type: z.literal('challenge'),
  protocol: z.int(),
  fogId: NodeId,
  nonce: Base64,
  /** Ed25519 public key of the fog. */
  serverKey: Base64,
});
export const Welcome = z.strictObject({
  type: z.literal('welcome'),
  nodeId: NodeId,
  owner: AccountId,
  /** Bearer token for /api/v1/agent/* over HTTP; lives as long as this socket. */
  httpToken: z.string().max(256),
  heartbeatMs: z.int().positive(),
  leasedHeartbeatMs: z.int().positive(),
  /** Where the fog's coordinators can be reached, best first; the agent remembers them. */
  addresses: z.array(z.string().max(512)).max(MAX_ADDRESSES).optional(),
});
export const Refused = z.strictObject({
  type: z.literal('refused'),
  code: z.string().max(64),
  message: z.string().max(1024),
  /** True when trying again cannot help (wrong join code, protocol mismatch). */
  final: z.boolean(),
});
export const Lease = z.strictObject({
  token: FencingToken,
  job: JobId,
  index: TaskIndex,
  attempt: z.int().positive(),
  /** A duration, not a date: clocks differ. */
  leaseMs: z.int().positive(),
  item: ArrayItem.optional(),
});
export type Lease = z.infer<typeof Lease>;
export const LeasedJob = z.strictObject({
  id: JobId,
  /** Account the job belongs to: warm sandboxes serve one account only. */
  owner: AccountId,
  /** Without array items (each lease carries its own); absent when large: GET /api/v1/agent/jobs/{id}. */
  spec: JobSpec.optional(),
});
export type LeasedJob = z.infer<typeof LeasedJob>;
export const Work = z.strictObject({
  type: z.literal('work'),
  jobs: z.array(LeasedJob),
  leases: z.array(Lease),
});
export const Cancel = z.strictObject({
  type: z.literal('cancel'),
  tokens: z.array(FencingToken),
  reason: z.string().max(256),
});
export const HeartbeatAck = z.strictObject({
  type: z.literal('heartbeat-ack'),
  leaseMs: z.int().positive(),
  /** Held tokens that are no longer this node's: kill and forget them. */
  revoked: z.array(FencingToken),
  /** Sent back with the next heartbeat. */
  ping: z.int().optional(),
});
/** Results the store has durably; the agent forgets them. `late` ones changed nothing. */
export const ResultsAck = z.strictObject({
  type: z.literal('ack'),
  tokens: z.array(FencingToken),
  late: z.array(FencingToken),
});
export const ToAgent = z.discriminatedUnion('type', [
  Challenge,
  Welcome,
  Refused,
  Work,
  Cancel,
  HeartbeatAck,
  ResultsAck,
]);
export type ToAgent = z.infer<typeof ToAgent>;

export const Hello = z.strictObject({
  type: z.literal('hello'),
  protocol: z.int(),
  nodeKey: Base64,
  signature: Base64,
  joinCode: z.string().max(128).optional(),
  name: NodeName,
  capabilities: Capabilities,
  profile: NodeProfile.optional(),
  /** Leases it may hold at once. */
  credit: z.int().min(1).max(8192),
  /** Tokens it still holds from before a reconnect: running, or finished and not acknowledged. */
  held: z.array(FencingToken).max(8192),
});
export type Hello = z.infer<typeof Hello>;
export const Heartbeat = z.strictObject({
  type: z.literal('heartbeat'),
  held: z.array(FencingToken).max(8192),
  load: NodeLoad.optional(),
  /** The `ping` of the last acknowledgement, and how long the agent held it: the coordinator's round trip. */
  pong: z.strictObject({ ping: z.int(), heldMs: z.number().nonnegative() }).optional(),
});
export const Phase = z.enum(['staging', 'running', 'uploading']);
export type Phase = z.infer<typeof Phase>;
/** Sent for tasks that stay in a phase for longer than a moment; short tasks skip it. */
export const Progress = z.strictObject({
  type: z.literal('progress'),
  tasks: z.array(z.strictObject({ token: FencingToken, phase: Phase })).max(8192),
});
/** Live output: best effort; the result carries or names the whole. */
export const OutputChunk = z.strictObject({
  type: z.literal('output'),
  token: FencingToken,
  stream: z.enum(['stdout', 'stderr']),
  offset: z.int().nonnegative(),
  data: Base64,
});
export const TaskResult = z.strictObject({
  token: FencingToken,
  outcome: Outcome,
  /** Of the runtime that made it; part of the signed manifest. */
  runtimeVersion: z.string().max(64).optional(),
  /** Of its manifest. Without one the result is refused as not signed. */
  digest: Sha256.optional(),
});
export type TaskResult = z.infer<typeof TaskResult>;
export const Results = z.strictObject({
  type: z.literal('results'),
  results: z.array(TaskResult).max(MAX_RESULTS_PER_FRAME),
  /** Of the node's key over `manifestBatchBytes` of these results, in their order. */
  signature: Base64.optional(),
});
/** Leaves of its own will: held leases go back to the queue at once. */
export const Goodbye = z.strictObject({ type: z.literal('goodbye') });
export const FromAgent = z.discriminatedUnion('type', [
  Hello,
  Heartbeat,
  Progress,
  OutputChunk,
  Results,
  Goodbye,
]);
export type FromAgent = z.infer<typeof FromAgent>;

/** The bytes a node signs to prove its key; all parts have fixed length but the domain. */
export function agentAuthBytes(parts: {
  readonly fogId: string;
  readonly nonce: string;
  readonly serverKey: string;
  readonly nodeKey: string;
}): Uint8Array {
  return new TextEncoder().encode(
    [AGENT_AUTH_DOMAIN, parts.fogId, parts.nonce, parts.serverKey, parts.nodeKey].join('\n'),
  );
}
