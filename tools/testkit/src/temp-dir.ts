import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** Joins below the directory. */
  file(...parts: string[]): string;
}

/** A private directory that goes away with its scope: `await using dir = await tempDir();` */
export async function tempDir(): Promise<TempDir> {
  const root = await mkdtemp(path.join(tmpdir(), 'fog-test-'));
  return {
    path: root,
    file: (...parts) => path.join(root, ...parts),
    // A process that was killed a moment ago may still be writing its last file.
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}
