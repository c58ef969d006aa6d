import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { sha256Hex } from '@fog/crypto';
import { isFogError, silentLogger, utf8 } from '@fog/kernel';
import { tempDir, type TempDir } from '@fog/testkit';
import { BlobCache } from '../src/staging/blob-cache.ts';
import { eachLimited } from '../src/staging/each-limited.ts';
import { JobSpecs } from '../src/staging/job-specs.ts';
import { NEVER, rig } from './harness.ts';
import { JobSpec } from '@fog/wire';

const idOf = (text: string): string => sha256Hex(utf8(text));

interface Shelf {
  readonly cache: BlobCache;
  readonly downloads: string[];
}

async function shelf(dir: TempDir, maxBytes = 1_000): Promise<Shelf> {
  const downloads: string[] = [];
  const texts = new Map(['aaaa', 'bbbb', 'cccc'].map((text) => [idOf(text), text]));
  const cache = new BlobCache(
    { dir: dir.path, maxBytes },
    {
      logger: silentLogger,
      download: async (content, file) => {
        downloads.push(content);
        const text = texts.get(content);
        if (text === undefined) throw new Error('no such blob');
        await writeFile(file, text);
        return text.length;
      },
    },
  );
  await cache.open();
  return { cache, downloads };
}

test('tasks that need the same content share one download', async () => {
  await using dir = await tempDir();
  const { cache, downloads } = await shelf(dir);
  const blobs = await Promise.all([1, 2, 3].map(() => cache.acquire(idOf('aaaa'), NEVER)));
  assert.equal(downloads.length, 1);
  assert.equal(await readFile(blobs[0]?.hostPath ?? '', 'utf8'), 'aaaa');
});

test('the least recently used content goes first, what is in use stays', async () => {
  await using dir = await tempDir();
  const { cache, downloads } = await shelf(dir, 8);
  const a = await cache.acquire(idOf('aaaa'), NEVER);
  const b = await cache.acquire(idOf('bbbb'), NEVER);
  const c = await cache.acquire(idOf('cccc'), NEVER);
  assert.equal(cache.sizeBytes, 12, 'all in use');
  b.release();
  b.release();
  assert.equal(cache.sizeBytes, 8);
  assert.deepEqual((await readdir(dir.path)).sort(), [idOf('aaaa'), idOf('cccc')].sort());
  a.release();
  c.release();
  await cache.acquire(idOf('bbbb'), NEVER);
  assert.deepEqual(
    downloads.map((id) => id === idOf('bbbb')),
    [false, true, false, true],
  );
});

test('after a restart content is kept, checked before its first use; leftovers go', async () => {
  await using dir = await tempDir();
  await writeFile(dir.file(idOf('aaaa')), 'aaaa');
  await writeFile(dir.file(idOf('bbbb')), 'bxbb');
  await writeFile(dir.file(`${idOf('cccc')}.1.part`), 'cc');
  await mkdir(dir.file('dir'));
  const { cache, downloads } = await shelf(dir);
  assert.equal((await readdir(dir.path)).length, 2);
  await cache.acquire(idOf('aaaa'), NEVER);
  assert.deepEqual(downloads, []);
  const b = await cache.acquire(idOf('bbbb'), NEVER);
  assert.deepEqual(downloads, [idOf('bbbb')]);
  assert.equal(await readFile(b.hostPath, 'utf8'), 'bbbb');
  assert.equal(cache.sizeBytes, 8);
});

test('leftovers over the bound are removed at start', async () => {
  await using dir = await tempDir();
  for (const text of ['aaaa', 'bbbb', 'cccc']) {
    await writeFile(dir.file(idOf(text)), text);
    await utimes(dir.file(idOf(text)), 1, 1);
  }
  const { cache } = await shelf(dir, 4);
  assert.equal(cache.sizeBytes, 4);
  assert.equal((await readdir(dir.path)).length, 1);
});

