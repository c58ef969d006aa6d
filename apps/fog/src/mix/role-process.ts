/** One role as a child process, started again when it ends, and ended with this one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { type Clock, errorMessage, type Health, type Logger, type Service } from '@fog/kernel';
import type { MixMetrics } from '@fog/mixnet';
import type { MixOwnRelay } from '@fog/wire';
import { fail } from '../errors.ts';
import { neverWorseThanDegraded } from './lazy-service.ts';
import {
  KEPT_STDERR_CHARS,
  MAX_RESPAWN_MS,
  MIN_RESPAWN_MS,
  REPORT_PERIOD_MS,
  REPORT_STALE_MS,
  ROLE_READY_MS,
  ROLE_STOP_MS,
  STEADY_MS,
} from './limits.ts';
import { replayMetrics, RoleReport } from './role-report.ts';

export interface RoleProcessOptions {
  readonly name: string;
  readonly requires?: readonly string[];
  /** Program and arguments, once its configuration is written. It prints one line when it is up. */
  readonly command: () => Promise<readonly string[]>;
  readonly env: NodeJS.ProcessEnv;
}

export interface RoleProcessDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Gets what the process counts. */
  readonly metrics: () => Promise<MixMetrics>;
}

export interface RoleProcessService extends Service {
  /** What its relay told last; undefined for an authority and before the first report. */
  relay(): MixOwnRelay | undefined;
}

type State = 'stopped' | 'up' | 'waiting';

export function createRoleProcess(
  options: RoleProcessOptions,
  deps: RoleProcessDeps,
): RoleProcessService {
  return new RoleProcess(options, deps);
}

class RoleProcess implements RoleProcessService {
  readonly name: string;
  readonly requires: readonly string[];
  readonly restartable = true;
  readonly #options: RoleProcessOptions;
  readonly #deps: RoleProcessDeps;
  #state: State = 'stopped';
  #child: ChildProcess | undefined;
  #cancelRespawn: () => void = () => {};
  #pauseMs = MIN_RESPAWN_MS;
  #upAt = 0;
  #lastEnd = '';
  #metrics: MixMetrics | undefined;
  #report: RoleReport | undefined;
  /** When the last report came, or the process was up. */
  #heardAt = 0;
  #stopAge = (): void => {};

