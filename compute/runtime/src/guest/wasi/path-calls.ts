// oxlint-disable max-params -- the interface sets the parameters of its calls
import { DIRECTORY_RIGHTS, FDFLAG_APPEND, Right } from './descriptor.ts';
import { Errno, WasiError } from './errno.ts';
import type { DirectoryInode, Inode } from './inode.ts';
import { lookUp, type Place, walk } from './path-walk.ts';
import { setFilestat, setTimes } from './stat.ts';
import type { WasiCalls, WasiContext } from './wasi-host.ts';

const FOLLOW = 1;
const OFLAG_CREATE = 1;
const OFLAG_DIRECTORY = 2;
const OFLAG_EXCLUSIVE = 4;
const OFLAG_TRUNCATE = 8;

const encoder = new TextEncoder();

/** Calls that name a file below an open directory. */
export function pathCalls(context: WasiContext): WasiCalls {
  return {
    ...openCalls(context),
    ...attributeCalls(context),
    ...makeCalls(context),
    ...changeCalls(context),
  };
}

interface OpenRequest {
  readonly lookup: number;
  readonly oflags: number;
  readonly rights: bigint;
  readonly inheriting: bigint;
  readonly flags: number;
}

function openCalls(context: WasiContext): WasiCalls {
  return {
    path_open: (
      fd: number,
      lookup: number,
      path: number,
      length: number,
      oflags: number,
      rights: bigint,
      inheriting: bigint,
      flags: number,
      result: number,
    ) => {
      const base = context.descriptors.directory(fd, Right.PATH_OPEN);
      const asked: OpenRequest = {
        lookup,
        oflags,
        rights: BigInt.asUintN(64, rights) & base.inheriting,
        inheriting: BigInt.asUintN(64, inheriting) & base.inheriting,
        flags: flags & 0x1f,
      };
      context.memory.u32(result);
      const name = context.memory.text(path, length);
      context.memory.setU32(result, openAt(context, base.directory, name, asked));
    },
  };
}

function openAt(
  context: WasiContext,
  base: DirectoryInode,
  path: string,
  asked: OpenRequest,
): number {
  const place = walk(base, path, (asked.lookup & FOLLOW) !== 0);
  const inode = place.inode ?? createFile(context, place, asked);
  if (place.inode !== undefined && hasAll(asked.oflags, OFLAG_CREATE | OFLAG_EXCLUSIVE)) {
    throw new WasiError(Errno.EXIST);
  }
  if (inode.kind === 'symlink') throw new WasiError(Errno.LOOP);
  const { inheriting, flags } = asked;
  if (inode.kind === 'directory') {
    if ((asked.rights & Right.FD_WRITE) !== 0n && (asked.oflags & OFLAG_DIRECTORY) === 0) {
      throw new WasiError(Errno.ISDIR);
    }
    const rights = asked.rights & DIRECTORY_RIGHTS;
    const opened = { directory: inode, preopen: undefined, rights, inheriting, flags };
    return context.descriptors.add({ kind: 'directory', ...opened });
  }
  if ((asked.oflags & OFLAG_DIRECTORY) !== 0 || place.mustBeDirectory) {
    throw new WasiError(Errno.NOTDIR);
  }
  if ((asked.oflags & OFLAG_TRUNCATE) !== 0) context.tree.inodes.resize(inode, 0);
  const offset = (flags & FDFLAG_APPEND) === 0 ? 0 : inode.sizeBytes;
  const { rights } = asked;
  return context.descriptors.add({ kind: 'file', file: inode, offset, rights, inheriting, flags });
}

function createFile(context: WasiContext, place: Place, asked: OpenRequest): Inode {
  if ((asked.oflags & OFLAG_CREATE) === 0) throw new WasiError(Errno.NOENT);
  if (place.mustBeDirectory || (asked.oflags & OFLAG_DIRECTORY) !== 0) {
    throw new WasiError(Errno.INVAL);
  }
  const file = context.tree.inodes.makeFile();
  place.directory.entries.set(place.name, file);
  return file;
}

function hasAll(flags: number, wanted: number): boolean {
  return (flags & wanted) === wanted;
}

function attributeCalls(context: WasiContext): WasiCalls {
  return {
    path_filestat_get: (
      fd: number,
      lookup: number,
      path: number,
      length: number,
      result: number,
    ) => {
      const { directory } = context.descriptors.directory(fd, Right.PATH_FILESTAT_GET);
      const inode = lookUp(directory, context.memory.text(path, length), (lookup & FOLLOW) !== 0);
      setFilestat(context.memory, result, inode);
    },
    path_filestat_set_times: (
      fd: number,
      lookup: number,
      path: number,
      length: number,
      accessedNs: bigint,
      modifiedNs: bigint,
      flags: number,
    ) => {
      const { directory } = context.descriptors.directory(fd, Right.PATH_FILESTAT_SET_TIMES);
      const inode = lookUp(directory, context.memory.text(path, length), (lookup & FOLLOW) !== 0);
      setTimes(inode, { accessedNs, modifiedNs, nowNs: context.deps.realtimeNs(), flags });
    },
    path_readlink: (
      fd: number,
      path: number,
      length: number,
      buffer: number,
      size: number,
      result: number,
    ) => {
      const { directory } = context.descriptors.directory(fd, Right.PATH_READLINK);
      const inode = lookUp(directory, context.memory.text(path, length), false);
      if (inode.kind !== 'symlink') throw new WasiError(Errno.INVAL);
      const target = encoder.encode(inode.target).subarray(0, size >>> 0);
      context.memory.slice(buffer, target.length).set(target);
      context.memory.setU32(result, target.length);
    },
  };
}

