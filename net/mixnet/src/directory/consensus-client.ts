/**
 * A member's view of the directory: fetches from all authorities, believes only what a threshold of the
 * configured keys has signed, keeps it over restarts. Asking all of them is what makes a fork seen.
 */
import { errorMessage, type Clock, type Health, type Logger, type Service } from '@fog/kernel';
import { type RandomFill, sameBytes } from '@fog/crypto';
import { fail } from '../errors.ts';
import { epochAt, epochStart, type AuthorityContact, type MixNetwork } from '../network.ts';
import type { Directory, MixMetrics } from '../ports.ts';
import { type BlobFile, blobFile } from './blob-file.ts';
import { checkNetwork } from './check-network.ts';
import { createClockSkew } from './clock-skew.ts';
import { type Fork, readCache, writeCache } from './consensus-cache.ts';
import { type ConsensusView, createConsensusView } from './consensus-view.ts';
import { createDescriptorUpload } from './descriptor-upload.ts';
import { type DirectoryCall, httpDirectoryCall } from './directory-call.ts';
import type { VerifiedConsensus } from './documents.ts';
import { toHex } from './hex.ts';
import { MAX_CONSENSUS_BYTES } from './limits.ts';
import type { OpenedConsensus } from './open-consensus.ts';

export interface ConsensusClientOptions {
  readonly network: MixNetwork;
  readonly cachePath: string;
}

export interface ConsensusClientDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
  /** For the jitter of polls. */
  readonly random: RandomFill;
  readonly call?: DirectoryCall;
  /** In place of the file at `cachePath`. */
  readonly cache?: BlobFile;
}

export interface ConsensusClient extends Service, Directory {
  /** Milliseconds this machine's clock is ahead of the authorities'; undefined before any answer. */
  readonly skewMs: number | undefined;
  /** Pairs of consensuses under one name, both refused. */
  readonly forks: readonly Fork[];
  /** The consensus in force with its signatures, as served. */
  readonly opened: OpenedConsensus | undefined;
  /** From the last phases of an epoch on, the consensus of the next: its value seeds that epoch's delays. */
  next(): VerifiedConsensus | undefined;
}

/** Polls while there is no consensus of this epoch; doubles up to the slower. */
const FIRST_POLL_MS = 200;
/** Where that doubling ends: a first consensus is still seen within the ten seconds of a start. */
const SLOWEST_SEARCH_MS = 2_000;
/** After a start and after an upload a new revision is likely to be near. */
const HASTE_MS = 30_000;
/** How often it is looked for in that time. */
const HASTY_POLL_MS = 500;
/** A phase of the grid at most, so that revisions within an epoch are seen. */
const MAX_POLL_MS = 15_000;

export function createConsensusClient(
  { network, cachePath }: ConsensusClientOptions,
  deps: ConsensusClientDeps,
): ConsensusClient {
  checkNetwork(network);
  return new PollingClient(network, deps.cache ?? blobFile(cachePath), deps);
}

class PollingClient implements ConsensusClient {
  readonly name = 'consensus';
  readonly restartable = true;
  readonly #network: MixNetwork;
  readonly #cache: BlobFile;
  readonly #deps: ConsensusClientDeps;
  readonly #call: DirectoryCall;
  readonly #view: ConsensusView;
  readonly #skew: ReturnType<typeof createClockSkew>;
  readonly #upload: ReturnType<typeof createDescriptorUpload>;
  readonly #listeners = new Set<(consensus: VerifiedConsensus) => void>();
  /** What `ready` calls wait on. */
  readonly #waiters = new Set<() => void>();
  /** Last fault of each authority. */
  readonly #faults = new Map<string, string>();
  #stopping = new AbortController();
  #current: OpenedConsensus | undefined;
  #previous: OpenedConsensus | undefined;
  #cancelPoll: () => void = () => {};
  #cancelTurn: () => void = () => {};
  #searchMs = FIRST_POLL_MS;
  #hasteUntilMs = 0;
  #polling: Promise<void> | undefined;

  constructor(network: MixNetwork, cache: BlobFile, deps: ConsensusClientDeps) {
    this.#network = network;
    this.#cache = cache;
    this.#deps = deps;
    this.#call = deps.call ?? httpDirectoryCall;
    this.#view = createConsensusView(network);
    this.#skew = createClockSkew(deps.clock);
    this.#upload = createDescriptorUpload(network, { ...deps, call: this.#call });
  }

