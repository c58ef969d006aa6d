import type { Health } from '@fog/kernel';

export interface StoredBlob {
  /** SHA-256, lower-case hex. */
  readonly content: string;
  readonly sizeBytes: number;
}

export interface PutOptions {
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** Content-addressed bytes, written once, never changed. */
export interface Blobs {
  /** Where they are, for a person; without any secret. */
  readonly place: string;
  /**
   * Durable when it resolves. Throws STORE_BLOB_TOO_LARGE, STORE_DISK_FULL, STORE_BLOBS_UNREACHABLE,
   * STORE_BLOBS_REFUSED; leaves nothing behind when it throws.
   */
  put(source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredBlob>;
  /** Throws STORE_NO_BLOB. */
  open(content: string, options?: { readonly start?: number }): Promise<AsyncIterable<Uint8Array>>;
  size(content: string): Promise<number | undefined>;
  remove(content: string): Promise<void>;
  /** Degraded when nothing can be stored now: what is known already goes on without it. */
  health(signal: AbortSignal): Promise<Health>;
}

export interface BlobsOptions {
  /** Keeps them, or with `bucket` only uploads until they are whole. */
  readonly dir: string;
  /** Subdirectory for uploads until they are whole; one of its own for each process that shares `dir`. */
  readonly incoming?: string;
  readonly bucket?: BucketOptions;
}

export interface BucketOptions {
  /** `s3://BUCKET/PREFIX?endpoint=https://…&region=…`. */
  readonly url: string;
  /** Holds AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where needed, AWS_SESSION_TOKEN. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Throws STORE_URL, STORE_BLOBS_REFUSED, STORE_BLOBS_UNREACHABLE for a bucket that cannot be used. */
export async function openBlobs({ dir, incoming, bucket }: BlobsOptions): Promise<Blobs> {
  // Loaded on demand: a fog without a bucket pays nothing for it.
  if (bucket !== undefined) return (await import('./s3-blobs.ts')).openS3Blobs(dir, bucket);
  return (await import('./disk-blobs.ts')).openDiskBlobs(dir, incoming);
}
