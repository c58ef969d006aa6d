/** The worker agent: one session to a coordinator, one runtime, the work between them. */
import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage, type FogError, type Health, type Service } from '@fog/kernel';
import { type Capabilities, CREDIT_PER_SLOT, type NodeProfile } from '@fog/wire';
import { fail } from './errors.ts';
import { CACHE_BYTES, FIRST_ROUND_MS, PING_MS, STOP_MS, STOP_RUNS_MS } from './limits.ts';
import { createLoadMeter, machineSources } from './measure/load-meter.ts';
import { measureSpeed } from './measure/speed.ts';
import { type AgentOptions, type CheckedOptions, checkOptions } from './options.ts';
import type { AgentDeps } from './ports.ts';
import { measureCapabilities } from './session/capabilities.ts';
import { CoordinatorLink, type LinkOptions } from './session/coordinator-link.ts';
import { keepProcessAlive } from './session/keep-alive.ts';
import { type KnownFogs, openKnownFogs } from './session/known-fogs.ts';
import { BlobCache } from './staging/blob-cache.ts';
import { createTransfer } from './staging/transfer.ts';
import { Spool } from './output/spool.ts';
import { StatusReporter } from './status-reporter.ts';
import { Worker, type WorkerCounts } from './work/worker.ts';

export interface AgentCounts extends WorkerCounts {
  /** Frames of the coordinator over the limit, against the schema or out of turn. */
  readonly badFrames: number;
}

export interface Agent extends Service {
  counts(): AgentCounts;
}

/** Throws AGENT_OPTIONS. The README lists what `start` throws. */
export function createAgent(options: AgentOptions, deps: AgentDeps): Agent {
  return new WorkerAgent(options, deps);
}

const NO_WORK: WorkerCounts = {
  started: 0,
  finished: 0,
  expired: 0,
  revoked: 0,
  droppedOutputBytes: 0,
};
const RANDOM_STEPS = 2 ** 32;
const PLAIN_PROFILE: NodeProfile = { type: 'compute', labels: {} };

interface Parts {
  readonly link: CoordinatorLink;
  readonly worker: Worker;
}

