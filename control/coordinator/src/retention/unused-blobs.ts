/**
 * Content that nobody uses goes in two steps, so that nobody who sends it again loses it: its name is noted when
 * the last reference goes, and its bytes when it is still unused a day later. From the moment that is
 * decided until the bytes are gone the note says so, and a new reference is refused.
 */
import { specContents } from '@fog/wire';
import type { Blobs, Store, WriteWork } from '@fog/store';
import type { Core } from '../core.ts';
import { REFERENCE_DAY_MS } from '../limits.ts';
import { STEP_ROWS, UNUSED_BLOB_MS } from './limits.ts';
import type { Pause } from './old-jobs.ts';

type Transaction = Parameters<WriteWork<unknown>>[0];

interface Content {
  readonly content: string;
  readonly size_bytes: number;
}

/** Notes those of them that nothing refers to. */
export async function addUnused(
  trx: Transaction,
  contents: readonly Content[],
  now: number,
): Promise<void> {
  const sizes = new Map(contents.map(({ content, size_bytes }) => [content, size_bytes]));
  const all = [...sizes.keys()];
  for (let from = 0; from < all.length; from += STEP_ROWS) {
    const some = all.slice(from, from + STEP_ROWS);
    const used = await usedOf(trx, some);
    const rows = some
      .filter((content) => !used.has(content))
      .map((content) => ({
        content,
        size_bytes: sizes.get(content) ?? 0,
        since: now,
        removing: 0,
      }));
    if (rows.length === 0) continue;
    await trx
      .insertInto('unused_blob')
      .values(rows)
      .onConflict((c) => c.column('content').doNothing())
      .execute();
  }
}

async function usedOf(trx: Transaction, contents: readonly string[]): Promise<Set<string>> {
  const owned = await trx
    .selectFrom('content_ref')
    .select('content')
    .where('content', 'in', contents)
    .execute();
  const sent = await trx
    .selectFrom('lease_upload')
    .select('content')
    .where('content', 'in', contents)
    .execute();
  return new Set([...owned, ...sent].map(({ content }) => content));
}

/**
 * Takes back references that were not used since: no job that is kept began before `oldest`, and what a job
 * names was fresh to the day when it began. Services run for longer; what they name is left out.
 */
export async function removeOldReferences(
  core: Core,
  oldest: number,
  pause: Pause,
): Promise<boolean> {
  const before = oldest - REFERENCE_DAY_MS;
  let kept = 0;
  for (;;) {
    const served = contentsOfServices(core);
    const rows = await core.store.db
      .selectFrom('content_ref')
      .select(['account', 'content', 'size_bytes'])
      .where('created_at', '<', before)
      .orderBy('created_at')
      .orderBy('content')
      .orderBy('account')
      .offset(kept)
      .limit(STEP_ROWS)
      .execute();
    const old = rows.filter(({ content }) => !served.has(content));
    kept += rows.length - old.length;
    if (old.length > 0) {
      await core.store.write(async (trx) => {
        for (const { account, content } of old) {
          await trx
            .deleteFrom('content_ref')
            .where('account', '=', account)
            .where('content', '=', content)
            // Somebody may have used it just now.
            .where('created_at', '<', before)
            .execute();
        }
        await addUnused(trx, old, core.clock.now());
      });
    }
    if (rows.length < STEP_ROWS) return true;
    if (!(await pause())) return false;
  }
}

function contentsOfServices(core: Core): Set<string> {
  const contents = new Set<string>();
  const add = (spec: Parameters<typeof specContents>[0]): void => {
    for (const content of specContents(spec)) contents.add(content);
  };
  for (const { spec } of core.deployments.values()) add(spec.job);
  for (const { spec, replicaOf } of core.jobs.values()) if (replicaOf !== undefined) add(spec);
  return contents;
}

export interface RemovedBlobs {
  readonly blobs: number;
  readonly bytes: number;
}

/** Undefined when it was told to stop. */
export async function removeUnusedBlobs(
  core: Core,
  blobs: Pick<Blobs, 'remove'>,
  pause: Pause,
): Promise<RemovedBlobs | undefined> {
  const { store, clock } = core;
  const before = clock.now() - UNUSED_BLOB_MS;
  let removed: RemovedBlobs = { blobs: 0, bytes: 0 };
  for (;;) {
    const due = await store.db
      .selectFrom('unused_blob')
      .select(['content', 'size_bytes'])
      .where('since', '<', before)
      .orderBy('since')
      .limit(STEP_ROWS)
      .execute();
    for (const { content, size_bytes } of due) {
      if (await isRemovable(store, content, before)) {
        await blobs.remove(content);
        await store.write((trx) =>
          trx.deleteFrom('unused_blob').where('content', '=', content).execute(),
        );
        removed = { blobs: removed.blobs + 1, bytes: removed.bytes + size_bytes };
      }
      if (!(await pause())) return undefined;
    }
    if (due.length < STEP_ROWS) return removed;
  }
}

/** Decides it in the database, where who comes to use it must pass. */
async function isRemovable(store: Store, content: string, before: number): Promise<boolean> {
  return store.write(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('unused_blob')
      .set({ removing: 1 })
      .where('content', '=', content)
      .where('since', '<', before)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    if ((await usedOf(trx, [content])).size === 0) return true;
    await trx.deleteFrom('unused_blob').where('content', '=', content).execute();
    return false;
  });
}
