import type { RedisConnection } from './redis-connection.ts';

/** Makes what the server sends on one connection follow what is listened to, one change after the other. */
export class Subscriptions {
  readonly #connection: RedisConnection;
  readonly #wanted: () => Iterable<string>;
  readonly #subscribed = new Set<string>();
  #isChanging = false;

  constructor(connection: RedisConnection, wanted: () => Iterable<string>) {
    this.#connection = connection;
    this.#wanted = wanted;
  }

  /** What is listened to has changed. A failure is the end of the connection, which tells of it itself. */
  async follow(): Promise<void> {
    if (this.#isChanging) return;
    this.#isChanging = true;
    try {
      while (await this.#change());
    } catch {
      this.#subscribed.clear();
    } finally {
      this.#isChanging = false;
    }
  }

  /** False when there was nothing to change. */
  async #change(): Promise<boolean> {
    const wanted = new Set(this.#wanted());
    const fresh = [...wanted].filter((channel) => !this.#subscribed.has(channel));
    const idle = [...this.#subscribed].filter((channel) => !wanted.has(channel));
    for (const channel of fresh) this.#subscribed.add(channel);
    for (const channel of idle) this.#subscribed.delete(channel);
    if (fresh.length > 0) await this.#connection.subscribe(fresh);
    if (idle.length > 0) await this.#connection.unsubscribe(idle);
    return fresh.length + idle.length > 0;
  }
}
