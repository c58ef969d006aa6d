import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { replacePrivateFile } from '@fog/kernel/files';

export interface SnapshotPlace {
  /** Private folder of the runtime. */
  readonly folder: string;
  /** Files the snapshot depends on: another content, another snapshot. */
  readonly sources: readonly string[];
  readonly flags: readonly string[];
}

/** Hex digits of the digests in the file name. */
const DIGEST_CHARS = 32;
const FILE_NAME = /^python-([0-9a-f]{32})-([0-9a-f]{32})\.snapshot$/;
/** What a kill left. */
const UNFINISHED = /\.snapshot\.[0-9a-f]+\.new$/;

/**
 * The path of a memory snapshot that fits these sources. Its name carries the digest of what it was made from and of its own
 * bytes: a file cut short or altered is found out, deleted and made again, and so is one of an older version.
 */
export async function provideSnapshot(
  place: SnapshotPlace,
  build: () => Promise<Uint8Array>,
): Promise<string> {
  const sources = await digestOfSources(place);
  const kept = await keepWhole(place.folder, sources);
  if (kept !== undefined) return kept;
  const bytes = await build();
  const file = path.join(place.folder, `python-${sources}-${digestOf(bytes)}.snapshot`);
  await replacePrivateFile(file, bytes);
  return file;
}

/** Deletes every snapshot that does not fit or is not whole, and gives the one that is both. */
async function keepWhole(folder: string, sources: string): Promise<string | undefined> {
  let kept: string | undefined;
  for (const name of await readdir(folder)) {
    const match = FILE_NAME.exec(name);
    const isOurs = match !== null || UNFINISHED.test(name);
    if (!isOurs) continue;
    const file = path.join(folder, name);
    const fits = match?.[1] === sources && digestOf(await readFile(file)) === match[2];
    if (fits) kept = file;
    else await rm(file, { force: true });
  }
  return kept;
}

async function digestOfSources(place: SnapshotPlace): Promise<string> {
  const hash = createHash('sha256').update(
    `${process.version} ${process.arch} ${place.flags.join(' ')}`,
  );
  for (const source of place.sources) hash.update('\0').update(await readFile(source));
  return hash.digest('hex').slice(0, DIGEST_CHARS);
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, DIGEST_CHARS);
}
