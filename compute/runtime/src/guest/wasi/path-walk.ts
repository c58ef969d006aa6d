import { Errno, WasiError } from './errno.ts';
import type { DirectoryInode, Inode } from './inode.ts';

/** Symbolic links followed in one path, as in other systems. */
const MAX_SYMLINKS = 32;
/** One name, as file systems bound it. */
const MAX_NAME_CHARS = 255;
/** A whole path, as PATH_MAX of Linux bounds it. */
const MAX_PATH_CHARS = 4096;

/** Where a path ends: the directory, the last name in it, and what is there. */
export interface Place {
  readonly directory: DirectoryInode;
  /** Empty when the path names the base directory itself. */
  readonly name: string;
  readonly inode: Inode | undefined;
  /** The path ended in a slash: only a directory fits. */
  readonly mustBeDirectory: boolean;
}

/**
 * Walks a path below `base`. Leaving it upwards, by `..` or an absolute link, is ENOTCAPABLE; where the base is the
 * root, `/` and `..` stay there as POSIX has it.
 */
export function walk(base: DirectoryInode, path: string, followLast: boolean): Place {
  checkPath(path);
  const mustBeDirectory = /(^|\/)\.{0,2}$/.test(path);
  const rest = segmentsOf(base, path).reverse();
  let directory = base;
  let links = 0;
  for (;;) {
    const name = rest.pop();
    if (name === undefined) return { directory, name: '', inode: directory, mustBeDirectory };
    if (name === '..') {
      directory = parentOf(directory, base);
      continue;
    }
    const inode = directory.entries.get(name);
    const isLast = rest.length === 0;
    if (inode?.kind === 'symlink' && (!isLast || followLast || mustBeDirectory)) {
      links += 1;
      if (links > MAX_SYMLINKS) throw new WasiError(Errno.LOOP);
      if (inode.target.startsWith('/')) directory = base;
      rest.push(...segmentsOf(base, inode.target).reverse());
      continue;
    }
    if (isLast) return { directory, name, inode, mustBeDirectory };
    if (inode === undefined) throw new WasiError(Errno.NOENT);
    if (inode.kind !== 'directory') throw new WasiError(Errno.NOTDIR);
    directory = inode;
  }
}

function checkPath(path: string): void {
  if (path === '') throw new WasiError(Errno.NOENT);
  if (path.includes('\0')) throw new WasiError(Errno.INVAL);
  if (path.length > MAX_PATH_CHARS) throw new WasiError(Errno.NAMETOOLONG);
}

/** What is at the path; ENOENT when nothing is. */
export function lookUp(base: DirectoryInode, path: string, followLast: boolean): Inode {
  const { inode, mustBeDirectory } = walk(base, path, followLast);
  if (inode === undefined) throw new WasiError(Errno.NOENT);
  if (mustBeDirectory && inode.kind !== 'directory') throw new WasiError(Errno.NOTDIR);
  return inode;
}

function segmentsOf(base: DirectoryInode, path: string): string[] {
  if (path.startsWith('/') && base.parent !== base) throw new WasiError(Errno.NOTCAPABLE);
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.some(({ length }) => length > MAX_NAME_CHARS)) {
    throw new WasiError(Errno.NAMETOOLONG);
  }
  return segments;
}

function parentOf(directory: DirectoryInode, base: DirectoryInode): DirectoryInode {
  if (directory !== base) return directory.parent;
  if (base.parent === base) return base;
  throw new WasiError(Errno.NOTCAPABLE);
}
