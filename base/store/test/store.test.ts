import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { isFogError } from '@fog/kernel';
import { sql } from 'kysely';
import { openBlobs, openStore, refuseSecretInFlag } from '../src/index.ts';
import { lockDirectory } from '../src/lock-directory.ts';
import { blobsSuite, withCode } from './blobs-suite.ts';
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
      () => refuseSecretInFlag('--store', url, 'FOG_STORE', 'PGPASSWORD'),
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

describe('blobs on disk', () => {
  const dirs: string[] = [];
  after(async () => {
    for (const dir of dirs) await rm(dir, { recursive: true, force: true });
  });
  blobsSuite(async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'fog-blobs-'));
    dirs.push(dir);
    return { dir, blobs: await openBlobs({ dir }) };
  });
});

test('a start removes what a killed process had half received', () =>
  withDir(async (dir) => {
    await mkdir(path.join(dir, 'incoming'));
    await writeFile(path.join(dir, 'incoming', 'half'), 'half');
    await openBlobs({ dir });
    assert.deepEqual(await readdir(path.join(dir, 'incoming')), []);
  }));

test('a mode of encryption that does not exist is refused before anything is connected', async () => {
  await assert.rejects(
    openStore({ url: 'postgres://fog:hunter2@127.0.0.1:1/fog?sslmode=bogus' }),
    withCode('STORE_URL', /its sslmode must be one of disable, .*verify-full/),
  );
});

test('an address of a bucket that cannot be used is STORE_URL and repeats no secret', () =>
  withDir(async (dir) => {
    const env = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'hunter2' };
    const cases: readonly (readonly [string, RegExp])[] = [
      ['bucket', /s3:\/\//],
      ['s3://', /bucket/],
      ['s3://UPPER_case', /bucket/],
      ['s3://a/b', /its bucket must have 3 to 63/],
      ['s3://id:hunter2@bucket', /environment/],
      ['s3://bucket/../x?endpoint=http://id:hunter2@host', /environment/],
      ['s3://bucket?endpoint=ftp://host', /endpoint/],
      ['s3://bucket?secret=hunter2', /no parameter "secret"/],
      ['s3://bucket/a//b', /prefix/],
    ];
    for (const [url, text] of cases) {
      await assert.rejects(openBlobs({ dir, bucket: { url, env } }), (error) => {
        assert.doesNotMatch(String(error), /hunter2/);
        return withCode('STORE_URL', text)(error);
      });
    }
    const none = { url: 's3://bucket', env: { AWS_ACCESS_KEY_ID: 'id' } };
    await assert.rejects(openBlobs({ dir, bucket: none }), withCode('STORE_URL', /not both set/));
  }));