function placeAt(
  context: WasiContext,
  at: { readonly fd: number; readonly right: bigint },
  path: number,
  length: number,
): Place {
  const { directory } = context.descriptors.directory(at.fd, at.right);
  return walk(directory, context.memory.text(path, length), false);
}

function vacant(place: Place): Place {
  if (place.inode !== undefined) throw new WasiError(Errno.EXIST);
  return place;
}

/** Makes names. */
function makeCalls(context: WasiContext): WasiCalls {
  return {
    path_create_directory: (fd: number, path: number, length: number) => {
      const right = Right.PATH_CREATE_DIRECTORY;
      const { directory, name } = vacant(placeAt(context, { fd, right }, path, length));
      directory.entries.set(name, context.tree.inodes.makeDirectory(directory));
    },
    path_symlink: (from: number, fromLength: number, fd: number, to: number, toLength: number) => {
      const target = context.memory.text(from, fromLength);
      if (target === '') throw new WasiError(Errno.NOENT);
      const right = Right.PATH_SYMLINK;
      const { directory, name } = vacant(placeAt(context, { fd, right }, to, toLength));
      directory.entries.set(name, context.tree.inodes.makeSymlink(target));
    },
    path_link: (
      fd: number,
      lookup: number,
      path: number,
      length: number,
      toFd: number,
      to: number,
      toLength: number,
    ) => {
      const { directory } = context.descriptors.directory(fd, Right.PATH_LINK_SOURCE);
      const inode = lookUp(directory, context.memory.text(path, length), (lookup & FOLLOW) !== 0);
      if (inode.kind !== 'file') throw new WasiError(Errno.NOTSUP);
      const right = Right.PATH_LINK_TARGET;
      const place = vacant(placeAt(context, { fd: toFd, right }, to, toLength));
      if (place.mustBeDirectory) throw new WasiError(Errno.NOENT);
      inode.links += 1;
      place.directory.entries.set(place.name, inode);
    },
  };
}

/** Removes and renames names. */
function changeCalls(context: WasiContext): WasiCalls {
  return {
    path_unlink_file: (fd: number, path: number, length: number) => {
      const place = placeAt(context, { fd, right: Right.PATH_UNLINK_FILE }, path, length);
      if (place.inode === undefined) throw new WasiError(Errno.NOENT);
      if (place.inode.kind === 'directory') throw new WasiError(Errno.ISDIR);
      if (place.mustBeDirectory) throw new WasiError(Errno.NOTDIR);
      remove(context, place);
    },
    path_remove_directory: (fd: number, path: number, length: number) => {
      const place = placeAt(context, { fd, right: Right.PATH_REMOVE_DIRECTORY }, path, length);
      if (place.inode === undefined) throw new WasiError(Errno.NOENT);
      if (place.inode.kind !== 'directory') throw new WasiError(Errno.NOTDIR);
      if (place.inode.entries.size > 0) throw new WasiError(Errno.NOTEMPTY);
      remove(context, place);
    },
    path_rename: (
      fd: number,
      path: number,
      length: number,
      toFd: number,
      to: number,
      toLength: number,
    ) => {
      const from = placeAt(context, { fd, right: Right.PATH_RENAME_SOURCE }, path, length);
      const target = { fd: toFd, right: Right.PATH_RENAME_TARGET };
      rename(context, from, placeAt(context, target, to, toLength));
    },
  };
}

function remove(context: WasiContext, place: Place): void {
  // The base directory itself has no name here, so it cannot be removed.
  if (place.name === '' || place.inode === undefined) throw new WasiError(Errno.INVAL);
  place.directory.entries.delete(place.name);
  context.tree.inodes.release(place.inode);
}

function rename(context: WasiContext, from: Place, to: Place): void {
  const inode = from.inode;
  if (inode === undefined) throw new WasiError(Errno.NOENT);
  if (from.name === '' || to.name === '') throw new WasiError(Errno.INVAL);
  if (inode === to.inode) return;
  if (inode.kind === 'directory' && isWithin(to.directory, inode)) {
    throw new WasiError(Errno.INVAL);
  }
  checkReplaceable(inode, to);
  if (to.inode !== undefined) remove(context, to);
  from.directory.entries.delete(from.name);
  to.directory.entries.set(to.name, inode);
  if (inode.kind === 'directory') inode.parent = to.directory;
}

function checkReplaceable(inode: Inode, to: Place): void {
  const old = to.inode;
  if (inode.kind === 'directory') {
    if (old === undefined) return;
    if (old.kind !== 'directory') throw new WasiError(Errno.NOTDIR);
    if (old.entries.size > 0) throw new WasiError(Errno.NOTEMPTY);
  } else if (old?.kind === 'directory') {
    throw new WasiError(Errno.ISDIR);
  } else if (to.mustBeDirectory) {
    throw new WasiError(Errno.NOTDIR);
  }
}

function isWithin(directory: DirectoryInode, above: DirectoryInode): boolean {
  for (let at = directory; ; at = at.parent) {
    if (at === above) return true;
    if (at.parent === at) return false;
  }
}
