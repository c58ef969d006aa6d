import { z } from 'zod';

/** SHA-256 in lower-case hex, of something that is no content. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

/** SHA-256 of the bytes, lower-case hex. It names bytes and grants nothing. */
export const ContentId = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');
export type ContentId = z.infer<typeof ContentId>;

/** BLAKE2b-256 of the Ed25519 public key, cut to 16 bytes, base32 lower case without padding. */
export const NodeId = z
  .string()
  .regex(/^[a-z2-7]{26}$/, 'must be a node id (26 base32 characters)');
export type NodeId = z.infer<typeof NodeId>;

export const JobId = z
  .string()
  .regex(/^j[a-z2-7]{12}$/, 'must be a job id (j and 12 base32 characters)');
export type JobId = z.infer<typeof JobId>;

export const AccountId = z.string().regex(/^[a-z0-9-]{1,32}$/);
export type AccountId = z.infer<typeof AccountId>;

/** Fencing token of a lease: grows with each lease the fog issues, never reused. */
export const FencingToken = z.int().positive();
export type FencingToken = z.infer<typeof FencingToken>;

export const TaskIndex = z.int().nonnegative();

/** Bytes as base64 (RFC 4648 §4). */
export const Base64 = z.base64();
