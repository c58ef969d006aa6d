/**
 * Files a program hands back, written below one directory of this machine. The paths were chosen by an
 * untrusted program: nothing may be written outside the directory, also not through a link lying in it.
 */
import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage } from '@fog/kernel';
import { GuestPath } from '@fog/wire';
import { fail } from '../errors.ts';
import { makeDirectory } from '../process/make-directory.ts';

/** Where programs write what they hand back. */
export const GUEST_OUTPUT_DIR = '/output';

/** Makes the directory and answers its real path. Throws FOG_OUTPUT. */
export async function prepareOutputDir(directory: string): Promise<string> {
  try {
    await makeDirectory(directory);
    return await realpath(directory);
  } catch (error) {
    throw fail('FOG_OUTPUT', {
      message: `--output ${directory} cannot be used: ${errorMessage(error)}. Give another directory.`,
      details: { directory },
      cause: error,
    });
  }
}

/** `/output/a/b` → `a/b`. Throws FOG_OUTPUT_PATH for anything that is not a clean path below it. */
export function relativeOutputPath(guestPath: string): string {
  const prefix = `${GUEST_OUTPUT_DIR}/`;
  const below = guestPath.startsWith(prefix) ? guestPath.slice(prefix.length) : '';
  const clean = GuestPath.safeParse(below).success && !below.startsWith('/');
  // On Windows a colon names a drive or a stream of a file.
  if (clean && !below.includes(':')) return below;
  if (clean && path.sep === '/') return below;
  throw unsafe(guestPath);
}

/** Writes one file the program handed back; whole or not at all, a link in its place is not followed. */
export async function saveOutput(
  root: string,
  guestPath: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<string> {
  const segments = relativeOutputPath(guestPath).split('/');
  await makeParents(root, segments.slice(0, -1), guestPath);
  return saveBytes(root, path.join(...segments), bytes);
}

/** Writes `root/relative`, whose directory exists, whole or not at all. Throws FOG_OUTPUT. */
export async function saveBytes(
  root: string,
  relative: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<string> {
  const target = path.join(root, relative);
  const partial = `${target}.fog-partial`;
  try {
    await writeNew(partial, bytes);
    await rename(partial, target);
    return target;
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw writeError(target, error);
  }
}

/** A fault of this machine's disk becomes FOG_OUTPUT; a fault of the source stays what it is. */
function writeError(target: string, error: unknown): unknown {
  if (!(error instanceof Error && 'syscall' in error)) return error;
  const message = `${target} cannot be written: ${errorMessage(error)}.`;
  return fail('FOG_OUTPUT', { message, cause: error });
}

/** One segment after the other, so that no directory is made, or used, behind a link. */
async function makeParents(
  root: string,
  segments: readonly string[],
  guestPath: string,
): Promise<void> {
  let directory = root;
  for (const segment of segments) {
    directory = path.join(directory, segment);
    await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw writeError(directory, error);
    });
    if (!(await lstat(directory)).isDirectory()) throw unsafe(guestPath);
  }
}

async function writeNew(file: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await rm(file, { force: true });
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  const handle = await open(file, O_CREAT | O_EXCL | O_WRONLY, 0o666);
  try {
    for await (const chunk of bytes) await handle.writeFile(chunk);
  } finally {
    await handle.close();
  }
}

function unsafe(guestPath: string): Error {
  return fail('FOG_OUTPUT_PATH', {
    message: `The program handed back a file at ${JSON.stringify(guestPath)}, which does not lie safely below --output; it was not written.`,
    details: { guestPath },
  });
}
