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
  return { ...openCalls(context), ...attributeCalls(context), ...entryCalls(context) };
}

interface OpenRequest {
  readonly lookup: number;
  readonly oflags: number;
  readonly rights: bigint;
  readonly inheriting: bigint;
  readonly flags: number;
}

function openCalls(context: WasiContext): WasiCalls {
  const { descriptors, memory } = context;
  return {
    // oxlint-disable-next-line max-params -- the interface has nine
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
      const base = descriptors.directory(fd, Right.PATH_OPEN);
      const asked: OpenRequest = {
        lookup,
        oflags,
        rights: BigInt.asUintN(64, rights) & base.inheriting,
        inheriting: BigInt.asUintN(64, inheriting) & base.inheriting,
        flags: flags & 0x1f,
      };
      memory().u32(result);
      const name = memory().text(path, length);
      memory().setU32(result, openAt(context, base.directory, name, asked));
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

function createFile({ tree }: WasiContext, place: Place, asked: OpenRequest): Inode {
  if ((asked.oflags & OFLAG_CREATE) === 0) throw new WasiError(Errno.NOENT);
  if (place.mustBeDirectory || (asked.oflags & OFLAG_DIRECTORY) !== 0) {
    throw new WasiError(Errno.INVAL);
  }
  const file = tree.inodes.makeFile();
  place.directory.entries.set(place.name, file);
  return file;
}

function hasAll(flags: number, wanted: number): boolean {
  return (flags & wanted) === wanted;
}

function attributeCalls({ descriptors, memory, deps }: WasiContext): WasiCalls {
  return {
    // oxlint-disable-next-line max-params -- the interface has five
    path_filestat_get: (
      fd: number,
      lookup: number,
      path: number,
      length: number,
      result: number,
    ) => {
      const { directory } = descriptors.directory(fd, Right.PATH_FILESTAT_GET);
      const inode = lookUp(directory, memory().text(path, length), (lookup & FOLLOW) !== 0);
      setFilestat(memory(), result, inode);
    },
    // oxlint-disable-next-line max-params -- the interface has seven
    path_filestat_set_times: (
      fd: number,
      lookup: number,
      path: number,
      length: number,
      accessedNs: bigint,
      modifiedNs: bigint,
      flags: number,
    ) => {
      const { directory } = descriptors.directory(fd, Right.PATH_FILESTAT_SET_TIMES);
      const inode = lookUp(directory, memory().text(path, length), (lookup & FOLLOW) !== 0);
      setTimes(inode, { accessedNs, modifiedNs, nowNs: deps.realtimeNs(), flags });
    },
    // oxlint-disable-next-line max-params -- the interface has six
    path_readlink: (
      fd: number,
      path: number,
      length: number,
      buffer: number,
      size: number,
      result: number,
    ) => {
      const { directory } = descriptors.directory(fd, Right.PATH_READLINK);
      const inode = lookUp(directory, memory().text(path, length), false);
      if (inode.kind !== 'symlink') throw new WasiError(Errno.INVAL);
      const target = encoder.encode(inode.target).subarray(0, size >>> 0);
      memory().slice(buffer, target.length).set(target);
      memory().setU32(result, target.length);
    },
  };
}

/** Makes, renames and removes names. */
function entryCalls({ descriptors, memory, tree }: WasiContext): WasiCalls {
  const placeAt = (fd: number, right: bigint, path: number, length: number): Place => {
    const { directory } = descriptors.directory(fd, right);
    return walk(directory, memory().text(path, length), false);
  };
  const vacant = (place: Place): Place => {
    if (place.inode !== undefined) throw new WasiError(Errno.EXIST);
    return place;
  };
  return {
    path_create_directory: (fd: number, path: number, length: number) => {
      const place = vacant(placeAt(fd, Right.PATH_CREATE_DIRECTORY, path, length));
      place.directory.entries.set(place.name, tree.inodes.makeDirectory(place.directory));
    },
    // oxlint-disable-next-line max-params -- the interface has five
    path_symlink: (from: number, fromLength: number, fd: number, to: number, toLength: number) => {
      const target = memory().text(from, fromLength);
      if (target === '') throw new WasiError(Errno.NOENT);
      const place = vacant(placeAt(fd, Right.PATH_SYMLINK, to, toLength));
      place.directory.entries.set(place.name, tree.inodes.makeSymlink(target));
    },
    // oxlint-disable-next-line max-params -- the interface has seven
    path_link: (
      fd: number,
      lookup: number,
      path: number,
      length: number,
      toFd: number,
      to: number,
      toLength: number,
    ) => {
      const { directory } = descriptors.directory(fd, Right.PATH_LINK_SOURCE);
      const inode = lookUp(directory, memory().text(path, length), (lookup & FOLLOW) !== 0);
      if (inode.kind !== 'file') throw new WasiError(Errno.NOTSUP);
      const place = vacant(placeAt(toFd, Right.PATH_LINK_TARGET, to, toLength));
      if (place.mustBeDirectory) throw new WasiError(Errno.NOENT);
      inode.links += 1;
      place.directory.entries.set(place.name, inode);
    },
    path_unlink_file: (fd: number, path: number, length: number) => {
      const place = placeAt(fd, Right.PATH_UNLINK_FILE, path, length);
      if (place.inode === undefined) throw new WasiError(Errno.NOENT);
      if (place.inode.kind === 'directory') throw new WasiError(Errno.ISDIR);
      if (place.mustBeDirectory) throw new WasiError(Errno.NOTDIR);
      remove(place);
    },
    path_remove_directory: (fd: number, path: number, length: number) => {
      const place = placeAt(fd, Right.PATH_REMOVE_DIRECTORY, path, length);
      if (place.inode === undefined) throw new WasiError(Errno.NOENT);
      if (place.inode.kind !== 'directory') throw new WasiError(Errno.NOTDIR);
      if (place.inode.entries.size > 0) throw new WasiError(Errno.NOTEMPTY);
      remove(place);
    },
    // oxlint-disable-next-line max-params -- the interface has six
    path_rename: (
      fd: number,
      path: number,
      length: number,
      toFd: number,
      to: number,
      toLength: number,
    ) => {
      const from = placeAt(fd, Right.PATH_RENAME_SOURCE, path, length);
      const target = placeAt(toFd, Right.PATH_RENAME_TARGET, to, toLength);
      rename(from, target);
    },
  };

  function remove(place: Place): void {
    // The base directory itself has no name here, so it cannot be removed.
    if (place.name === '' || place.inode === undefined) throw new WasiError(Errno.INVAL);
    place.directory.entries.delete(place.name);
    tree.inodes.release(place.inode);
  }

  function rename(from: Place, to: Place): void {
    const inode = from.inode;
    if (inode === undefined) throw new WasiError(Errno.NOENT);
    if (from.name === '' || to.name === '') throw new WasiError(Errno.INVAL);
    if (inode === to.inode) return;
    if (inode.kind === 'directory' && isWithin(to.directory, inode)) {
      throw new WasiError(Errno.INVAL);
    }
    checkReplaceable(inode, to);
    if (to.inode !== undefined) remove(to);
    from.directory.entries.delete(from.name);
    to.directory.entries.set(to.name, inode);
    if (inode.kind === 'directory') inode.parent = to.directory;
  }
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