  constructor(options: RoleProcessOptions, deps: RoleProcessDeps) {
    this.name = options.name;
    this.requires = options.requires ?? [];
    this.#options = options;
    this.#deps = deps;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#pauseMs = MIN_RESPAWN_MS;
    this.#state = 'waiting';
    this.#metrics ??= await this.#deps.metrics();
    await this.#spawn(signal);
    const { clock } = this.#deps;
    this.#stopAge = clock.every(REPORT_PERIOD_MS, () => {
      this.#metrics?.gauge('fog_mixnet_report_age_seconds', this.#silentMs / 1_000);
    });
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#stopAge();
    this.#cancelRespawn();
    const child = this.#child;
    if (child !== undefined) await endChild(child, this.#deps.clock);
  }

  async health(): ReturnType<Service['health']> {
    if (this.#state === 'up') return this.#reported();
    if (this.#state === 'stopped') return { state: 'unhealthy', detail: 'it does not run' };
    return { state: 'degraded', detail: `${this.#lastEnd}; it is started again` };
  }

  relay(): MixOwnRelay | undefined {
    const own = this.#report?.relay;
    if (own === undefined) return undefined;
    const isOld = this.#state !== 'up' || this.#silentMs > REPORT_STALE_MS;
    const staleMs = isOld ? { staleMs: Math.round(this.#silentMs) } : {};
    return { ...own, name: this.name, ...staleMs };
  }

  get #silentMs(): number {
    return this.#deps.clock.monotonicMs() - this.#heardAt;
  }

  /** The process mends its own parts: nothing in it is a reason to start it again. */
  #reported(): Health {
    if (this.#silentMs > REPORT_STALE_MS) {
      const seconds = Math.round(this.#silentMs / 1_000);
      return { state: 'degraded', detail: `its process has not reported for ${seconds} s` };
    }
    return neverWorseThanDegraded(this.#report?.health ?? { state: 'healthy' });
  }

  #heard(child: ChildProcess, message: unknown): void {
    const parsed = RoleReport.safeParse(message);
    if (this.#child !== child || !parsed.success) return;
    this.#report = parsed.data;
    this.#heardAt = this.#deps.clock.monotonicMs();
    if (this.#metrics !== undefined) replayMetrics(this.#metrics, parsed.data.metrics);
  }

  async #spawn(signal: AbortSignal): Promise<void> {
    const [program = '', ...args] = await this.#options.command();
    signal.throwIfAborted();
    const child = spawn(program, args, {
      // The channel carries the child's reports, and its end tells the child that this process is gone.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: this.#options.env,
    });
    this.#child = child;
    const words = lastWords(child.stderr as Readable);
    child.once('exit', (code, by) => this.#ended(child, endOf(code, by, words())));
    child.once('error', (error) => this.#ended(child, errorMessage(error)));
    child.on('message', (message) => this.#heard(child, message));
    const late = new AbortController();
    const cancel = this.#deps.clock.after(ROLE_READY_MS, () => late.abort());
    try {
      await firstLine(child, AbortSignal.any([signal, late.signal]));
      if (this.#child !== child) throw new Error(this.#lastEnd);
      this.#state = 'up';
      this.#upAt = this.#deps.clock.monotonicMs();
      this.#heardAt = this.#upAt;
    } catch (error) {
      child.kill('SIGKILL');
      const why = late.signal.aborted ? 'it did not come up in time' : this.#lastEnd;
      throw fail('FOG_ROLE_ENDED', {
        message: `The process of ${this.name} did not start: ${why || errorMessage(error)}`,
        details: { service: this.name },
        cause: error,
      });
    } finally {
      cancel();
    }
  }

  #ended(child: ChildProcess, why: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#lastEnd = why;
    // Before it was up for the first time the service manager decides.
    if (this.#state !== 'up') return;
    this.#state = 'waiting';
    if (this.#deps.clock.monotonicMs() - this.#upAt > STEADY_MS) this.#pauseMs = MIN_RESPAWN_MS;
    this.#deps.logger.warn('the process of a role ended', { service: this.name, cause: why });
    this.#respawnLater();
  }

  #respawnLater(): void {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(2 * pauseMs, MAX_RESPAWN_MS);
    this.#cancelRespawn = this.#deps.clock.after(pauseMs, () => void this.#respawn());
  }

  async #respawn(): Promise<void> {
    const stopping = new AbortController();
    this.#cancelRespawn = () => stopping.abort();
    try {
      await this.#spawn(stopping.signal);
    } catch (error) {
      if (stopping.signal.aborted || this.#state === 'stopped') return;
      this.#lastEnd = errorMessage(error);
      this.#respawnLater();
    }
  }
}

function endOf(code: number | null, by: NodeJS.Signals | null, words: string): string {
  const how = by === null ? `its process ended with ${code}` : `its process was ended by ${by}`;
  return words === '' ? how : `${how}: ${words}`;
}

function lastWords(stderr: Readable): () => string {
  let kept = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    kept = (kept + text).slice(-KEPT_STDERR_CHARS);
  });
  return () => kept.trim().split('\n').at(-1) ?? '';
}

/** Resolves when the child has printed a line; rejects when it ended before. */
function firstLine(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { stdout } = child;
  const give = (): void => reject(signal.reason as Error);
  if (signal.aborted) give();
  signal.addEventListener('abort', give, { once: true });
  stdout?.on('data', (bytes: Buffer) => {
    if (bytes.includes('\n')) resolve();
  });
  child.once('exit', () => reject(new Error('it ended')));
  child.once('error', reject);
  return promise.finally(() => signal.removeEventListener('abort', give));
}

async function endChild(child: ChildProcess, clock: Clock): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const cancel = clock.after(ROLE_STOP_MS, () => child.kill('SIGKILL'));
  await ended;
  cancel();
}
