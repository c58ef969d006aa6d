/** Where the fog keeps its state: the data directory, or a database and a bucket that it shares with others. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type Identity, identityFromSeed, openIdentity } from '@fog/crypto';
import { type Clock, errorMessage } from '@fog/kernel';
import {
  type Blobs,
  type BlobsOptions,
  getOrCreateSecret,
  openBlobs,
  openStore,
  refuseSecretInFlag,
  type Store,
} from '@fog/store';
import { fail } from '../errors.ts';
import { makeDirectory } from '../process/make-directory.ts';

export interface StorageOptions {
  /** `postgres://…`; undefined: SQLite in the data directory. */
  readonly store: string | undefined;
  /** `s3://…`, or a directory that coordinators share; undefined: files in the data directory. */
  readonly blobs: string | undefined;
  /** Holds the credentials of the bucket. */
  readonly env: NodeJS.ProcessEnv;
}

export interface Storage {
  readonly store: Store;
  readonly blobs: Blobs;
  /** The fog's: the same for all coordinators on one database. */
  readonly identity: Identity;
  /** Id of this coordinator among them, kept in its data directory. */
  readonly coordinator: string;
}

const SEED_BYTES = 32;

export async function openStorage(
  dataDir: string,
  options: StorageOptions | undefined,
  clock: Clock,
): Promise<Storage> {
  const own = await openIdentity(path.join(dataDir, 'fog.key'));
  const { store: url, blobs: where, env = {} } = options ?? {};
  const blobs = await openBlobs(blobsOptions(dataDir, where, { env, id: own.id }));
  const store = await openStore(url === undefined ? { dir: dataDir } : { url });
  try {
    const identity = store.kind === 'sqlite' ? own : await sharedIdentity(store, clock);
    return { store, blobs, identity, coordinator: own.id };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function blobsOptions(
  dataDir: string,
  where: string | undefined,
  { env, id }: { readonly env: NodeJS.ProcessEnv; readonly id: string },
): BlobsOptions {
  const own = path.join(dataDir, 'blobs');
  if (where === undefined) return { dir: own };
  // What has a scheme is a bucket, or said to be none.
  if (where.includes('://')) return { dir: own, bucket: { url: where, env } };
  return { dir: path.resolve(where), incoming: `incoming-${id}` };
}

async function sharedIdentity(store: Store, clock: Clock): Promise<Identity> {
  return identityFromSeed(
    await getOrCreateSecret(store, clock, 'fog-key', () => randomBytes(SEED_BYTES)),
  );
}

/** The flag, without a password, or FOG_STORE. */
export function readStoreUrl(flag: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (flag !== undefined)
    refuseSecretInFlag('--store', flag, 'FOG_STORE', 'PGPASSWORD or the file of PGPASSFILE');
  return flag ?? (env['FOG_STORE'] || undefined);
}

/** The flag or FOG_BLOBS: a bucket, or a directory, which is made for this user only. */
export async function readBlobsPlace(
  flag: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const where = flag ?? (env['FOG_BLOBS'] || undefined);
  if (where === undefined || where.includes('://')) return where;
  if (where === '') {
    throw fail('FOG_USAGE', {
      message: '--blobs is empty: must be a directory, or a bucket like s3://bucket/prefix.',
    });
  }
  const directory = path.resolve(where);
  try {
    await makeDirectory(directory, 0o700);
  } catch (cause) {
    throw fail('FOG_DATA_DIR', {
      message: `The directory ${directory} cannot hold the files of jobs: ${errorMessage(cause)}. Choose another with --blobs or FOG_BLOBS.`,
      details: { directory },
      cause,
    });
  }
  return directory;
}

/** The flag, without a password, or FOG_LIVE. */
export function readLiveUrl(flag: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (flag !== undefined) refuseSecretInFlag('--live', flag, 'FOG_LIVE');
  return flag ?? (env['FOG_LIVE'] || undefined);
}
