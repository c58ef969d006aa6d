/** Files and directories of this machine that go along with a job, by the paths the program will see. */
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage, formatSize } from '@fog/kernel';
import { GuestPath, MAX_BLOB_BYTES, MAX_INPUT_FILES, MAX_MEMORY_BYTES } from '@fog/wire';
import { fail } from '../errors.ts';

export interface HostFile {
  /** Path the program sees; relative ones start in its working directory. */
  readonly guestPath: string;
  readonly hostPath: string;
  readonly sizeBytes: number;
}

/** The program's files count against its memory, and no memory is larger. */
const MAX_INPUT_BYTES = MAX_MEMORY_BYTES;
/** Deeper trees are a mistake (or a loop of mounts). */
const MAX_DEPTH = 64;

/** All files of the `--input` flags, sorted by guest path. Throws FOG_INPUT. */
export async function collectInputs(flags: readonly string[]): Promise<HostFile[]> {
  const files: HostFile[] = [];
  for (const flag of flags) files.push(...(await filesOf(await splitMount(flag))));
  checkTogether(files);
  return files.sort(byGuestPath);
}

interface Mount {
  readonly hostPath: string;
  /** Guest path of the file or directory; empty for the working directory itself. */
  readonly mount: string;
}

/** `PATH:MOUNT`; a path that exists as it stands is one path even with a colon in it. */
async function splitMount(flag: string): Promise<Mount> {
  const colon = flag.lastIndexOf(':');
  if (colon <= 0 || (await exists(flag))) return { hostPath: flag, mount: await baseName(flag) };
  const hostPath = flag.slice(0, colon);
  const mount = flag.slice(colon + 1).replace(/(?<=.)\/+$/, '');
  if (mount === '.' || mount === './') return { hostPath, mount: '' };
  return { hostPath, mount: checkGuestPath(mount.replace(/^\.\//, ''), flag) };
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** `.` and `..` have no name of their own; the directory they mean has one. */
async function baseName(file: string): Promise<string> {
  const name = path.basename(path.resolve(file));
  return name === '' ? '' : name;
}

function checkGuestPath(guestPath: string, flag: string): string {
  const parsed = GuestPath.safeParse(guestPath);
  if (parsed.success) return guestPath;
  throw problem(
    flag,
    `cannot be mounted at "${guestPath}": ${parsed.error.issues[0]?.message ?? 'not a path'}.`,
  );
}

async function filesOf({ hostPath, mount }: Mount): Promise<HostFile[]> {
  const stats = await stat(hostPath).catch((error: unknown) => {
    throw readProblem(hostPath, error);
  });
  if (stats.isDirectory()) {
    const files = await listDirectory(hostPath, mount);
    if (files.length === 0) throw problem(hostPath, 'is an empty directory.');
    return files;
  }
  const guestPath = mount === '' ? path.basename(path.resolve(hostPath)) : mount;
  return [checkFile(stats, { hostPath, guestPath })];
}

/** Files below `directory`, recursive, sorted; `prefix` is its guest path. */
export async function listDirectory(directory: string, prefix: string): Promise<HostFile[]> {
  const root = await realpath(directory).catch((error: unknown) => {
    throw readProblem(directory, error);
  });
  const walk: Walk = { named: directory, root, files: [] };
  await walkDirectory(walk, { real: root, guest: prefix, above: [] });
  checkTogether(walk.files);
  return walk.files.sort(byGuestPath);
}

interface Walk {
  readonly named: string;
  readonly root: string;
  readonly files: HostFile[];
}
interface Place {
  readonly real: string;
  readonly guest: string;
  /** Real paths of the directories this one lies in: a link back to one of them never ends. */
  readonly above: readonly string[];
}

async function walkDirectory(walk: Walk, place: Place): Promise<void> {
  const names = await readdir(place.real).catch((error: unknown) => {
    throw readProblem(place.real, error);
  });
  for (const name of names.sort()) {
    const entry = path.join(place.real, name);
    const real = await realpath(entry).catch((error: unknown) => {
      throw readProblem(entry, error);
    });
    if (!isInside(walk.root, real)) {
      throw problem(
        entry,
        `is a link to ${real}, outside ${walk.named}. Copy the file there, or give it with an --input of its own.`,
      );
    }
    const guestPath = place.guest === '' ? name : `${place.guest}/${name}`;
    const stats = await stat(real);
    if (!stats.isDirectory()) {
      walk.files.push(
        checkFile(stats, { hostPath: real, guestPath: checkGuestPath(guestPath, entry) }),
      );
      checkCount(walk.files, walk.named);
      continue;
    }
    const above = [...place.above, place.real];
    if (above.includes(real)) throw problem(entry, 'is a link to a directory it lies in.');
    if (above.length > MAX_DEPTH) throw problem(entry, 'lies more than 64 directories deep.');
    await walkDirectory(walk, { real, guest: guestPath, above });
  }
}

function isInside(root: string, real: string): boolean {
  const relative = path.relative(root, real);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

interface Measured {
  isFile(): boolean;
  readonly size: number;
}

function checkFile(stats: Measured, file: Omit<HostFile, 'sizeBytes'>): HostFile {
  if (!stats.isFile()) throw problem(file.hostPath, 'is neither a file nor a directory.');
  if (stats.size > MAX_BLOB_BYTES) {
    const limit = formatSize(MAX_BLOB_BYTES);
    throw problem(file.hostPath, `has ${formatSize(stats.size)}; an input may have ${limit}.`);
  }
  return { ...file, sizeBytes: stats.size };
}

function checkCount(files: readonly HostFile[], named: string): void {
  if (files.length <= MAX_INPUT_FILES) return;
  throw problem(
    named,
    `has more than ${MAX_INPUT_FILES} files. Send them as one archive, or split the job.`,
  );
}

/** Refuses sets no file system could hold: too much, or two files in one place. */
export function checkTogether(files: readonly HostFile[]): void {
  checkCount(files, 'The input');
  let sizeBytes = 0;
  for (const file of files) sizeBytes += file.sizeBytes;
  if (sizeBytes > MAX_INPUT_BYTES) {
    const limit = formatSize(MAX_INPUT_BYTES);
    throw problem('The input', `has ${formatSize(sizeBytes)}; a job may have ${limit}.`);
  }
  const taken = new Map<string, string>();
  for (const file of files) {
    const other = taken.get(file.guestPath);
    if (other !== undefined) {
      throw problem(
        file.hostPath,
        `and ${other} would both be "${file.guestPath}" for the program. Mount one elsewhere: --input PATH:MOUNT.`,
      );
    }
    taken.set(file.guestPath, file.hostPath);
  }
  for (const file of files) {
    const parent = parentsOf(file.guestPath).find((above) => taken.has(above));
    if (parent === undefined) continue;
    throw problem(
      file.hostPath,
      `needs "${parent}" to be a directory for the program, but ${taken.get(parent)} is a file there.`,
    );
  }
}

function parentsOf(guestPath: string): string[] {
  const segments = guestPath.split('/');
  return segments.slice(1).map((_, at) => segments.slice(0, at + 1).join('/'));
}

function byGuestPath(a: HostFile, b: HostFile): number {
  return a.guestPath < b.guestPath ? -1 : a.guestPath > b.guestPath ? 1 : 0;
}

function readProblem(file: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return problem(file, 'does not exist.', error);
  if (code === 'EACCES') return problem(file, 'cannot be read: permission denied.', error);
  if (code === 'ELOOP') return problem(file, 'is a link that leads back to itself.', error);
  return problem(file, `cannot be read: ${errorMessage(error)}.`, error);
}

function problem(file: string, what: string, cause?: unknown): Error {
  return fail('FOG_INPUT', { message: `${file} ${what}`, details: { file }, cause });
}
