import { errorMessage, type Health } from '@fog/kernel';
import { PRESENCE_TTL_MS, RECONNECT_MS } from '../limits.ts';
import { createListeners } from '../listeners.ts';
import type {
  Count,
  Live,
  LiveDeps,
  LiveOptions,
  Member,
  Membership,
  MessageListener,
} from '../live.ts';
import { createCounters } from '../memory/counters.ts';
import { Outbox } from '../outbox.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisMembership } from './redis-membership.ts';
import { readRedisUrl, type RedisTarget } from './redis-url.ts';
import { Subscriptions } from './subscriptions.ts';

type RedisOptions = LiveOptions & { readonly url: string };

/** Announcements in the time to live of one: three may be late. */
const ANNOUNCEMENTS = 4;

/** Throws LIVE_URL. */
export function createRedisLive(options: RedisOptions, deps: LiveDeps): Live {
  return new RedisLive(readRedisUrl(options.url), options, deps);
}

/** While the server is away all of it goes on in this process alone, and it tries again by itself. */
class RedisLive implements Live {
  readonly #target: RedisTarget;
  readonly #prefix: string;
  readonly #ttlMs: number;
  readonly #deps: LiveDeps;
  readonly #listeners: ReturnType<typeof createListeners>;
  readonly #counters: ReturnType<typeof createCounters>;
  readonly #outbox = new Outbox((channel, messages) => this.#send(channel, messages));
  readonly #memberships = new Set<RedisMembership>();
  readonly #onShared = new Set<() => void>();
  #connection: RedisConnection | undefined;
  /** The connection, once all that was going on is known to the server. */
  #shared: RedisConnection | undefined;
  #down: { readonly since: number; readonly cause: string } | undefined;
  #subscriptions: Subscriptions | undefined;
  #isStopped = true;
  #stopTimers = (): void => {};
  #cancelRetry = (): void => {};

  constructor(target: RedisTarget, options: RedisOptions, deps: LiveDeps) {
    this.#target = target;
    this.#prefix = `fog:${options.namespace}:`;
    this.#ttlMs = options.presenceTtlMs ?? PRESENCE_TTL_MS;
    this.#deps = deps;
    this.#listeners = createListeners(deps.logger);
    this.#counters = createCounters(deps.clock);
  }

  get place(): string {
    return this.#target.place;
  }

  get isShared(): boolean {
    return this.#shared !== undefined;
  }

  get dropped(): number {
    return this.#outbox.dropped;
  }

  async start(): Promise<void> {
    this.#isStopped = false;
    this.#stopTimers = this.#deps.clock.every(this.#ttlMs / ANNOUNCEMENTS, () => {
      for (const membership of this.#memberships) void membership.refresh();
    });
    await this.#connect();
  }

  publish(channel: string, message: string): void {
    this.#outbox.add(channel, message);
  }

  subscribe(channel: string, listener: MessageListener): () => void {
    const { isFirst, end } = this.#listeners.add(channel, listener);
    if (isFirst) void this.#subscriptions?.follow();
    return () => {
      if (end()) void this.#subscriptions?.follow();
    };
  }

  async join(group: string, member: Member): Promise<Membership> {
    const membership = new RedisMembership({ group, member, ttlMs: this.#ttlMs }, this, {
      connection: () => this.#shared,
      ended: () => this.#memberships.delete(membership),
    });
    this.#memberships.add(membership);
    await membership.begin();
    return membership;
  }

  async count(key: string, windowMs: number): Promise<Count> {
    const shared = await this.#shared?.count(key, windowMs).catch(ignoreLoss);
    return shared ?? this.#counters.count(key, windowMs);
  }

  async read(key: string): Promise<Count> {
    const shared = await this.#shared?.read(key).catch(ignoreLoss);
    return shared ?? this.#counters.read(key);
  }

  async health(): Promise<Health> {
    await this.#shared?.ping().catch(ignoreLoss);
    if (this.#shared !== undefined) return { state: 'healthy', detail: this.place };
    if (this.#down === undefined) return { state: 'unknown', detail: 'not connected yet' };
    const since = new Date(this.#down.since).toISOString().slice(0, 19);
    return {
      state: 'degraded',
      detail:
        `${this.place} cannot be used since ${since}Z (${this.#down.cause}): this coordinator counts and announces alone. ` +
        'It tries again each second; start the server, or mend FOG_LIVE.',
    };
  }

  onShared(listener: () => void): () => void {
    this.#onShared.add(listener);
    return () => this.#onShared.delete(listener);
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#stopTimers();
    this.#cancelRetry();
    this.#outbox.flush();
    await Promise.all([...this.#memberships].map((membership) => membership.leave()));
    this.#connection?.close();
    this.#connection = undefined;
    this.#subscriptions = undefined;
    this.#shared = undefined;
  }

  async #connect(): Promise<void> {
    const connection = new RedisConnection(
      { url: this.#target.url, prefix: this.#prefix },
      {
        clock: this.#deps.clock,
        onMessage: (channel, text) => this.#listeners.deliver(channel, readBatch(text)),
        onLost: (lost, error) => this.#lost(lost, error),
      },
    );
    this.#connection = connection;
    try {
      await connection.open();
      this.#subscriptions = new Subscriptions(connection, () => this.#listeners.channels);
      await this.#subscriptions.follow();
    } catch {
      return;
    }
    if (this.#connection !== connection) return;
    this.#shared = connection;
    if (this.#down !== undefined) this.#deps.logger.info('redis is back', { place: this.place });
    this.#down = undefined;
    await Promise.all([...this.#memberships].map((membership) => membership.begin()));
    this.#tellShared();
  }

  #lost(connection: RedisConnection, error: unknown): void {
    if (connection !== this.#connection) return;
    const wasShared = this.#shared !== undefined;
    this.#connection = undefined;
    this.#subscriptions = undefined;
    this.#shared = undefined;
    const { clock, logger } = this.#deps;
    if (this.#down === undefined) {
      const cause = errorMessage(error);
      this.#down = { since: clock.now(), cause };
      logger.warn('redis cannot be used', { place: this.place, cause });
    }
    if (this.#isStopped) return;
    this.#cancelRetry = clock.after(RECONNECT_MS, () => void this.#connect());
    if (wasShared) this.#tellShared();
  }

  async #send(channel: string, messages: readonly string[]): Promise<void> {
    if (this.#shared === undefined) return this.#listeners.deliver(channel, messages);
    await this.#shared.publish(channel, JSON.stringify(messages)).catch(ignoreLoss);
  }

  #tellShared(): void {
    for (const tell of this.#onShared) tell();
  }
}

/** The connection has told of its end already. */
function ignoreLoss(): undefined {
  return undefined;
}

/** Others may write to the server too. */
function readBatch(text: string): readonly string[] {
  try {
    const batch: unknown = JSON.parse(text);
    return Array.isArray(batch) ? batch.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}
