/** The consensuses a member keeps over a restart, and the proof of forks it has seen. Both are public. */
import { type CanonicalValue, encodeCanonical } from '@fog/crypto';
import type { BlobFile } from './blob-file.ts';
import { bytes, list, record } from './fields.ts';
import { MAX_CONSENSUS_BYTES } from './limits.ts';
import { readCanonical } from './signed-object.ts';

/** The next one, the one in force, the one before it, and one more revision. */
const MAX_CACHED = 4;
/** Two documents prove a fork; the first ones are kept. */
const MAX_FORKS = 2;

export interface Fork {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

export interface CachedConsensuses {
  /** Signed, newest first. */
  readonly consensuses: readonly Uint8Array[];
  readonly forks: readonly Fork[];
}

const signed = bytes(1, MAX_CONSENSUS_BYTES);

const cacheShape = record({
  consensuses: list(signed, 0, MAX_CACHED),
  forks: list(record({ first: signed, second: signed }), 0, MAX_FORKS),
});

/** What cannot be read is as good as nothing: the authorities have it all. */
export async function readCache(file: BlobFile): Promise<CachedConsensuses> {
  const nothing: CachedConsensuses = { consensuses: [], forks: [] };
  const stored = await file.read().catch(() => undefined);
  if (stored === undefined) return nothing;
  const maxBytes = MAX_CONSENSUS_BYTES * (MAX_CACHED + 2 * MAX_FORKS) + 4096;
  const read = readCanonical(stored, 'the cache', cacheShape, maxBytes);
  return read.ok ? read.value : nothing;
}

export async function writeCache(file: BlobFile, cached: CachedConsensuses): Promise<void> {
  const value = {
    consensuses: cached.consensuses.slice(0, MAX_CACHED),
    forks: cached.forks.slice(0, MAX_FORKS),
  };
  await file.replace(encodeCanonical(value as unknown as CanonicalValue));
}
