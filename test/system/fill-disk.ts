/** `node fill-disk.ts DIR`, DIR on a disk of a few MiB: what blobs and store say when it is full, as JSON. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FogError } from '@fog/kernel';
import { openBlobs, openStore, type Store } from '@fog/store';

const dir = process.argv[2] ?? '';
const filler = path.join(dir, 'filler');

async function* megabytes(count: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at += 1) yield new Uint8Array(1024 * 1024).fill(at);
}

function told(error: unknown): object {
  if (!(error instanceof FogError)) return { error: String(error) };
  const { code, retryable, message } = error;
  return { code, retryable, message };
}

async function fill(): Promise<void> {
  await writeFile(filler, new Uint8Array(64 * 1024 * 1024)).catch(() => {});
}

const put = async (store: Store, id: string): Promise<void> => {
  const row = { id, name: 'x'.repeat(100_000), role: 'user', created_at: 1 };
  await store.write(async (trx) => {
    await trx.insertInto('account').values(row).execute();
  });
};

const blobs = await openBlobs({ dir: path.join(dir, 'blobs') });
const room = { maxBytes: 1e9 };
const blob = await blobs.put(megabytes(64), room).then(() => ({}), told);
const left = await readdir(path.join(dir, 'blobs', 'incoming'));
const { sizeBytes } = await blobs.put(megabytes(1), room);

const store = await openStore({ dir });
await put(store, 'before');
await fill();
const write = await put(store, 'full').then(() => ({}), told);
const health = await store.health(AbortSignal.timeout(10_000));
const files = await blobs.health(AbortSignal.timeout(10_000));
await rm(filler);
await put(store, 'after');
const rows = await store.db.selectFrom('account').select('id').orderBy('id').execute();
await store.close();
const ids = rows.map((row) => row.id);
process.stdout.write(JSON.stringify({ blob, left, sizeBytes, write, health, files, ids }));
