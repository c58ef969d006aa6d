/** Who may read and use which content. A content id alone grants nothing. */
import { specContents, type JobSpec } from '@fog/wire';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import { MAX_REMEMBERED_REFS } from '../limits.ts';

/** Ids looked up in one statement. */
const IDS_PER_QUERY = 500;

export class References {
  readonly #core: Core;
  /** `account content` of references known to exist; they are never taken back. */
  readonly #known = new Set<string>();

  constructor(core: Core) {
    this.#core = core;
  }

  async add(account: string, content: string, sizeBytes: number): Promise<void> {
    const { journal, clock } = this.#core;
    journal.contentRef({ account, content, size_bytes: sizeBytes, created_at: clock.now() });
    await journal.committed();
    this.#remember(account, content);
  }

  async has(account: string, content: string): Promise<boolean> {
    return (await this.#missing(account, [content])).length === 0;
  }

  /** Throws COORDINATOR_UNKNOWN_CONTENT naming what the account has not sent. */
  async check(account: string, spec: JobSpec): Promise<void> {
    const missing = await this.#missing(account, [...specContents(spec)]);
    if (missing.length === 0) return;
    throw fail('COORDINATOR_UNKNOWN_CONTENT', {
      message: `This account has not sent ${missing.length} of the named contents, the first is ${missing[0]}. Send it with POST /api/v1/blobs first.`,
      details: { missing: missing.slice(0, 10) },
    });
  }

  async #missing(account: string, contents: readonly string[]): Promise<string[]> {
    const unsure = contents.filter((content) => !this.#known.has(`${account} ${content}`));
    const found = new Set<string>();
    for (let from = 0; from < unsure.length; from += IDS_PER_QUERY) {
      const rows = await this.#core.store.db
        .selectFrom('content_ref')
        .select('content')
        .where('account', '=', account)
        .where('content', 'in', unsure.slice(from, from + IDS_PER_QUERY))
        .execute();
      for (const row of rows) {
        found.add(row.content);
        this.#remember(account, row.content);
      }
    }
    return unsure.filter((content) => !found.has(content));
  }

  #remember(account: string, content: string): void {
    if (this.#known.size >= MAX_REMEMBERED_REFS) {
      this.#known.delete(this.#known.values().next().value ?? '');
    }
    this.#known.add(`${account} ${content}`);
  }
}
