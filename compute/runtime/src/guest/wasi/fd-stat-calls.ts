import { Right } from './descriptor.ts';
import { Errno, WasiError } from './errno.ts';
import { offsetOf } from './fd-calls.ts';
import { FileType, setFilestat, setTimes } from './stat.ts';
import type { WasiCalls, WasiContext } from './wasi-host.ts';

const encoder = new TextEncoder();

/** Attributes of open descriptors, and the preopened directory. */
export function fdStatCalls(context: WasiContext): WasiCalls {
  const { deps } = context;
  return {
    fd_advise: (fd: number) => void context.descriptors.file(fd, Right.FD_ADVISE),
    fd_allocate: (fd: number, offset: bigint, length: bigint) => {
      const { file } = context.descriptors.file(fd, Right.FD_ALLOCATE);
      const end = offsetOf(offset) + offsetOf(length);
      if (end > file.sizeBytes) context.tree.inodes.resize(file, end);
    },
    // Nothing here outlives the program, so everything is as durable as it will ever be.
    fd_datasync: (fd: number) => void context.descriptors.get(fd),
    fd_sync: (fd: number) => void context.descriptors.get(fd),
    fd_prestat_get: (fd: number, result: number) => {
      const name = encoder.encode(preopenOf(context, fd));
      context.memory.setU32(result, 0);
      context.memory.setU32(result + 4, name.length);
    },
    fd_prestat_dir_name: (fd: number, pointer: number, sizeBytes: number) => {
      const name = encoder.encode(preopenOf(context, fd));
      if (sizeBytes >>> 0 < name.length) throw new WasiError(Errno.NAMETOOLONG);
      context.memory.slice(pointer, name.length).set(name);
    },
    fd_filestat_get: (fd: number, result: number) => {
      const descriptor = context.descriptors.get(fd, Right.FD_FILESTAT_GET);
      if (descriptor.kind === 'file') return setFilestat(context.memory, result, descriptor.file);
      if (descriptor.kind === 'directory') {
        return setFilestat(context.memory, result, descriptor.directory);
      }
      context.memory.slice(result, 64).fill(0);
      context.memory.setU8(result + 16, FileType.character);
    },
    fd_filestat_set_size: (fd: number, sizeBytes: bigint) => {
      const { file } = context.descriptors.file(fd, Right.FD_FILESTAT_SET_SIZE);
      context.tree.inodes.resize(file, offsetOf(sizeBytes));
    },
    fd_filestat_set_times: (fd: number, accessed: bigint, modified: bigint, flags: number) => {
      const descriptor = context.descriptors.get(fd, Right.FD_FILESTAT_SET_TIMES);
      const inode =
        descriptor.kind === 'file' ? descriptor.file : context.descriptors.directory(fd).directory;
      setTimes(inode, {
        accessedNs: accessed,
        modifiedNs: modified,
        nowNs: deps.realtimeNs(),
        flags,
      });
    },
    ...fdStatusCalls(context),
  };
}

/** `__wasi_fdstat_t`: type, flags, rights. */
function fdStatusCalls(context: WasiContext): WasiCalls {
  return {
    fd_fdstat_get: (fd: number, result: number) => {
      const descriptor = context.descriptors.get(fd);
      const { kind, flags, rights, inheriting } = descriptor;
      context.memory.slice(result, 24).fill(0);
      context.memory.setU8(
        result,
        kind === 'file' || kind === 'directory' ? FileType[kind] : FileType.character,
      );
      context.memory.setU16(result + 2, flags);
      context.memory.setU64(result + 8, rights);
      context.memory.setU64(result + 16, inheriting);
    },
    fd_fdstat_set_flags: (fd: number, flags: number) => {
      context.descriptors.get(fd, Right.FD_FDSTAT_SET_FLAGS).flags = flags & 0x1f;
    },
    fd_fdstat_set_rights: (fd: number, rights: bigint, inheriting: bigint) => {
      const descriptor = context.descriptors.get(fd);
      const base = BigInt.asUintN(64, rights);
      const inherited = BigInt.asUintN(64, inheriting);
      const isMore =
        (base & ~descriptor.rights) !== 0n || (inherited & ~descriptor.inheriting) !== 0n;
      if (isMore) throw new WasiError(Errno.NOTCAPABLE);
      descriptor.rights = base;
      descriptor.inheriting = inherited;
    },
  };
}

function preopenOf(context: WasiContext, fd: number): string {
  const descriptor = context.descriptors.get(fd);
  const preopen = descriptor.kind === 'directory' ? descriptor.preopen : undefined;
  if (preopen === undefined) throw new WasiError(Errno.BADF);
  return preopen;
}
