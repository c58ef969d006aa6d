import type { GuestMemory } from './guest-memory.ts';
import type { Inode } from './inode.ts';
import { Errno, WasiError } from './errno.ts';

/** `__wasi_filetype_t`. */
export const FileType = {
  character: 2,
  directory: 3,
  file: 4,
  symlink: 7,
} as const;

/** Writes a `__wasi_filestat_t` (64 bytes). */
export function setFilestat(memory: GuestMemory, pointer: number, inode: Inode): void {
  memory.slice(pointer, 64).fill(0);
  memory.setU64(pointer + 8, inode.id);
  memory.setU8(pointer + 16, FileType[inode.kind]);
  memory.setU64(pointer + 24, inode.kind === 'file' ? BigInt(inode.links) : 1n);
  memory.setU64(pointer + 32, sizeOf(inode));
  memory.setU64(pointer + 40, inode.accessedNs);
  memory.setU64(pointer + 48, inode.modifiedNs);
  memory.setU64(pointer + 56, inode.modifiedNs);
}

function sizeOf(inode: Inode): bigint {
  if (inode.kind === 'file') return BigInt(inode.sizeBytes);
  return inode.kind === 'symlink' ? BigInt(inode.target.length) : 0n;
}

const ACCESSED = 1;
const ACCESSED_NOW = 2;
const MODIFIED = 4;
const MODIFIED_NOW = 8;

export interface NewTimes {
  readonly accessedNs: bigint;
  readonly modifiedNs: bigint;
  readonly nowNs: bigint;
  /** `__wasi_fstflags_t`. */
  readonly flags: number;
}

export function setTimes(inode: Inode, times: NewTimes): void {
  const { flags } = times;
  const both = (one: number, other: number): boolean =>
    (flags & one) !== 0 && (flags & other) !== 0;
  if (both(ACCESSED, ACCESSED_NOW) || both(MODIFIED, MODIFIED_NOW)) {
    throw new WasiError(Errno.INVAL);
  }
  if ((flags & ACCESSED) !== 0) inode.accessedNs = times.accessedNs;
  if ((flags & ACCESSED_NOW) !== 0) inode.accessedNs = times.nowNs;
  if ((flags & MODIFIED) !== 0) inode.modifiedNs = times.modifiedNs;
  if ((flags & MODIFIED_NOW) !== 0) inode.modifiedNs = times.nowNs;
}
