export {
  type Blobs,
  type BlobsOptions,
  type BucketOptions,
  openBlobs,
  type PutOptions,
  type StoredBlob,
} from './blobs/blobs.ts';
export { STORE_ERRORS } from './errors.ts';
export { refuseSecretInFlag } from './flag-url.ts';
export { getOrCreateSecret } from './fog-secrets.ts';
export {
  currentLeader,
  type Leader,
  type LeaderLease,
  type LeadershipDeps,
  type LeadershipOptions,
  tryLead,
} from './leadership.ts';
export type * from './schema.ts';
export {
  openStore,
  type PostgresOptions,
  type SqliteOptions,
  type Store,
  type StoreOptions,
  type WriteWork,
} from './store.ts';
