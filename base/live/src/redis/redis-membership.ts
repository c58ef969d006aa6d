import type { Live, Member, Membership } from '../live.ts';
import { membersOf } from '../members.ts';
import type { RedisConnection } from './redis-connection.ts';

export interface RedisMembershipOptions {
  readonly group: string;
  readonly member: Member;
  readonly ttlMs: number;
}

interface Hooks {
  /** Undefined while the server is away. */
  readonly connection: () => RedisConnection | undefined;
  readonly ended: () => void;
}

/** A member is announced again and again; while the server is away the others are as last heard. */
export class RedisMembership implements Membership {
  readonly #options: RedisMembershipOptions;
  readonly #live: Pick<Live, 'publish' | 'subscribe'>;
  readonly #hooks: Hooks;
  readonly #others = new Map<string, string>();
  readonly #endNews: () => void;
  #value: string;
  #isOver = false;
  #refresh: Promise<void> | undefined;
  #isStale = false;

  constructor(
    options: RedisMembershipOptions,
    live: Pick<Live, 'publish' | 'subscribe'>,
    hooks: Hooks,
  ) {
    this.#options = options;
    this.#live = live;
    this.#hooks = hooks;
    this.#value = options.member.value;
    this.#endNews = live.subscribe(this.#channel, () => void this.refresh());
  }

  get members(): readonly Member[] {
    const self = [this.#options.member.id, this.#value] as const;
    return membersOf([...this.#others, self]);
  }

  /** Announces, reads, and makes the others read. */
  async begin(): Promise<void> {
    await this.refresh();
    this.#tell();
  }

  set(value: string): void {
    this.#value = value;
    void this.begin();
  }

  async leave(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endNews();
    this.#hooks.ended();
    await this.#refresh;
    const { group, member } = this.#options;
    const connection = this.#hooks.connection();
    await connection?.withdraw(group, member.id).catch(() => {});
    await connection?.publish(this.#channel, '["left"]').catch(() => {});
  }

  refresh(): Promise<void> {
    this.#isStale = true;
    return (this.#refresh ??= this.#run());
  }

  /** Once more when asked meanwhile: the answer under way may be older than the question. */
  async #run(): Promise<void> {
    try {
      while (this.#isStale && !this.#isOver) {
        this.#isStale = false;
        await this.#announce();
      }
    } finally {
      this.#refresh = undefined;
    }
  }

  async #announce(): Promise<void> {
    const { group, member, ttlMs } = this.#options;
    const self = { id: member.id, value: this.#value };
    const connection = this.#hooks.connection();
    const found = await connection?.announce(group, self, ttlMs).catch(() => undefined);
    if (found === undefined) return;
    this.#others.clear();
    for (const [id, value] of found) if (id !== self.id) this.#others.set(id, value);
  }

  get #channel(): string {
    return `presence:${this.#options.group}`;
  }

  #tell(): void {
    this.#live.publish(this.#channel, 'news');
  }
}
