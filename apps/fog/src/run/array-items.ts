import { stat } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage, formatSize } from '@fog/kernel';
import { MAX_ARRAY_TASKS, MAX_REQUEST_BYTES } from '@fog/wire';
import { fail } from '../errors.ts';
import { readAtMost } from '../process/read-at-most.ts';
import { type HostFile, listDirectory } from './input-files.ts';

export interface EachItem {
  /** FOG_ITEM of the task. */
  readonly value: string;
  /** Mounted for this task only. */
  readonly file?: HostFile;
}

/** FOG_ITEM is a variable of the program. */
const MAX_ITEM_CHARS = 8192;

/**
 * `--each FILE` is a task for each non-empty line (`-` reads them from stdin), `--each DIR` one for each
 * file below it, seen by the program under the directory's own name. Throws FOG_INPUT; an AbortError when `signal` aborts.
 */
export async function expandEach(
  source: string,
  readStdin: () => Promise<Uint8Array>,
  signal: AbortSignal,
): Promise<EachItem[]> {
  const items =
    source === '-'
      ? linesOf(await readStdin(), 'stdin')
      : (await isDirectory(source))
        ? await filesOf(source)
        : linesOf(await readLines(source, signal), source);
  if (items.length === 0) throw problem(source, 'holds nothing to run for.');
  if (items.length > MAX_ARRAY_TASKS) {
    throw problem(source, `holds ${items.length} items; one job takes ${MAX_ARRAY_TASKS}.`);
  }
  return items;
}

async function isDirectory(source: string): Promise<boolean> {
  try {
    return (await stat(source)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw problem(source, 'does not exist.', error);
    }
    throw problem(source, `cannot be read: ${errorMessage(error)}.`, error);
  }
}

async function readLines(file: string, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await readAtMost(file, MAX_REQUEST_BYTES, signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw problem(file, `cannot be read: ${errorMessage(error)}.`, error);
  });
  if (bytes !== undefined) return bytes;
  throw problem(file, `has more than ${formatSize(MAX_REQUEST_BYTES)}.`);
}

function linesOf(bytes: Uint8Array, source: string): EachItem[] {
  // TextDecoder drops a byte order mark.
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  const items = lines.filter((line) => line.trim() !== '').map((value) => ({ value }));
  const long = items.findIndex(({ value }) => value.length > MAX_ITEM_CHARS);
  if (long === -1) return items;
  throw problem(
    source,
    `: line ${lines.indexOf(items[long]?.value ?? '') + 1} is longer than ${MAX_ITEM_CHARS} characters. Put long items into files and give the directory.`,
  );
}

async function filesOf(directory: string): Promise<EachItem[]> {
  const files = await listDirectory(directory, path.basename(path.resolve(directory)));
  return files.map((file) => ({ value: file.guestPath, file }));
}

function problem(source: string, what: string, cause?: unknown): Error {
  const name = source === '-' ? 'stdin' : source;
  return fail('FOG_INPUT', {
    message: `--each: ${name} ${what}`.replace(' :', ':'),
    details: { source },
    cause,
  });
}
