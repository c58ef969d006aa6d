import { type Clock, errorMessage, type Logger, type Service } from '@fog/kernel';
import type { ServiceStatus } from '@fog/wire';
import { fail } from '../errors.ts';
import { createServiceGraph, type ServiceGraph } from './service-graph.ts';
import { ServiceUnit } from './service-unit.ts';

export interface ServiceManagerOptions {
  /** When one of these cannot run, `start` stops everything again and throws the cause. */
  readonly essential?: readonly string[];
  /** Names of services that `start` does not wait for; what others need of them waits with them. */
  readonly background?: readonly string[];
}

export interface ServiceManagerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the API needs of the manager. */
export interface Services {
  statuses(): ServiceStatus[];
  /** Undefined when there is no such service. */
  status(name: string): ServiceStatus | undefined;
  onChange(listener: (status: ServiceStatus) => void): () => void;
  /** Names that stop with `name`, itself included. */
  affected(name: string): ReadonlySet<string>;
  /** Stops the service with all that require it and starts them again. Throws SERVICE_UNKNOWN, SERVICE_NOT_RESTARTABLE. */
  restart(name: string): Promise<ServiceStatus>;
}

export interface ServiceManager extends Services {
  /** Resolves when each service runs or has failed; optional ones may have failed. Called once. */
  start(signal: AbortSignal): Promise<void>;
  /** Stops all in reverse order, each within its deadline. */
  stop(): Promise<void>;
}

/** Throws SERVICE_DUPLICATE, SERVICE_UNKNOWN_REQUIREMENT and SERVICE_CYCLE before anything starts. */
export function createServiceManager(
  services: readonly Service[],
  deps: ServiceManagerDeps,
  options: ServiceManagerOptions = {},
): ServiceManager {
  return new ManagedServices(services, deps, options);
}

class ManagedServices implements ServiceManager {
  readonly #graph: ServiceGraph;
  readonly #units = new Map<string, ServiceUnit>();
  readonly #listeners = new Set<(status: ServiceStatus) => void>();
  readonly #essential: readonly string[];
  readonly #background: ReadonlySet<string>;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  /** Starts and stops of parts of the graph never overlap. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    services: readonly Service[],
    deps: ServiceManagerDeps,
    options: ServiceManagerOptions,
  ) {
    this.#graph = createServiceGraph(services);
    this.#essential = options.essential ?? [];
    this.#background = new Set(options.background);
    this.#logger = deps.logger;
    for (const service of services) {
      const unit = new ServiceUnit(service, {
        clock: deps.clock,
        logger: deps.logger,
        changed: (status) => this.#announce(status),
        down: (name) => this.#recover(name),
      });
      this.#units.set(service.name, unit);
    }
  }

  async start(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#stopping.signal]);
    const { names } = this.#graph;
    const awaited = names.filter((name) => !this.#background.has(name));
    await this.#enqueue(() => this.#bringUp(new Set(awaited), either));
    const failed = this.#essential.find((name) => this.status(name)?.state !== 'running');
    if (failed === undefined && !either.aborted) {
      void this.#enqueue(() => this.#bringUp(this.#background, either));
      return;
    }
    const cause = either.aborted || failed === undefined ? either.reason : this.#rootCause(failed);
    await this.stop();
    throw cause;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#enqueue(() => this.#bringDown(new Set(this.#graph.names)));
  }

  statuses(): ServiceStatus[] {
    return [...this.#units.values()].map((unit) => unit.status);
  }

  status(name: string): ServiceStatus | undefined {
    return this.#units.get(name)?.status;
  }

  affected(name: string): ReadonlySet<string> {
    return this.#graph.affected(name);
  }

  onChange(listener: (status: ServiceStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async restart(name: string): Promise<ServiceStatus> {
    const unit = this.#units.get(name);
    if (unit === undefined) {
      const known = this.#graph.names.join(', ');
      throw fail('SERVICE_UNKNOWN', {
        message: `There is no service "${name}". There are: ${known}.`,
        details: { service: name },
      });
    }
    const fixed = this.#fixed(name);
    if (fixed !== undefined) {
      throw fail('SERVICE_NOT_RESTARTABLE', {
        message: `Service "${name}" cannot be restarted while the fog runs, because "${fixed}" cannot. Stop the fog and start it again.`,
        details: { service: name, because: fixed },
      });
    }
    await this.#enqueue(() => this.#cycle(name));
    return unit.status;
  }

  /** A service that stops with `name` and could not start again. */
  #fixed(name: string): string | undefined {
    return [...this.#graph.affected(name)].find((each) => !this.#unit(each).canStart);
  }

  #recover(name: string): void {
    if (this.#fixed(name) !== undefined) return;
    this.#logger.warn('a service is down and is restarted', { service: name });
    void this.#enqueue(async () => {
      const isStillDown = this.status(name)?.health === 'unhealthy';
      if (isStillDown) await this.#cycle(name);
    });
  }

  async #cycle(name: string): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const names = this.#graph.affected(name);
    await this.#bringDown(names);
    this.#unit(name).countRestart();
    await this.#bringUp(names, this.#stopping.signal);
  }

  async #bringUp(names: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const started = new Map<string, Promise<void>>();
    const up = (name: string): Promise<void> => {
      const known = started.get(name);
      if (known !== undefined) return known;
      const first = this.#graph.before(name).filter((before) => names.has(before));
      const starting = Promise.all(first.map(up)).then(() => this.#startUnit(name, signal));
      started.set(name, starting);
      return starting;
    };
    await Promise.all([...names].map(up));
  }

  async #startUnit(name: string, signal: AbortSignal): Promise<void> {
    const unit = this.#unit(name);
    const missing = (unit.service.requires ?? []).find(
      (required) => this.#unit(required).status.state !== 'running',
    );
    if (missing === undefined) return unit.start(signal);
    const cause = this.#unit(missing).status.detail ?? 'it does not run';
    unit.wait(`it needs the service "${missing}": ${cause}`);
  }

  async #bringDown(names: ReadonlySet<string>): Promise<void> {
    const stopped = new Map<string, Promise<void>>();
    const down = (name: string): Promise<void> => {
      const known = stopped.get(name);
      if (known !== undefined) return known;
      const users = [...names].filter((user) => this.#graph.before(user).includes(name));
      const stopping = Promise.all(users.map(down)).then(() => this.#unit(name).stop());
      stopped.set(name, stopping);
      return stopping;
    };
    await Promise.all([...names].map(down));
  }

  #rootCause(name: string): unknown {
    const unit = this.#units.get(name);
    if (unit === undefined) return fail('SERVICE_UNKNOWN', { details: { service: name } });
    if (unit.cause !== undefined) return unit.cause;
    const failed = (unit.service.requires ?? []).find(
      (required) => this.status(required)?.state !== 'running',
    );
    return this.#rootCause(failed ?? '');
  }

  #unit(name: string): ServiceUnit {
    return this.#units.get(name) as ServiceUnit;
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  #announce(status: ServiceStatus): void {
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch (error) {
        this.#logger.error('a listener for services failed', { cause: errorMessage(error) });
      }
    }
  }
}