class WorkerAgent implements Agent {
  readonly name = 'agent';
  readonly #options: AgentOptions;
  readonly #checked: CheckedOptions;
  readonly #deps: AgentDeps;
  readonly #status: StatusReporter;
  readonly #firstWelcome = Promise.withResolvers<void>();
  #joinCode: string | undefined;
  #parts: Parts | undefined;
  #runtimeStarted = false;
  #releaseProcess: () => void = () => {};
  #lastReason = 'there was no answer';
  #error: FogError | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: AgentOptions, deps: AgentDeps) {
    const { joinCode, ...rest } = options;
    this.#options = rest;
    this.#joinCode = joinCode;
    this.#checked = checkOptions(options);
    this.#deps = deps;
    this.#status = new StatusReporter(deps.clock, options.onStatus);
    // `start` may have failed before it came to wait for this.
    this.#firstWelcome.promise.catch(() => {});
  }

  counts(): AgentCounts {
    return {
      ...(this.#parts?.worker.counts() ?? NO_WORK),
      badFrames: this.#parts?.link.badFrames ?? 0,
    };
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#releaseProcess = keepProcessAlive();
    const aborted = (): void => this.#firstWelcome.reject(stopped(signal.reason));
    signal.addEventListener('abort', aborted, { once: true });
    try {
      if (signal.aborted) throw stopped(signal.reason);
      await this.#startRuntime(signal);
      await this.#join(signal);
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async health(signal: AbortSignal): Promise<Health> {
    if (this.#error !== undefined) return { state: 'unhealthy', detail: this.#error.message };
    const { link } = this.#parts ?? {};
    if (link === undefined) return { state: 'unknown', detail: 'not started' };
    const { host } = link;
    if (!link.open) {
      return {
        state: 'degraded',
        detail: `no connection to ${host} (${this.#lastReason}); trying again`,
      };
    }
    const late = new AbortController();
    const cancel = this.#deps.clock.after(PING_MS, () => late.abort());
    try {
      await link.ping(AbortSignal.any([signal, late.signal]));
    } catch (error) {
      return { state: 'unhealthy', detail: `${host}: ${errorMessage(error)}` };
    } finally {
      cancel();
    }
    return await this.#deps.runtime.health(signal);
  }

  async #startRuntime(signal: AbortSignal): Promise<void> {
    const { runtime } = this.#deps;
    this.#runtimeStarted = true;
    await runtime.start(signal);
    if (this.#options.runtimeLevel !== 'os' || runtime.level === 'os') return;
    throw fail('AGENT_WEAK_SANDBOX', {
      message: `This node was to run work only in a sandbox of the operating system, but has none: ${runtime.levelReason ?? 'the probe failed'}.`,
      details: { level: runtime.level },
    });
  }

  async #join(signal: AbortSignal): Promise<void> {
    const { dataDir } = this.#options;
    const { address } = this.#checked;
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const { knownFogsFile = path.join(dataDir, 'known-fogs.json') } = this.#options;
    const knownFogs = await openKnownFogs(knownFogsFile);
    this.#parts = await this.#assemble(knownFogs, await this.#measure(signal));
    const cancelRound = address.urls.some((url) => knownFogs.has(url))
      ? () => {}
      : this.#deps.clock.after(FIRST_ROUND_MS, () => {
          this.#firstWelcome.reject(unreachable(this.#options.url, this.#lastReason));
        });
    this.#status.report('connecting', `connecting to ${this.#parts.link.host}`);
    this.#parts.link.connect();
    try {
      await this.#firstWelcome.promise;
    } finally {
      cancelRound();
    }
  }

  async #measure(signal: AbortSignal): Promise<Capabilities> {
    const { runtime, logger } = this.#deps;
    const { dataDir, slots } = this.#options;
    const speed = this.#options.measureSpeed
      ? await measureSpeed(dataDir, { runtime, logger }, signal)
      : undefined;
    return measureCapabilities({ slots, dataDir, speed }, runtime);
  }

  async #assemble(knownFogs: KnownFogs, capabilities: Capabilities): Promise<Parts> {
    const { clock, logger, runtime, identity } = this.#deps;
    const { dataDir, slots } = this.#options;
    const spool = new Spool(path.join(dataDir, 'spool'), { clock, logger });
    await spool.open();
    const transfer = createTransfer({ clock, access: (signal) => link.httpAccess(signal) });
    const cache = new BlobCache(
      { dir: path.join(dataDir, 'cache'), maxBytes: this.#options.cacheBytes ?? CACHE_BYTES },
      { download: (content, file, signal) => transfer.download(content, file, signal), logger },
    );
    await cache.open();
    const credit = CREDIT_PER_SLOT * slots;
    const load = createLoadMeter(machineSources(dataDir));
    const link: CoordinatorLink = this.#createLink(knownFogs, {
      capabilities,
      credit,
      held: (fogId) => worker.meet(fogId),
    });
    const worker: Worker = new Worker(
      { slots, credit },
      {
        clock,
        logger,
        runtime,
        identity,
        link,
        cache,
        transfer,
        spool,
        load: () => load.read(),
        onRunning: () => this.#running(),
      },
    );
    return { link, worker };
  }

  #createLink(
    knownFogs: KnownFogs,
    own: Pick<LinkOptions, 'capabilities' | 'credit' | 'held'>,
  ): CoordinatorLink {
    const { clock, logger, identity } = this.#deps;
    const random = this.#deps.random ?? ((): number => randomInt(RANDOM_STEPS) / RANDOM_STEPS);
    const { address, name } = this.#checked;
    const joinCode = this.#joinCode;
    this.#joinCode = undefined;
    const { profile = PLAIN_PROFILE } = this.#options;
    const link = new CoordinatorLink(
      { ...own, address: knownFogs.complete(address), name, joinCode, profile },
      { clock, logger, identity, random, knownFogs },
      {
        welcome: (welcome, remembered) => {
          this.#parts?.worker.welcome(welcome);
          this.#status.report('connected', `connected to ${link.host}`);
          this.#remembered(remembered);
        },
        message: (message) => this.#parts?.worker.message(message),
        lost: (reason) => this.#disconnected(reason),
        failed: (reason) => {
          this.#lastReason = reason;
          this.#status.report('connecting', `${link.host}: ${reason}; trying again`);
        },
        ended: (error) => this.#ended(error),
      },
    );
    return link;
  }

  /** The first welcome counts once a later impostor at this address would be noticed. */
  #remembered(remembered: Promise<void>): void {
    remembered.then(this.#firstWelcome.resolve, (error: unknown) => {
      this.#deps.logger.warn('the fog could not be remembered', { error: errorMessage(error) });
      this.#firstWelcome.reject(error);
    });
  }

  #running(): void {
    const { link, worker } = this.#parts ?? {};
    if (worker !== undefined) this.#status.running(worker.running, link?.open === true);
  }

  #disconnected(reason: string): void {
    this.#lastReason = reason;
    this.#parts?.worker.lost();
    this.#deps.logger.warn('the connection to the coordinator ended; trying again', { reason });
    this.#status.report('disconnected', `${this.#parts?.link.host ?? ''}: ${reason}; trying again`);
  }

  /** The fog does not want this node: nothing is tried again. */
  #ended(error: FogError): void {
    this.#error = error;
    this.#firstWelcome.reject(error);
    this.#deps.logger.error('the agent stops for good', { reason: error.code });
    this.#status.report('disconnected', error.message, error);
    void this.stop();
  }

  async #stop(): Promise<void> {
    this.#firstWelcome.reject(stopped());
    const { clock, logger } = this.#deps;
    const deadline = Promise.withResolvers<'late'>();
    const cancel = clock.after(STOP_MS, () => deadline.resolve('late'));
    const ended = await Promise.race([this.#shutDown(), deadline.promise]);
    cancel();
    if (ended === 'late') logger.warn('the agent did not stop in time; the rest is cut off');
    this.#status.close();
    this.#releaseProcess();
  }

  async #shutDown(): Promise<void> {
    const { clock, logger, runtime } = this.#deps;
    const { link, worker } = this.#parts ?? {};
    const runsLate = Promise.withResolvers<void>();
    const cancel = clock.after(STOP_RUNS_MS, () => runsLate.resolve());
    await Promise.race([worker?.stop('the agent stops'), runsLate.promise]);
    cancel();
    const ends = await Promise.allSettled([
      link?.stop(),
      this.#runtimeStarted ? runtime.stop() : undefined,
    ]);
    for (const end of ends) {
      if (end.status === 'rejected') {
        logger.warn('a part of the agent did not stop', { error: errorMessage(end.reason) });
      }
    }
  }
}

function stopped(cause?: unknown): FogError {
  return fail('AGENT_STOPPED', cause === undefined ? {} : { cause });
}

function unreachable(url: string, reason: string): FogError {
  return fail('AGENT_UNREACHABLE', {
    message: `No fog could be joined at ${url}: ${reason}. Check the address, and that \`fog up\` runs there.`,
    details: { url },
  });
}
