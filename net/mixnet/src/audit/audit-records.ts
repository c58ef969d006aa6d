/** What the audit keeps: loops whose hop has not revealed yet, and per hop what was found. */

export interface OpenLoop {
  readonly relay: string;
  /** Key epoch of the audited hop. */
  readonly epoch: number;
  /** By the consensus at the time. */
  readonly vrfKey: Uint8Array;
  readonly delayTag: Uint8Array;
  readonly meanMicros: number;
  /** From sending to coming home, by this client's clock. */
  readonly rttMs: number;
}

export interface HopRecord {
  readonly relay: string;
  loops: number;
  /** Home sooner than the owed delay allows. */
  short: number;
  /** Never came home; says nothing of this hop alone. */
  lost: number;
  /** The relay never revealed what it owed. */
  unrevealed: number;
  /** Its reveal did not verify. */
  forged: number;
  /** Of all its loops together: what it owed them, and what they took from sending to coming home. */
  owedMs: number;
  tookMs: number;
  /** Milliseconds beyond the owed delay, the newest last. */
  readonly excessMs: number[];
  /** Milliseconds UTC. */
  updatedMs: number;
}

export interface AuditRecords {
  readonly open: OpenLoop[];
  readonly hops: Map<string, HopRecord>;
}

export function emptyRecords(): AuditRecords {
  return { open: [], hops: new Map() };
}

export function emptyHop(relay: string): HopRecord {
  const counts = { loops: 0, short: 0, lost: 0, unrevealed: 0, forged: 0, owedMs: 0, tookMs: 0 };
  return { relay, ...counts, excessMs: [], updatedMs: 0 };
}
