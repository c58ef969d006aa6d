/** One connection to a Redis server. It is used until its first failure; then the next one is made. */
import { type Clock, errorMessage } from '@fog/kernel';
import { createClient } from '@redis/client';
import { fail } from '../errors.ts';
import { COMMAND_TIMEOUT_MS, PROBE_MS } from '../limits.ts';
import type { Count, Member } from '../live.ts';
import { ANNOUNCE, COUNT, READ } from './scripts.ts';

export interface RedisConnectionOptions {
  readonly url: string;
  /** Before the names of all keys and channels. */
  readonly prefix: string;
}

export interface RedisConnectionDeps {
  readonly clock: Clock;
  readonly onMessage: (channel: string, text: string) => void;
  /** Once, after the first failure; nothing works from then on. */
  readonly onLost: (connection: RedisConnection, error: unknown) => void;
}

/** Far more than a healthy server leaves unanswered. */
const MAX_COMMANDS = 10_000;

/** Each call throws LIVE_UNREACHABLE within bounded time. */
export class RedisConnection {
  readonly #client: ReturnType<typeof clientOf>;
  readonly #prefix: string;
  readonly #deps: RedisConnectionDeps;
  #stopProbes = (): void => {};
  #isOver = false;

  constructor({ url, prefix }: RedisConnectionOptions, deps: RedisConnectionDeps) {
    this.#client = clientOf(url);
    this.#prefix = prefix;
    this.#deps = deps;
    this.#client.on('error', (error: unknown) => this.#lose(error));
    this.#client.on('end', () => this.#lose(new Error('the server closed the connection')));
  }

  async open(): Promise<void> {
    await this.#ask(this.#client.connect());
    this.#stopProbes = this.#deps.clock.every(PROBE_MS, () => void this.ping().catch(() => {}));
  }

  async ping(): Promise<void> {
    await this.#ask(this.#client.ping());
  }

  async publish(channel: string, text: string): Promise<void> {
    await this.#ask(this.#client.publish(this.#prefix + channel, text));
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    const names = channels.map((channel) => this.#prefix + channel);
    await this.#ask(this.#client.subscribe(names, this.#receive));
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    await this.#ask(this.#client.unsubscribe(channels.map((channel) => this.#prefix + channel)));
  }

  /** Announces the member and answers who else is there. */
  async announce(group: string, { id, value }: Member, ttlMs: number): Promise<[string, string][]> {
    const found = await this.#script(ANNOUNCE, `presence:${group}`, [id, value, String(ttlMs)]);
    const members: [string, string][] = [];
    for (let at = 0; at < found.length; at += 2) {
      members.push([String(found[at]), String(found[at + 1])]);
    }
    return members;
  }

  async withdraw(group: string, id: string): Promise<void> {
    await this.#ask(this.#client.hDel(`${this.#prefix}presence:${group}`, id));
  }

  async count(key: string, windowMs: number): Promise<Count> {
    return countOf(await this.#script(COUNT, `count:${key}`, [String(windowMs)]));
  }

  async read(key: string): Promise<Count> {
    return countOf(await this.#script(READ, `count:${key}`, []));
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopProbes();
    this.#client.destroy();
  }

  /** The same for all: a channel that is subscribed twice is heard once. */
  readonly #receive = (text: string, name: string): void =>
    this.#deps.onMessage(name.slice(this.#prefix.length), text);

  async #script(script: string, key: string, values: string[]): Promise<readonly unknown[]> {
    const options = { keys: [this.#prefix + key], arguments: values };
    const answer: unknown = await this.#ask(this.#client.eval(script, options));
    return Array.isArray(answer) ? answer : [];
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const cancel = this.#deps.clock.after(COMMAND_TIMEOUT_MS, () =>
      late.reject(new Error(`no answer in ${COMMAND_TIMEOUT_MS / 1000} s`)),
    );
    try {
      return await Promise.race([answer, late.promise]);
    } catch (error) {
      this.#lose(error);
      throw fail('LIVE_UNREACHABLE', {
        message: `The Redis server cannot be used: ${errorMessage(error)}.`,
        cause: error,
      });
    } finally {
      cancel();
    }
  }

  #lose(error: unknown): void {
    if (this.#isOver) return;
    this.close();
    this.#deps.onLost(this, error);
  }
}

function clientOf(url: string) {
  return createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_COMMANDS,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket: { connectTimeout: COMMAND_TIMEOUT_MS, reconnectStrategy: false },
  });
}

function countOf([count, leftMs]: readonly unknown[]): Count {
  return { count: Number(count), leftMs: Number(leftMs) };
}