  get skewMs(): number | undefined {
    return this.#skew.measured();
  }

  get forks(): readonly Fork[] {
    return this.#view.forks();
  }

  get opened(): OpenedConsensus | undefined {
    this.#turn();
    return this.#current;
  }

  current(): VerifiedConsensus | undefined {
    return this.opened;
  }

  next(): VerifiedConsensus | undefined {
    return this.#view.pending(this.#deps.clock.now());
  }

  previous(): VerifiedConsensus | undefined {
    this.#turn();
    return this.#previous;
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    this.#searchMs = FIRST_POLL_MS;
    this.#view.restore(await readCache(this.#cache), this.#deps.clock.now());
    this.#turn();
    this.#hurry();
    this.#poll();
  }

  async stop(): Promise<void> {
    this.#cancelPoll();
    this.#cancelTurn();
    this.#stopping.abort();
    for (const wake of this.#waiters) wake();
    await this.#polling;
  }

  health(): Promise<Health> {
    const { state, detail } = this.#state();
    return Promise.resolve(detail === undefined ? { state } : { state, detail });
  }

  onConsensus(listener: (consensus: VerifiedConsensus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async ready(signal: AbortSignal): Promise<VerifiedConsensus> {
    for (;;) {
      const current = this.current();
      if (current !== undefined) return current;
      const fault = this.#skew.fault();
      if (fault !== undefined) throw fault;
      if (signal.aborted || this.#stopping.signal.aborted) throw this.#noConsensus();
      await this.#change(signal);
    }
  }

  publish(descriptor: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#hurry();
    return this.#upload.publish(descriptor, AbortSignal.any([signal, this.#stopping.signal]));
  }

  #hurry(): void {
    this.#hasteUntilMs = this.#deps.clock.monotonicMs() + HASTE_MS;
  }

  #state(): Health {
    const fault = this.#skew.fault();
    if (fault !== undefined) return { state: 'unhealthy', detail: fault.message };
    const current = this.current();
    if (current === undefined) return { state: 'unhealthy', detail: this.#noConsensus().message };
    if (this.forks.length > 0) {
      const detail = 'The authorities signed two consensuses under one name; both are refused.';
      return { state: 'degraded', detail };
    }
    if (!this.#isBehind()) return { state: 'healthy' };
    const epoch = epochAt(this.#network.epochMs, this.#deps.clock.now());
    const detail = `The consensus of epoch ${current.consensus.epoch} serves on: there is none of epoch ${epoch}.`;
    return { state: 'degraded', detail };
  }

  #noConsensus(): Error {
    const why =
      this.forks.length > 0
        ? 'the authorities signed two under one name, so neither is believed, and both are kept as evidence'
        : ([...this.#faults.values()][0] ?? 'no authority has been asked yet');
    return fail('MIXNET_NO_CONSENSUS', {
      message: `There is no usable consensus: ${why}. Check that the directory authorities run and that this machine reaches them.`,
      details: { faults: Object.fromEntries(this.#faults) },
    });
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiters.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #poll(): void {
    this.#polling = this.#fetchAll()
      .catch((error: unknown) =>
        this.#deps.logger.error('a look at the directory failed', { error: errorMessage(error) }),
      )
      .finally(() => this.#schedule());
  }

  #schedule(): void {
    if (this.#stopping.signal.aborted) return;
    const delayMs = this.#isBehind() ? this.#search() : this.#nextPollMs();
    this.#cancelPoll = this.#deps.clock.after(delayMs, () => this.#poll());
  }

  #isBehind(): boolean {
    const epoch = epochAt(this.#network.epochMs, this.#deps.clock.now());
    return this.#current === undefined || this.#current.consensus.epoch < epoch;
  }

  /** 0 to 1. */
  #chance(): number {
    const bytes = new Uint8Array(4);
    this.#deps.random(bytes);
    return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
  }

  #search(): number {
    const delayMs = this.#searchMs;
    this.#searchMs = Math.min(this.#searchMs * 2, SLOWEST_SEARCH_MS);
    return delayMs * (0.75 + this.#chance() / 2);
  }

  /** After the sixth phase begins, when the next consensus should be there; and now and then for revisions. */
  #nextPollMs(): number {
    this.#searchMs = FIRST_POLL_MS;
    if (this.#deps.clock.monotonicMs() < this.#hasteUntilMs) {
      return HASTY_POLL_MS * (0.75 + this.#chance() / 2);
    }
    const { epochMs } = this.#network;
    const now = this.#deps.clock.now();
    const phaseMs = epochMs / 8;
    const epoch = epochAt(epochMs, now);
    const jitterMs = this.#chance() * Math.min(phaseMs, MAX_POLL_MS);
    const served = epochStart(epochMs, epoch) + 5 * phaseMs;
    const usualMs = Math.min(phaseMs / 2, MAX_POLL_MS) + jitterMs / 2;
    return served > now ? Math.min(usualMs, served - now + jitterMs / 2) : usualMs;
  }

  async #fetchAll(): Promise<void> {
    const before = this.#view.cached();
    await Promise.all(this.#network.authorities.map((authority) => this.#fetchFrom(authority)));
    this.#turn();
    const fault = this.#skew.fault();
    if (fault !== undefined) this.#deps.logger.error(fault.message);
    for (const wake of this.#waiters) wake();
    const after = this.#view.cached();
    if (isSame(before.consensuses, after.consensuses)) return;
    await writeCache(this.#cache, after).catch((error: unknown) =>
      this.#deps.logger.warn('the consensus cannot be cached', { error: errorMessage(error) }),
    );
  }

  async #fetchFrom(authority: AuthorityContact): Promise<void> {
    for (const which of ['current', 'next'] as const) {
      const held =
        which === 'current'
          ? this.#view.inForce(this.#deps.clock.now())
          : this.#view.pending(this.#deps.clock.now());
      try {
        const answer = await this.#call(
          authority.url,
          {
            method: 'GET',
            path: `/v1/consensus/${which}`,
            maxAnswerBytes: MAX_CONSENSUS_BYTES,
            ...(held === undefined ? {} : { held: toHex(held.hash) }),
          },
          this.#stopping.signal,
        );
        if (answer.dateMs !== undefined) this.#skew.heard(authority.id, answer.dateMs);
        if (answer.status === 200) this.#take(authority, answer.body);
        else if (which === 'current' && answer.status === 404) {
          this.#faults.set(authority.id, `${authority.url} has none yet`);
        }
      } catch (error) {
        this.#faults.set(authority.id, errorMessage(error));
        return;
      }
    }
  }

  #take(authority: AuthorityContact, body: Uint8Array): void {
    const { metrics, logger, clock } = this.#deps;
    const verdict = this.#view.take(body, clock.now());
    const result = verdict.ok ? 'good' : verdict.refusal;
    metrics.count('fog_mixnet_consensus_fetched_total', { result });
    if (verdict.ok) {
      this.#faults.delete(authority.id);
      return;
    }
    this.#faults.set(
      authority.id,
      `${authority.url} serves one that is refused, as ${verdict.reason}`,
    );
    logger.warn('a consensus is refused', {
      authority: authority.id.slice(0, 8),
      refusal: verdict.refusal,
      reason: verdict.reason,
    });
  }

  /** Sees which consensus is in force now, tells of a new one, and wakes when the next begins. */
  #turn(): void {
    const { clock, logger } = this.#deps;
    const now = clock.now();
    // With a clock as wrong as that, what it says is in force is of another epoch.
    const found = this.#skew.fault() === undefined ? this.#view.inForce(now) : undefined;
    if (isSameDocument(found, this.#current)) {
      this.#current = found;
    } else {
      this.#previous = found === undefined ? undefined : this.#view.before(found);
      this.#current = found;
      if (found !== undefined) {
        const { epoch, revision } = found.consensus;
        logger.info('consensus in force', { epoch, revision, relays: found.relays.size });
        for (const listener of this.#listeners) listener(found);
      } else {
        logger.warn('there is no consensus any more');
      }
    }
    this.#cancelTurn();
    const next = this.#view.pending(now);
    if (next === undefined || this.#stopping.signal.aborted) return;
    const waitMs = next.consensus.validAfter - now;
    this.#cancelTurn = clock.after(Math.max(1, waitMs), () => this.#turn());
  }
}

function isSameDocument(a: OpenedConsensus | undefined, b: OpenedConsensus | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameBytes(a.hash, b.hash);
}

function isSame(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return (
    a.length === b.length && a.every((each, index) => Buffer.compare(each, b[index] ?? each) === 0)
  );
}
