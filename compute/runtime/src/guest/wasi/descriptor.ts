import { Errno, WasiError } from './errno.ts';
import type { DirectoryInode, FileInode } from './inode.ts';

/** Rights of WASI preview 1 (bit numbers of `__wasi_rights_t`). */
export const Right = {
  FD_DATASYNC: 1n << 0n,
  FD_READ: 1n << 1n,
  FD_SEEK: 1n << 2n,
  FD_FDSTAT_SET_FLAGS: 1n << 3n,
  FD_SYNC: 1n << 4n,
  FD_TELL: 1n << 5n,
  FD_WRITE: 1n << 6n,
  FD_ADVISE: 1n << 7n,
  FD_ALLOCATE: 1n << 8n,
  PATH_CREATE_DIRECTORY: 1n << 9n,
  PATH_CREATE_FILE: 1n << 10n,
  PATH_LINK_SOURCE: 1n << 11n,
  PATH_LINK_TARGET: 1n << 12n,
  PATH_OPEN: 1n << 13n,
  FD_READDIR: 1n << 14n,
  PATH_READLINK: 1n << 15n,
  PATH_RENAME_SOURCE: 1n << 16n,
  PATH_RENAME_TARGET: 1n << 17n,
  PATH_FILESTAT_GET: 1n << 18n,
  PATH_FILESTAT_SET_SIZE: 1n << 19n,
  PATH_FILESTAT_SET_TIMES: 1n << 20n,
  FD_FILESTAT_GET: 1n << 21n,
  FD_FILESTAT_SET_SIZE: 1n << 22n,
  FD_FILESTAT_SET_TIMES: 1n << 23n,
  PATH_SYMLINK: 1n << 24n,
  PATH_REMOVE_DIRECTORY: 1n << 25n,
  PATH_UNLINK_FILE: 1n << 26n,
  POLL_FD_READWRITE: 1n << 27n,
} as const;

export const ALL_RIGHTS = (1n << 28n) - 1n;
const STREAM_RIGHTS =
  Right.FD_READ | Right.FD_WRITE | Right.FD_FILESTAT_GET | Right.POLL_FD_READWRITE;
/** What makes no sense on a directory; a libc reads "may seek" as "is a file". */
export const DIRECTORY_RIGHTS =
  ALL_RIGHTS & ~(Right.FD_SEEK | Right.FD_TELL | Right.FD_READ | Right.FD_WRITE);

export const FDFLAG_APPEND = 1;

interface DescriptorBase {
  rights: bigint;
  inheriting: bigint;
  flags: number;
}
export interface InputDescriptor extends DescriptorBase {
  readonly kind: 'input';
  readonly bytes: Uint8Array;
  offset: number;
}
export interface OutputDescriptor extends DescriptorBase {
  readonly kind: 'output';
  readonly stream: 'stdout' | 'stderr';
}
export interface FileDescriptor extends DescriptorBase {
  readonly kind: 'file';
  readonly file: FileInode;
  offset: number;
}
export interface DirectoryDescriptor extends DescriptorBase {
  readonly kind: 'directory';
  readonly directory: DirectoryInode;
  /** Name of the preopened directory; undefined for one the guest opened. */
  readonly preopen: string | undefined;
}
export type Descriptor = InputDescriptor | OutputDescriptor | FileDescriptor | DirectoryDescriptor;

/** Open descriptors of one guest. */
const MAX_DESCRIPTORS = 1024;

export class DescriptorTable {
  readonly #open = new Map<number, Descriptor>();

  constructor(root: DirectoryInode, stdin: Uint8Array) {
    const stream = { rights: STREAM_RIGHTS, inheriting: 0n, flags: 0 };
    this.#open.set(0, { kind: 'input', bytes: stdin, offset: 0, ...stream });
    this.#open.set(1, { kind: 'output', stream: 'stdout', ...stream });
    this.#open.set(2, { kind: 'output', stream: 'stderr', ...stream });
    this.#open.set(3, {
      kind: 'directory',
      directory: root,
      preopen: '/',
      rights: DIRECTORY_RIGHTS,
      inheriting: ALL_RIGHTS,
      flags: 0,
    });
  }

  /** EBADF when not open, ENOTCAPABLE when opened without the right. */
  get(fd: number, right = 0n): Descriptor {
    const descriptor = this.#open.get(fd);
    if (descriptor === undefined) throw new WasiError(Errno.BADF);
    if ((descriptor.rights & right) !== right) throw new WasiError(Errno.NOTCAPABLE);
    return descriptor;
  }

  file(fd: number, right = 0n): FileDescriptor {
    const { kind } = this.get(fd);
    if (kind === 'input' || kind === 'output') throw new WasiError(Errno.SPIPE);
    const descriptor = this.get(fd, right);
    if (descriptor.kind === 'file') return descriptor;
    throw new WasiError(Errno.ISDIR);
  }

  directory(fd: number, right = 0n): DirectoryDescriptor {
    const descriptor = this.get(fd, right);
    if (descriptor.kind === 'directory') return descriptor;
    throw new WasiError(Errno.NOTDIR);
  }

  add(descriptor: Descriptor): number {
    if (this.#open.size >= MAX_DESCRIPTORS) throw new WasiError(Errno.MFILE);
    let fd = 3;
    while (this.#open.has(fd)) fd += 1;
    this.#open.set(fd, descriptor);
    return fd;
  }

  close(fd: number): void {
    this.get(fd);
    this.#open.delete(fd);
  }

  renumber(from: number, to: number): void {
    const descriptor = this.get(from);
    this.get(to);
    this.#open.delete(from);
    this.#open.set(to, descriptor);
  }
}
