/** Sends audit loops at random times, settles them when relays reveal, and keeps the counts on disk. */
import type { RandomFill } from '@fog/crypto';
import { type Clock, errorMessage, isFogError, type Logger, type Service } from '@fog/kernel';
import { drawBelow, drawExponential } from '../client/draws.ts';
import type { LoopReport } from '../client/loops.ts';
import type { MeasuringClient } from '../client/mix-client.ts';
import type { VerifiedConsensus } from '../directory/documents.ts';
import type { Directory } from '../ports.ts';
import { type AuditBook, type AuditReport, createAuditBook } from './audit-book.ts';
import { readAuditFile, writeAuditFile } from './audit-file.ts';
import { emptyRecords } from './audit-records.ts';
import { delayFindings, type RelayFinding } from './findings.ts';
import { AUDIT_CLASS, AUDIT_HOPS, AUDIT_PERIOD_MS, SAVE_PERIOD_MS } from './limits.ts';

export interface DelayAuditOptions {
  readonly file: string;
  /** Mean time between two loops. */
  readonly periodMs?: number;
}

export interface DelayAuditDeps {
  readonly client: Pick<MeasuringClient, 'loop'>;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly random: RandomFill;
  readonly logger: Logger;
  /** Called with what a consensus settled, as often as it settles any. */
  readonly onFindings?: (findings: readonly RelayFinding[], consensus: VerifiedConsensus) => void;
}

export interface DelayAudit extends Service {
  /** Sends one loop and notes what became of it. Throws when there is no path. */
  sendLoop(signal?: AbortSignal): Promise<void>;
  report(): AuditReport;
}

export function createDelayAudit(options: DelayAuditOptions, deps: DelayAuditDeps): DelayAudit {
  const { clock, random, directory, logger } = deps;
  const stopping = new AbortController();
  const cancels = new Map<string, () => void>();
  let book = createAuditBook(emptyRecords(), () => clock.now());
  let saving: Promise<void> = Promise.resolve();
  let trouble: string | undefined;

  const save = (): void => {
    saving = saving
      .then(() => writeAuditFile(options.file, book.records))
      .then(() => {
        trouble = undefined;
      })
      .catch((error: unknown) => {
        trouble = errorMessage(error);
        logger.warn('the audit records were not written', { reason: trouble });
      });
  };
  const settle = (consensus: VerifiedConsensus): void => {
    const settled = book.settle(consensus);
    if (settled.length === 0) return;
    save();
    const slow = book.report().hops.filter(({ suspicions }) => suspicions.includes('long'));
    const findings = delayFindings(settled, new Set(slow.map(({ relay }) => relay)));
    if (findings.length > 0) deps.onFindings?.(findings, consensus);
  };
  const sendLoop = async (signal?: AbortSignal): Promise<void> => {
    const signals = [stopping.signal, ...(signal ? [signal] : [])];
    await auditOnce(book, deps, AbortSignal.any(signals));
  };
  const later = (): void => {
    const delayMs = drawExponential(random, options.periodMs ?? AUDIT_PERIOD_MS);
    const send = (): void => {
      sendLoop().catch((error: unknown) => {
        if (!stopping.signal.aborted)
          logger.debug('no audit loop', { reason: errorMessage(error) });
      });
      later();
    };
    cancels.set('loop', clock.after(delayMs, send));
  };
  return {
    name: 'delay-audit',
    start: async () => {
      book = createAuditBook(await readAuditFile(options.file), () => clock.now());
      cancels.set('consensus', directory.onConsensus(settle));
      const current = directory.current();
      if (current !== undefined) settle(current);
      cancels.set('save', clock.every(SAVE_PERIOD_MS, save));
      later();
    },
    stop: async () => {
      stopping.abort();
      if (cancels.size > 0) save();
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
      await saving;
    },
    health: async () =>
      trouble === undefined ? { state: 'healthy' } : { state: 'degraded', detail: trouble },
    sendLoop,
    report: () => book.report(),
  };
}

/** The class on exactly one hop, and none elsewhere: what the loop takes beyond the links is that hop's. */
async function auditOnce(
  book: AuditBook,
  { client, directory, random }: DelayAuditDeps,
  signal: AbortSignal,
): Promise<void> {
  const audited = drawBelow(random, AUDIT_HOPS);
  const classAt = (index: number): number => (index === audited ? AUDIT_CLASS : 0);
  const request = { purpose: 'audit', hops: AUDIT_HOPS, classAt, withTags: true };
  const report = await client.loop(request, signal).catch((error: unknown) => {
    if (isFogError(error, 'MIXNET_BUSY')) return undefined;
    throw error;
  });
  if (report !== undefined) note(book, directory, report, audited);
}

function note(
  book: AuditBook,
  directory: Directory,
  { route, delayTags, rttMs }: LoopReport,
  audited: number,
): void {
  const [relay, hop, delayTag] = [route.relays[audited], route.hops[audited], delayTags[audited]];
  const consensus = directory.current();
  const descriptor = relay === undefined ? undefined : consensus?.relays.get(relay)?.descriptor;
  if (hop === undefined || delayTag === undefined || descriptor === undefined) return;
  if (rttMs === undefined) return book.lost(descriptor.id);
  const meanMicros = consensus?.consensus.delayMeansMicros[AUDIT_CLASS] ?? 0;
  const { vrfKey } = descriptor;
  book.add({ relay: descriptor.id, epoch: hop.epoch, vrfKey, delayTag, meanMicros, rttMs });
}
