import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { isFogError, utf8 } from '@fog/kernel';
import { openBlobs, openStore } from '../src/index.ts';
import { lockDirectory } from '../src/lock-directory.ts';

async function withDir(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(path.join(tmpdir(), 'fog-store-'));
  try {
    await run(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const account = (id: string) => ({ id, name: id, role: 'operator', created_at: 1 });

test('works of one turn share one transaction and all survive a reopen', () =>
  withDir(async (dir) => {
    const store = await openStore({ dir });
    await Promise.all(
      ['a', 'b', 'c'].map((id) =>
        store.write(async (trx) => trx.insertInto('account').values(account(id)).execute()),
      ),
    );
    await store.close();
    const again = await openStore({ dir });
    const rows = await again.db.selectFrom('account').select('id').orderBy('id').execute();
    assert.deepEqual(
      rows.map((row) => row.id),
      ['a', 'b', 'c'],
    );
    await again.close();
  }));

test('a failing work rejects alone, the others of its group commit', () =>
  withDir(async (dir) => {
    const store = await openStore({ dir });
    const good = store.write(async (trx) => {
      await trx.insertInto('account').values(account('good')).execute();
      return 7;
    });
    const bad = store.write(async (trx) => {
      await trx.insertInto('account').values(account('good')).execute();
    });
    assert.equal(await good, 7);
    await assert.rejects(bad);
    assert.equal((await store.db.selectFrom('account').selectAll().execute()).length, 1);
    await store.close();
    await assert.rejects(
      store.write(async () => 1),
      (error) => isFogError(error, 'STORE_CLOSED'),
    );
  }));

test('a second store on the directory is STORE_LOCKED and says what to do', () =>
  withDir(async (dir) => {
    const store = await openStore({ dir });
    await assert.rejects(openStore({ dir }), (error) => {
      assert(isFogError(error, 'STORE_LOCKED'));
      assert.match(error.message, /--data-dir/);
      return true;
    });
    await store.close();
    await (await openStore({ dir })).close();
  }));

test('a database of a newer program is refused, a broken one is STORE_OPEN', () =>
  withDir(async (dir) => {
    await (await openStore({ dir })).close();
    const raw = new DatabaseSync(path.join(dir, 'fog.db'));
    raw.exec("insert into kysely_migration (name, timestamp) values ('999-future', '')");
    raw.close();
    await assert.rejects(openStore({ dir }), (error) => isFogError(error, 'STORE_NEWER'));
    const other = path.join(dir, 'other');
    await (await openStore({ dir: other })).close();
    const { writeFile } = await import('node:fs/promises');
    await writeFile(path.join(other, 'fog.db'), 'not a database at all, really not one'.repeat(40));
    await assert.rejects(openStore({ dir: other }), (error) => isFogError(error, 'STORE_OPEN'));
  }));

test('a directory lock excludes and is released', () =>
  withDir(async (dir) => {
    const lock = lockDirectory(path.join(dir, 'agent'));
    assert.throws(
      () => lockDirectory(path.join(dir, 'agent')),
      (e) => isFogError(e, 'STORE_LOCKED'),
    );
    lock[Symbol.dispose]();
    lockDirectory(path.join(dir, 'agent'))[Symbol.dispose]();
  }));

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield utf8(text);
}

test('blobs are named by their hash, read from an offset, bounded, and leave nothing when refused', () =>
  withDir(async (dir) => {
    const blobs = await openBlobs({ dir });
    const stored = await blobs.put(chunks('hello ', 'fog'), { maxBytes: 100 });
    assert.equal(stored.sizeBytes, 9);
    assert.equal(await blobs.size(stored.content), 9);
    const parts: Buffer[] = [];
    for await (const part of await blobs.open(stored.content, { start: 6 }))
      parts.push(Buffer.from(part));
    assert.equal(Buffer.concat(parts).toString(), 'fog');
    await assert.rejects(blobs.put(chunks('0123456789'), { maxBytes: 4 }), (error) =>
      isFogError(error, 'STORE_BLOB_TOO_LARGE'),
    );
    const aborted = AbortSignal.abort();
    await assert.rejects(blobs.put(chunks('x'), { maxBytes: 4, signal: aborted }));
    assert.deepEqual(await readdir(path.join(dir, 'incoming')), []);
    await assert.rejects(blobs.open('../../etc/passwd'), (e) => isFogError(e, 'STORE_NO_BLOB'));
    await blobs.remove(stored.content);
    await assert.rejects(blobs.open(stored.content), (e) => isFogError(e, 'STORE_NO_BLOB'));
  }));
