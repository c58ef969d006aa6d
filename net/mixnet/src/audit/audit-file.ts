/** The audit's records on disk, in canonical CBOR and a 0600 file: they name the paths of this client's own loops. */
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '@fog/crypto';
import { errorMessage } from '@fog/kernel';
import { replacePrivateFile } from '@fog/kernel/files';
import { fail } from '../errors.ts';
import { type AuditRecords, emptyRecords, type HopRecord, type OpenLoop } from './audit-records.ts';
import { readPrivateFile } from '../private-file.ts';
import { MAX_AUDIT_FILE_BYTES } from './limits.ts';

const VERSION = 2;
/** Files that lack what is counted now: the audit begins anew, there is nothing in them one must keep. */
const OLD_VERSIONS: readonly unknown[] = [1];

/** Times travel as whole microseconds. */
const MICROS = 1_000;

/** Throws MIXNET_AUDIT_FILE when there is a file and it cannot be used. */
export async function readAuditFile(file: string): Promise<AuditRecords> {
  try {
    const bytes = await readPrivateFile(file, MAX_AUDIT_FILE_BYTES);
    return bytes === undefined ? emptyRecords() : decodeRecords(bytes);
  } catch (cause) {
    throw fail('MIXNET_AUDIT_FILE', {
      message: `The audit records ${file} cannot be used: ${errorMessage(cause)}. Move the file away to begin anew.`,
      details: { file },
      cause,
    });
  }
}

export async function writeAuditFile(file: string, records: AuditRecords): Promise<void> {
  try {
    await replacePrivateFile(file, encodeRecords(records));
  } catch (cause) {
    throw fail('MIXNET_AUDIT_FILE', {
      message: `The audit records ${file} cannot be written: ${errorMessage(cause)}. Make the directory writable.`,
      details: { file },
      cause,
    });
  }
}

export function encodeRecords({ open: loops, hops }: AuditRecords): Uint8Array {
  return encodeCanonical({
    version: VERSION,
    open: loops.map((loop) => ({ ...loop, rttMs: Math.round(loop.rttMs * MICROS) })),
    hops: [...hops.values()].map((hop) => ({
      ...hop,
      updatedMs: Math.round(hop.updatedMs),
      owedMs: Math.round(hop.owedMs * MICROS),
      tookMs: Math.round(hop.tookMs * MICROS),
      excessMs: hop.excessMs.map((each) => Math.round(each * MICROS)),
    })),
  });
}

/** Throws a TypeError that says what is wrong. */
export function decodeRecords(bytes: Uint8Array): AuditRecords {
  const value = decodeCanonical(bytes);
  if (isMap(value) && OLD_VERSIONS.includes(value['version'])) return emptyRecords();
  if (!isMap(value) || value['version'] !== VERSION) throw new TypeError('it is no audit file');
  const { open: loops, hops } = value;
  if (!Array.isArray(loops) || !Array.isArray(hops)) throw new TypeError('it holds no records');
  if (!loops.every(isLoop) || !hops.every(isHop)) throw new TypeError('a record is malformed');
  return {
    open: loops.map((loop) => ({ ...loop, rttMs: loop.rttMs / MICROS })),
    hops: new Map(
      hops.map((hop) => [
        hop.relay,
        {
          ...hop,
          owedMs: hop.owedMs / MICROS,
          tookMs: hop.tookMs / MICROS,
          excessMs: hop.excessMs.map((each) => each / MICROS),
        },
      ]),
    ),
  };
}

function isMap(value: CanonicalValue | undefined): value is { [key: string]: CanonicalValue } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

function isLoop(value: unknown): value is OpenLoop {
  if (typeof value !== 'object' || value === null) return false;
  const loop = value as Partial<Record<keyof OpenLoop, unknown>>;
  return (
    typeof loop.relay === 'string' &&
    loop.vrfKey instanceof Uint8Array &&
    loop.delayTag instanceof Uint8Array &&
    [loop.epoch, loop.meanMicros, loop.rttMs].every(Number.isSafeInteger)
  );
}

function isHop(value: unknown): value is HopRecord {
  if (typeof value !== 'object' || value === null) return false;
  const hop = value as Partial<Record<keyof HopRecord, unknown>>;
  const counts = [hop.loops, hop.short, hop.lost, hop.unrevealed, hop.forged];
  const times = [hop.owedMs, hop.tookMs, hop.updatedMs];
  return (
    typeof hop.relay === 'string' &&
    [...counts, ...times].every(Number.isSafeInteger) &&
    Array.isArray(hop.excessMs) &&
    hop.excessMs.every(Number.isSafeInteger)
  );
}
