/** Who may read and use which content. A content id alone grants nothing. */
import { specContents, type JobSpec } from '@fog/wire';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import { MAX_REMEMBERED_REFS, REFERENCE_DAY_MS } from '../limits.ts';

/** Ids looked up in one statement. */
const IDS_PER_QUERY = 500;

export class References {
  readonly #core: Core;
  /** `account content` of references, and when each was fresh: for a day from then it is not taken back. */
  readonly #fresh = new Map<string, number>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Throws COORDINATOR_CONTENT_REMOVED for what nobody used, and is being removed right now. */
  async add(account: string, content: string, sizeBytes: number): Promise<void> {
    const { journal, clock } = this.#core;
    const now = clock.now();
    journal.contentRef({ account, content, size_bytes: sizeBytes, created_at: now });
    await journal.committed();
    try {
      await this.confirm(content);
    } catch (error) {
      await this.#takeBack(account, content);
      throw error;
    }
    this.#remember(account, content, now);
  }

  async #takeBack(account: string, content: string): Promise<void> {
    await this.#core.store.write((trx) =>
      trx
        .deleteFrom('content_ref')
        .where('account', '=', account)
        .where('content', '=', content)
        .execute(),
    );
  }

  /** After a commit that refers to the content. Throws COORDINATOR_CONTENT_REMOVED. */
  async confirm(content: string): Promise<void> {
    const removing = await this.#core.store.db
      .selectFrom('unused_blob')
      .select('content')
      .where('content', '=', content)
      .executeTakeFirst();
    if (removing !== undefined) throw fail('COORDINATOR_CONTENT_REMOVED', { details: { content } });
  }

  async has(account: string, content: string): Promise<boolean> {
    if (this.#isFresh(account, content)) return true;
    return (await this.#stored(account, [content])).size > 0;
  }

  /** What a new job names stays as long as the job. Throws COORDINATOR_UNKNOWN_CONTENT naming what the account has not sent. */
  async check(account: string, spec: JobSpec): Promise<void> {
    const unsure = [...specContents(spec)].filter((content) => !this.#isFresh(account, content));
    if (unsure.length === 0) return;
    const stored = await this.#stored(account, unsure);
    const missing = unsure.filter((content) => !stored.has(content));
    const stale = unsure.filter((content) => !this.#isFresh(account, content));
    if (missing.length === 0 && (await this.#freshen(account, stale))) return;
    const [first = stale[0]] = missing;
    throw fail('COORDINATOR_UNKNOWN_CONTENT', {
      message: `This account has not sent ${Math.max(1, missing.length)} of the named contents, the first is ${first}. Send it with POST /api/v1/blobs first.`,
      details: { missing: missing.slice(0, 10) },
    });
  }

  /** Of these the references that are stored. */
  async #stored(account: string, contents: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (let from = 0; from < contents.length; from += IDS_PER_QUERY) {
      const rows = await this.#core.store.db
        .selectFrom('content_ref')
        .select(['content', 'created_at'])
        .where('account', '=', account)
        .where('content', 'in', contents.slice(from, from + IDS_PER_QUERY))
        .execute();
      for (const { content, created_at } of rows) {
        found.add(content);
        this.#remember(account, content, created_at);
      }
    }
    return found;
  }

  /** False when one has gone meanwhile. */
  async #freshen(account: string, contents: readonly string[]): Promise<boolean> {
    const { store, clock } = this.#core;
    const now = clock.now();
    for (let from = 0; from < contents.length; from += IDS_PER_QUERY) {
      const some = contents.slice(from, from + IDS_PER_QUERY);
      const { numUpdatedRows } = await store.write((trx) =>
        trx
          .updateTable('content_ref')
          .set({ created_at: now })
          .where('account', '=', account)
          .where('content', 'in', some)
          .executeTakeFirstOrThrow(),
      );
      if (Number(numUpdatedRows) !== some.length) return false;
      for (const content of some) this.#remember(account, content, now);
    }
    return true;
  }

  #isFresh(account: string, content: string): boolean {
    const since = this.#fresh.get(`${account} ${content}`);
    return since !== undefined && this.#core.clock.now() - since < REFERENCE_DAY_MS;
  }

  #remember(account: string, content: string, since: number): void {
    if (this.#fresh.size >= MAX_REMEMBERED_REFS) {
      this.#fresh.delete(this.#fresh.keys().next().value ?? '');
    }
    this.#fresh.set(`${account} ${content}`, since);
  }
}
