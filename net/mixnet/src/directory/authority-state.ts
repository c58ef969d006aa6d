/** What an authority must not forget: one 0600 file, replaced as a whole. */
import { type CanonicalValue, encodeCanonical } from '@fog/crypto';
import { errorMessage } from '@fog/kernel';
import { fail } from '../errors.ts';
import type { BlobFile } from './blob-file.ts';
import type { StoredDescriptor } from './descriptor-store.ts';
import { type Evidence, evidenceShape } from './evidence.ts';
import { bytes, integer, list, literal, record, type Shape, text } from './fields.ts';
import {
  MAX_CONSENSUS_BYTES,
  MAX_COUNTER,
  MAX_DESCRIPTOR_BYTES,
  MAX_EVIDENCE,
  MAX_NAME_BYTES,
  MAX_RELAYS,
  MAX_STATE_BYTES,
  MAX_TIME_MS,
  MAX_VALUE_HISTORY,
} from './limits.ts';
import { type Period, periodShape } from './reveals.ts';
import type { RoundName } from './round.ts';
import { readCanonical } from './signed-object.ts';

const STATE_KIND = 'fog-authority-state/1';
/** The next one, the one in force, the one before it, and one more revision. */
const MAX_KEPT_CONSENSUSES = 4;
/** Rounds whose own vote is remembered, so that a restart cannot make this authority vote twice. */
const MAX_KEPT_ROUNDS = 16;

export interface AuthorityState {
  readonly kind: typeof STATE_KIND;
  readonly network: string;
  /** Signed, newest first. */
  readonly consensuses: readonly Uint8Array[];
  /** Highest revision voted in, of each epoch: a second vote under one name would be an equivocation. */
  readonly voted: readonly RoundName[];
  readonly periods: readonly Period[];
  readonly descriptors: readonly StoredDescriptor[];
  readonly evidence: readonly Evidence[];
}

const time = integer(0, MAX_TIME_MS);

const stateShape: Shape<AuthorityState> = record({
  kind: literal(STATE_KIND),
  network: text(MAX_NAME_BYTES),
  consensuses: list(bytes(1, MAX_CONSENSUS_BYTES), 0, MAX_KEPT_CONSENSUSES),
  voted: list(
    record({ epoch: integer(0, MAX_COUNTER), revision: integer(1, MAX_COUNTER) }),
    0,
    MAX_KEPT_ROUNDS,
  ),
  periods: list(periodShape, 0, MAX_VALUE_HISTORY),
  descriptors: list(
    record({ packed: bytes(1, MAX_DESCRIPTOR_BYTES * 2), receivedMs: time, sinceMs: time }),
    0,
    MAX_RELAYS * 4,
  ),
  evidence: list(evidenceShape, 0, MAX_EVIDENCE),
});

export function emptyState(network: string): AuthorityState {
  return {
    kind: STATE_KIND,
    network,
    consensuses: [],
    voted: [],
    periods: [],
    descriptors: [],
    evidence: [],
  };
}

/** Where the state is, and how messages call it. */
export interface StatePlace {
  readonly path: string;
  readonly file: BlobFile;
}

/** Throws MIXNET_STATE for a file that is there and not usable: to begin anew might be to equivocate. */
export async function readState(
  { path, file }: StatePlace,
  network: string,
): Promise<AuthorityState> {
  const stored = await file.read().catch((error: unknown) => {
    throw stateError(path, errorMessage(error), error);
  });
  if (stored === undefined) return emptyState(network);
  const read = readCanonical(stored, 'it', stateShape, MAX_STATE_BYTES);
  if (!read.ok) throw stateError(path, read.reason);
  if (read.value.network !== network) {
    throw stateError(path, `it is of the network ${read.value.network}, not of ${network}`);
  }
  return read.value;
}

export interface StateFile {
  /** Resolves when the state of this moment, or a later one, is on the disk. */
  save(): Promise<void>;
}

export function createStateFile(
  { path, file }: StatePlace,
  state: () => AuthorityState,
): StateFile {
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    try {
      await file.replace(encodeCanonical(state() as unknown as CanonicalValue));
    } catch (cause) {
      throw stateError(path, errorMessage(cause), cause);
    }
  };
  const begin = (): Promise<void> => {
    writing = write().finally(() => {
      writing = undefined;
    });
    return writing;
  };
  return {
    save: () => {
      if (writing === undefined) return begin();
      // One more write takes in all that has changed since the running one began.
      next ??= writing
        .catch(() => {})
        .then(() => {
          next = undefined;
          return begin();
        });
      return next;
    },
  };
}

function stateError(file: string, why: string, cause?: unknown): Error {
  return fail('MIXNET_STATE', {
    message: `The authority's state ${file} cannot be used: ${why}. Restore it from a backup; without one, move it away and start again in the next epoch.`,
    details: { file },
    cause,
  });
}
