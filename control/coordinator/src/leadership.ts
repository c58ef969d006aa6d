/** When a coordinator leads, stands by or reads what is stored, and what takes calls meanwhile. */
import { errorMessage, type Health, isFogError } from '@fog/kernel';
import { currentLeader } from '@fog/store';
import { assemble, type Parts } from './assemble.ts';
import type { CoordinatorDeps } from './coordinator.ts';
import { fail } from './errors.ts';
import type { CoordinatorOptions } from './options.ts';
import { lastNumbers, recover } from './recover.ts';
import { beginTerm, LEADERSHIP, type Term } from './term.ts';

/** A try that takes longer is given up. */
const CAMPAIGN_TIMEOUT_MS = 20_000;
/** How often a coordinator that does not lead tries to. */
const CAMPAIGN_MS = 1_000;

export class Leadership {
  readonly #options: CoordinatorOptions;
  readonly #deps: CoordinatorDeps;
  readonly #listeners = new Set<() => void>();
  /** While this coordinator leads. */
  #term: Term | undefined;
  /** While it does not: reads, and what needs no leader. */
  #reading: Parts | undefined;
  #leader: string | undefined;
  /** What ended the last term. */
  #lastCause: unknown;
  #campaign: Promise<void> | undefined;
  #stopCampaigns: (() => void) | undefined;

  constructor(options: CoordinatorOptions, deps: CoordinatorDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#lastCause = undefined;
    // Before the campaigns begin: two tries at once could both lead.
    await this.#run(signal);
    this.#stopCampaigns = this.#deps.clock.every(CAMPAIGN_MS, () => void this.campaign());
  }

  async stop(): Promise<void> {
    this.#stopCampaigns?.();
    this.#stopCampaigns = undefined;
    await this.#campaign;
    await this.#endTerm();
    await this.#endReading();
  }

  async health(): Promise<Health> {
    if (this.#term === undefined && this.#leader === undefined) return this.#leaderless();
    await this.#deps.store.db.selectFrom('job').select('id').limit(1).execute();
    if (this.#term !== undefined) return { state: 'healthy' };
    return { state: 'healthy', detail: `standing by for ${this.#leader}` };
  }

  #leaderless(): Health {
    if (this.#lastCause !== undefined) {
      const cause = causeText(this.#lastCause);
      // A restart finds the same disk; what was stored can still be read.
      const state = isDiskFull(this.#lastCause) ? 'degraded' : 'unhealthy';
      return { state, detail: `nobody leads: ${cause}. It tries again each second.` };
    }
    if (this.#stopCampaigns === undefined) return { state: 'unhealthy', detail: 'not started' };
    return { state: 'degraded', detail: 'it leads or stands by as soon as the API listens' };
  }

  async campaign(): Promise<void> {
    if (this.#term !== undefined || this.#stopCampaigns === undefined) return;
    this.#campaign ??= this.#run(AbortSignal.timeout(CAMPAIGN_TIMEOUT_MS))
      .catch(async (error: unknown) => {
        this.#lastCause = error;
        if (isDiskFull(error)) await this.#readStored();
      })
      .finally(() => (this.#campaign = undefined));
    await this.#campaign;
  }

  /** One try to lead. */
  async #run(signal: AbortSignal): Promise<void> {
    const { store, logger } = this.#deps;
    const term = await beginTerm(
      {
        options: this.#options,
        deps: this.#deps,
        onOver: (cause) => {
          this.#lastCause = cause;
          logger.error('leading ended', { cause });
          void this.#endTerm();
        },
      },
      signal,
    );
    if (term !== undefined) {
      await this.#endReading();
      this.#leader = undefined;
      this.#term = term;
      return this.#tell();
    }
    const leader = (await currentLeader(store, LEADERSHIP))?.address;
    this.#read();
    if (leader !== this.#leader) logger.info('standing by', { leader });
    this.#leader = leader;
  }

  #read(): void {
    this.#reading ??= assemble(this.#options, this.#deps, {
      last: { token: 0, seq: 0 },
      onFailure: () => (this.#reading = undefined),
    });
  }

  /** Nothing can be stored, and so nothing led; what is stored can be read. */
  async #readStored(): Promise<void> {
    if (this.#reading !== undefined) return;
    const last = await lastNumbers(this.#deps.store);
    const reading = assemble(this.#options, this.#deps, {
      last,
      onFailure: () => (this.#reading = undefined),
    });
    await recover(reading.core);
    this.#reading = reading;
  }

  async #endTerm(): Promise<void> {
    const term = this.#term;
    if (term === undefined) return;
    this.#term = undefined;
    this.#tell();
    await term.end();
    // Only now can another lead.
    this.#tell();
  }

  async #endReading(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    await reading?.core.journal.close().catch(() => {});
  }

  #tell(): void {
    for (const tell of this.#listeners) tell();
  }

  get leader(): string | undefined {
    return this.#term === undefined ? this.#leader : undefined;
  }

  /** It leads now, or no more, or has ended its term. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** While it leads. */
  get term(): Parts | undefined {
    return this.#term?.parts;
  }

  /** For what the leader alone can do. Throws COORDINATOR_STANDBY, COORDINATOR_STOPPED and STORE_DISK_FULL. */
  get running(): Parts {
    if (this.#term !== undefined) return this.#term.parts;
    if (this.#leader !== undefined) {
      throw fail('COORDINATOR_STANDBY', {
        message: `This coordinator stands by; ${this.#leader} leads. Try again in a moment.`,
      });
    }
    if (this.#lastCause === undefined) throw fail('COORDINATOR_STOPPED');
    if (isDiskFull(this.#lastCause)) throw this.#lastCause;
    throw fail('COORDINATOR_STOPPED', {
      message: `The coordinator starts again from what is stored: ${causeText(this.#lastCause)}. Try again in a moment.`,
      cause: this.#lastCause,
    });
  }

  /** For reads of what the leader knows; on a full disk, of what is stored. */
  get readable(): Parts {
    const stored = isDiskFull(this.#lastCause) ? this.#reading : undefined;
    return this.#term?.parts ?? stored ?? this.running;
  }

  /** For what every coordinator can do from the store alone. */
  get any(): Parts {
    return this.#term?.parts ?? this.#reading ?? this.running;
  }
}

function isDiskFull(error: unknown): boolean {
  return isFogError(error, 'STORE_DISK_FULL');
}

/** The message of an error but for what it advises, to go on behind it with a sentence of one's own. */
function causeText(error: unknown): string {
  return errorMessage(error)
    .replace(/\. Try again [^.]*\.$/, '')
    .replace(/\.$/, '');
}
