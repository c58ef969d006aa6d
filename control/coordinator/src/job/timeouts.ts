/** Deadlines of jobs and bounds of their phases; looked at together each second, only for jobs that have some. */
import { formatDuration } from '@fog/kernel';
import type { Failure, FailureCode } from '@fog/wire';
import type { Core } from '../core.ts';
import type { LeaseRecord } from '../lease/lease-record.ts';
import type { JobRecord } from './job-record.ts';
import { endUnrun } from './lifecycle.ts';

/** How late a deadline may be noticed. */
const LOOK_EVERY_MS = 1_000;

interface TimeoutParts {
  readonly core: Core;
  /** The attempt took too long before or after its program ran: it is tried elsewhere. */
  giveUp(lease: LeaseRecord, code: FailureCode, cause: string): void;
}

export class Timeouts {
  readonly #parts: TimeoutParts;
  readonly #watched = new Set<JobRecord>();
  #stop: (() => void) | undefined;

  constructor(parts: TimeoutParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stop = this.#parts.core.clock.every(LOOK_EVERY_MS, () => this.#look());
  }

  stop(): void {
    this.#stop?.();
  }

  watch(job: JobRecord): void {
    const { deadlineAt, phaseTimeouts } = job.spec;
    if (deadlineAt !== undefined || phaseTimeouts !== undefined) this.#watched.add(job);
  }

  ended(job: JobRecord): void {
    this.#watched.delete(job);
  }

  #look(): void {
    const { core } = this.#parts;
    const now = core.clock.now();
    for (const job of this.#watched) {
      if (job.board.open === 0) continue;
      const { deadlineAt, phaseTimeouts } = job.spec;
      if (deadlineAt !== undefined && now >= deadlineAt) {
        expire(core, job, `its deadline, ${new Date(deadlineAt).toISOString()}, has passed`);
      } else if (phaseTimeouts !== undefined) this.#lookAtPhases(job, now);
    }
  }

  #lookAtPhases(job: JobRecord, now: number): void {
    const { queuedMs, stagingMs, uploadingMs } = job.spec.phaseTimeouts ?? {};
    const { core } = this.#parts;
    if (queuedMs !== undefined && isUntaken(job) && now - queuedSince(job) > queuedMs) {
      return expire(core, job, `no node took it within ${formatDuration(queuedMs)}`);
    }
    for (const lease of job.leases.values()) {
      if (lease.state !== 'leased') continue;
      const phaseMs = core.clock.monotonicMs() - lease.phaseSinceMs;
      if (lease.phase === 'staging' && stagingMs !== undefined && phaseMs > stagingMs) {
        this.#giveUp(lease, 'STAGING', stagingMs);
      }
      if (lease.phase === 'uploading' && uploadingMs !== undefined && phaseMs > uploadingMs) {
        this.#giveUp(lease, 'UPLOAD', uploadingMs);
      }
    }
  }

  #giveUp(lease: LeaseRecord, code: 'STAGING' | 'UPLOAD', limitMs: number): void {
    const what = code === 'STAGING' ? 'fetching inputs' : 'sending outputs';
    const cause = `${what} took longer than ${formatDuration(limitMs)}`;
    const { core } = this.#parts;
    core.nodes.get(lease.node)?.link?.send({
      type: 'cancel',
      tokens: [lease.token],
      reason: cause,
    });
    this.#parts.giveUp(lease, code, cause);
  }
}

/** What waits for other jobs is not queued yet. */
function isUntaken({ state, startedAt, leases }: JobRecord): boolean {
  return state === 'queued' && startedAt === undefined && leases.size === 0;
}

function queuedSince({ queuedAt, createdAt }: JobRecord): number {
  return queuedAt ?? createdAt;
}

function expire(core: Core, job: JobRecord, message: string): void {
  const failure: Failure = { class: 'user', code: 'DEADLINE', message };
  endUnrun(core, job, { state: 'expired', failure });
}
