import {
  type Clock,
  errorMessage,
  type Health,
  isFogError,
  type Logger,
  type Service,
} from '@fog/kernel';
import type { ServiceStatus } from '@fog/wire';
import { fail } from '../errors.ts';
import {
  BACKOFF_BASE_MS,
  DEGRADED_PERIOD_MS,
  DOWN_AFTER,
  HEALTH_PERIOD_MS,
  HEALTH_TIMEOUT_MS,
  MAX_RESTARTS,
  START_TIMEOUT_MS,
  STOP_DEADLINE_MS,
  UP_AFTER,
} from './limits.ts';
import { pause, within } from './within.ts';

export interface UnitDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  changed(status: ServiceStatus): void;
  /** The service was healthy and is down now. */
  down(name: string): void;
}

/** One service under the manager: its state, its starts with backoff, its health checks. */
export class ServiceUnit {
  readonly service: Service;
  /** Why it failed for good; undefined in every other state. */
  cause: unknown;
  readonly #deps: UnitDeps;
  #status: ServiceStatus;
  #wasStarted = false;
  #stopChecks: () => void = () => {};
  #isChecking = false;
  #badChecks = 0;
  #goodChecks = 0;

  constructor(service: Service, deps: UnitDeps) {
    this.service = service;
    this.#deps = deps;
    this.#status = {
      name: service.name,
      state: 'waiting',
      health: 'unknown',
      requires: [...(service.requires ?? [])],
      wants: [...(service.wants ?? [])],
      restarts: 0,
      since: deps.clock.now(),
    };
  }

  get status(): ServiceStatus {
    return this.#status;
  }

  /** False when it has run once and does not support a second start. */
  get canStart(): boolean {
    return !this.#wasStarted || this.service.restartable === true;
  }

  /** Tries until it runs, fails for good, or `signal` aborts; the outcome is in `status`. */
  async start(signal: AbortSignal): Promise<void> {
    this.cause = undefined;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        this.#set({ state: 'starting', health: 'unknown' });
        const health = await this.#startOnce(signal);
        this.#running(health);
        this.#watch();
        return;
      } catch (error) {
        await this.#halt();
        if (signal.aborted) break;
        if (!this.#mayTryAgain(error, attempt)) return this.#failed(error);
        this.#deps.logger.warn('a service did not start and is tried again', {
          service: this.service.name,
          cause: errorMessage(error),
        });
        this.#set({ state: 'starting', health: 'unhealthy', detail: errorMessage(error) });
        await pause(this.#deps.clock, BACKOFF_BASE_MS * 2 ** attempt, signal);
        this.#status = { ...this.#status, restarts: this.#status.restarts + 1 };
      }
    }
    this.#set({ state: 'stopped', health: 'unknown' });
  }

  /** Ends within the deadline; a service that does not is left behind and logged. */
  async stop(): Promise<void> {
    this.#stopChecks();
    if (this.#wasStarted && this.#status.state !== 'stopped') await this.#halt();
    if (this.#status.state !== 'failed') this.#set({ state: 'stopped', health: 'unknown' });
  }

  /** It cannot run for now, for a reason outside of it. */
  wait(detail: string): void {
    this.#set({ state: 'waiting', health: 'unknown', detail });
  }

  countRestart(): void {
    this.#status = { ...this.#status, restarts: this.#status.restarts + 1 };
  }

  async check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      const health = await this.#ask();
      if (this.#status.state === 'running') this.#judge(health);
    } finally {
      this.#isChecking = false;
    }
  }

  async #startOnce(signal: AbortSignal): Promise<Health> {
    this.#wasStarted = true;
    const late = new AbortController();
    await within(
      this.#deps.clock,
      START_TIMEOUT_MS,
      this.service.start(AbortSignal.any([signal, late.signal])),
      () => {
        late.abort();
        throw fail('SERVICE_START_TIMEOUT', {
          message: `Service "${this.service.name}" did not start within ${START_TIMEOUT_MS / 1000} s.`,
        });
      },
    );
    const health = await this.#ask();
    if (health.state !== 'unhealthy') return health;
    throw fail('SERVICE_UNHEALTHY', {
      message: `Service "${this.service.name}" started but is not healthy: ${health.detail ?? 'it gives no reason'}.`,
    });
  }

  #mayTryAgain(error: unknown, attempt: number): boolean {
    if (this.service.restartable !== true || attempt >= MAX_RESTARTS) return false;
    return !isFogError(error) || error.retryable;
  }

  #failed(error: unknown): void {
    this.cause = error;
    this.#deps.logger.error('a service failed', {
      service: this.service.name,
      cause: errorMessage(error),
    });
    this.#set({ state: 'failed', health: 'unhealthy', detail: errorMessage(error) });
  }

  async #halt(): Promise<void> {
    const { clock, logger } = this.#deps;
    const service = this.service.name;
    await within(clock, STOP_DEADLINE_MS, this.service.stop(), () => {
      logger.error('a service did not stop in time and is left behind', { service });
    }).catch((error: unknown) => {
      logger.error('a service failed to stop', { service, cause: errorMessage(error) });
    });
  }

  #watch(): void {
    this.#badChecks = 0;
    this.#goodChecks = UP_AFTER;
    const { clock } = this.#deps;
    const stopUsual = clock.every(HEALTH_PERIOD_MS, () => void this.check());
    const stopSoon = clock.every(DEGRADED_PERIOD_MS, () => {
      if (this.#status.health === 'degraded') void this.check();
    });
    const stopNews = this.service.onHealth?.(() => void this.check());
    this.#stopChecks = () => {
      stopNews?.();
      stopUsual();
      stopSoon();
    };
  }

  async #ask(): Promise<Health> {
    const late = new AbortController();
    const unhealthy = (detail: string): Health => ({ state: 'unhealthy', detail });
    try {
      return await within(
        this.#deps.clock,
        HEALTH_TIMEOUT_MS,
        this.service.health(late.signal),
        () => {
          late.abort();
          return unhealthy(`the health check took longer than ${HEALTH_TIMEOUT_MS / 1000} s`);
        },
      );
    } catch (error) {
      return unhealthy(errorMessage(error));
    }
  }

  #judge(health: Health): void {
    const isBad = health.state === 'unhealthy';
    this.#badChecks = isBad ? this.#badChecks + 1 : 0;
    this.#goodChecks = isBad ? 0 : this.#goodChecks + 1;
    if (this.#badChecks >= DOWN_AFTER || (!isBad && this.#goodChecks >= UP_AFTER)) {
      this.#running(health);
    }
    if (this.#badChecks === DOWN_AFTER) this.#deps.down(this.service.name);
  }

  #running(health: Health): void {
    const detail = health.detail === undefined ? {} : { detail: health.detail };
    this.#set({ state: 'running', health: health.state, ...detail });
  }

  #set(next: Pick<ServiceStatus, 'state' | 'health'> & { readonly detail?: string }): void {
    const { detail, ...last } = this.#status;
    if (last.state === next.state && last.health === next.health && detail === next.detail) return;
    const since = last.state === next.state ? last.since : this.#deps.clock.now();
    this.#status = { ...last, ...next, since };
    this.#deps.changed(this.#status);
  }
}
