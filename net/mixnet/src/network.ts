/** What every member of one mix network is told out of band; `fog up` makes it once and keeps it in its data dir. */
export interface MixNetwork {
  /** Name in every signed object: documents of another network are refused. */
  readonly name: string;
  readonly epochMs: number;
  /** Good signatures a consensus needs; at least a majority. */
  readonly threshold: number;
  readonly authorities: readonly AuthorityContact[];
}

export interface AuthorityContact {
  /** `identityId(key)`. */
  readonly id: string;
  /** Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array;
  /** ECVRF public key, 32 bytes: pinned, so that no authority can choose among outputs. */
  readonly vrfKey: Uint8Array;
  /** `http://host:port`: documents are public and signed, so the directory needs no TLS. */
  readonly url: string;
}

/** Short epochs make replay filters small and keys short-lived; shorter ones would cost more votes. */
export const DEFAULT_EPOCH_MS: number = 20 * 60_000;

/** Epoch numbers are the clock: the whole fog agrees on them without a word. */
export function epochAt(epochMs: number, timeMs: number): number {
  return Math.floor(timeMs / epochMs);
}

export function epochStart(epochMs: number, epoch: number): number {
  return epoch * epochMs;
}
