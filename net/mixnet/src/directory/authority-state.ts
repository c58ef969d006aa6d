/** What an authority must not forget: one 0600 file, replaced as a whole. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { type CanonicalValue, encodeCanonical } from '@fog/crypto';
import { errorMessage } from '@fog/kernel';
import { fail } from '../errors.ts';
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
const FILE_MODE = 0o600;
const MAX_KEPT_CONSENSUSES = 4;
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

/** Throws MIXNET_STATE for a file that is there and not usable: to begin anew might be to equivocate. */
export async function readState(file: string, network: string): Promise<AuthorityState> {
  let stored: Uint8Array;
  try {
    stored = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return emptyState(network);
    throw stateError(file, errorMessage(error), error);
  }
  const read = readCanonical(stored, 'it', stateShape, MAX_STATE_BYTES);
  if (!read.ok) throw stateError(file, read.reason);
  if (read.value.network !== network) {
    throw stateError(file, `it is of the network ${read.value.network}, not of ${network}`);
  }
  return read.value;
}

export interface StateFile {
  /** Resolves when the state of this moment, or a later one, is on the disk. */
  save(): Promise<void>;
}

export function createStateFile(file: string, state: () => AuthorityState): StateFile {
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    try {
      await replaceFile(file, encodeCanonical(state() as unknown as CanonicalValue));
    } catch (cause) {
      throw stateError(file, errorMessage(cause), cause);
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

/** Atomic: a reader sees the old bytes or the new ones, also after a power cut. */
export async function replaceFile(file: string, content: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(4).toString('hex')}.new`;
  try {
    const handle = await open(temporary, 'wx', FILE_MODE);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function stateError(file: string, why: string, cause?: unknown): Error {
  return fail('MIXNET_STATE', {
    message: `The authority's state ${file} cannot be used: ${why}. Restore it from a backup; without one, move it away and start again in the next epoch.`,
    details: { file },
    cause,
  });
}