test('one task giving up does not end the download of another', async () => {
  await using dir = await tempDir();
  const gate = Promise.withResolvers<void>();
  const seen: AbortSignal[] = [];
  const cache = new BlobCache(
    { dir: dir.path, maxBytes: 100 },
    {
      logger: silentLogger,
      download: async (_content, file, signal) => {
        seen.push(signal);
        await gate.promise;
        signal.throwIfAborted();
        await writeFile(file, 'aaaa');
        return 4;
      },
    },
  );
  await cache.open();
  const abort = new AbortController();
  const first = cache.acquire(idOf('aaaa'), abort.signal);
  const second = cache.acquire(idOf('aaaa'), NEVER);
  abort.abort();
  await assert.rejects(first, (error) => isFogError(error, 'AGENT_STOPPED'));
  assert.equal(seen[0]?.aborted, false);
  gate.resolve();
  (await second).release();
  assert.equal(seen.length, 1);
  await assert.rejects(cache.acquire('f'.repeat(64), AbortSignal.abort()));
});

test('a download that nobody waits for is aborted, and the next task starts anew', async () => {
  await using dir = await tempDir();
  let calls = 0;
  const cache = new BlobCache(
    { dir: dir.path, maxBytes: 100 },
    {
      logger: silentLogger,
      download: async (_content, file, signal) => {
        calls += 1;
        if (calls === 1) {
          await new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new Error('aborted')));
          });
        }
        await writeFile(file, 'aaaa');
        return 4;
      },
    },
  );
  await cache.open();
  const abort = new AbortController();
  const first = cache.acquire(idOf('aaaa'), abort.signal);
  abort.abort();
  await assert.rejects(first);
  await cache.acquire(idOf('aaaa'), NEVER);
  assert.equal(calls, 2);
});

test('a transfer is tried again after a cut, a damaged body and an outdated token', async () => {
  await using r = await rig();
  let calls = 0;
  r.coordinator.intercept = (request, answer) => {
    calls += 1;
    if (calls === 1) request.socket.destroy();
    else if (calls === 2) answer.end('damaged');
    else return false;
    return true;
  };
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const { request } = await r.run(1);
  assert.equal(await readFile(request.module.hostPath, 'utf8'), 'module');
  assert.equal(calls, 3);
  assert.equal((await readdir(r.dir.file('agent', 'cache'))).length, 1);
});

test('staging waits for the next session instead of failing while offline', async () => {
  await using r = await rig();
  r.coordinator.intercept = (_request, answer) => {
    r.coordinator.intercept = undefined;
    r.coordinator.latest.socket.terminate();
    answer.writeHead(401).end();
    return true;
  };
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  await r.run(1);
  assert.equal(r.coordinator.sessions.length, 2);
});

test('specs that are out of the cache are fetched again', async () => {
  const spec = JobSpec.parse({ runtime: 'wasm', module: idOf('m'), moduleName: 'm' });
  const fetched: string[] = [];
  const specs = new JobSpecs((job) => {
    fetched.push(job);
    return Promise.resolve(spec);
  });
  for (let at = 0; at < 257; at += 1) specs.add(`j${at}`, 'alice', spec);
  specs.add('j256', 'alice', undefined);
  assert.equal(specs.owner('j0'), undefined);
  assert.equal(specs.owner('j256'), 'alice');
  assert.equal(await specs.get('j256', 'alice', NEVER), spec);
  assert.deepEqual(fetched, []);
  await Promise.all([specs.get('j0', 'alice', NEVER), specs.get('j0', 'alice', NEVER)]);
  assert.deepEqual(fetched, ['j0']);
});

test('a spec load that ended with another task’s lease is made again', async () => {
  const spec = JobSpec.parse({ runtime: 'wasm', module: idOf('m'), moduleName: 'm' });
  let calls = 0;
  const specs = new JobSpecs(async (_job, signal) => {
    calls += 1;
    if (calls === 1) {
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('gone')));
      });
    }
    return spec;
  });
  const abort = new AbortController();
  const first = specs.get('j', 'alice', abort.signal);
  const second = specs.get('j', 'alice', NEVER);
  abort.abort();
  await assert.rejects(first, /gone/);
  assert.equal(await second, spec);
});

test('work on many items keeps its width and ends with the first failure', async () => {
  let now = 0;
  let most = 0;
  await eachLimited([1, 2, 3, 4, 5], 2, async () => {
    now += 1;
    most = Math.max(most, now);
    await Promise.resolve();
    now -= 1;
  });
  assert.equal(most, 2);
  const done: number[] = [];
  await assert.rejects(
    eachLimited([1, 2, 3], 1, (item) => {
      done.push(item);
      return item === 2 ? Promise.reject(new Error('two')) : Promise.resolve();
    }),
    /two/,
  );
  assert.deepEqual(done, [1, 2]);
});
