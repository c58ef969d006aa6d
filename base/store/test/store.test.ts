import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { isFogError, utf8 } from '@fog/kernel';
import { sql } from 'kysely';
import { openBlobs, openStore, refuseSecretInFlag } from '../src/index.ts';
import { lockDirectory } from '../src/lock-directory.ts';
import { storeSuite } from './store-suite.ts';

async function withDir(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(path.join(tmpdir(), 'fog-store-'));
  try {
    await run(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

describe('the store on SQLite', () => {
  const dirs: string[] = [];
  after(async () => {
    for (const dir of dirs) await rm(dir, { recursive: true, force: true });
  });
  storeSuite(async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'fog-store-'));
    dirs.push(dir);
    return { dir };
  });
});

test('a full disk is STORE_DISK_FULL, names the directory, and the store goes on when there is room', () =>
  withDir(async (dir) => {
    const store = await openStore({ dir });
    const pages = (count: number) => sql.raw(`pragma max_page_count = ${count}`).execute(store.db);
    await pages(1);
    const large = async (): Promise<void> => {
      await store.write(async (trx) => {
        const row = { id: 'a', name: 'x'.repeat(1e6), role: 'user', created_at: 1 };
        await trx.insertInto('account').values(row).execute();
      });
    };
    await assert.rejects(large(), (error) => {
      assert.ok(isFogError(error, 'STORE_DISK_FULL'));
      assert.ok(error.retryable && error.message.includes(dir));
      return true;
    });
    await pages(1e6);
    await large();
    await store.close();
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

test('a broken database is STORE_OPEN', () =>
  withDir(async (dir) => {
    await (await openStore({ dir })).close();
    await writeFile(path.join(dir, 'fog.db'), 'not a database at all, really not one'.repeat(40));
    await assert.rejects(openStore({ dir }), (error) => isFogError(error, 'STORE_OPEN'));
  }));

test('an address with a secret is refused on a command line, and not repeated', () => {
  const refused = [
    'postgres://fog:hunter2@db/fog',
    'postgres://db/fog?user=fog&password=hunter2',
    'postgres//fog:hunter2@db/fog',
  ];
  for (const url of refused) {
    assert.throws(
      () => refuseSecretInFlag('--store', url, 'FOG_STORE'),
      (error) => {
        assert.ok(isFogError(error, 'STORE_SECRET_IN_FLAG'));
        assert.match(error.message, /--store.*FOG_STORE.*PGPASSWORD/);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  }
  refuseSecretInFlag('--store', 'postgres://fog@db:5432/fog?sslmode=verify-full', 'FOG_STORE');
});

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
