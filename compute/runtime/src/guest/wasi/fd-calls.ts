// oxlint-disable max-params -- the interface sets the parameters of its calls
import { type Descriptor, FDFLAG_APPEND, type FileDescriptor, Right } from './descriptor.ts';
import { Errno, WasiError } from './errno.ts';
import type { DirectoryInode, Inode } from './inode.ts';
import { FileType } from './stat.ts';
import type { WasiCalls, WasiContext } from './wasi-host.ts';

const encoder = new TextEncoder();

/** Offsets beyond this cannot be held by a number and are past any quota. */
const MAX_OFFSET = BigInt(Number.MAX_SAFE_INTEGER);

/** Reading, writing, seeking, listing. */
export function fdCalls(context: WasiContext): WasiCalls {
  return {
    fd_close: (fd: number) => context.descriptors.close(fd),
    fd_renumber: (from: number, to: number) => context.descriptors.renumber(from, to),
    fd_read: (fd: number, vectors: number, count: number, result: number) => {
      context.memory.setU32(
        result,
        readInto(context, context.descriptors.get(fd, Right.FD_READ), vectors, count),
      );
    },
    fd_pread: (fd: number, vectors: number, count: number, at: bigint, result: number) => {
      const { file } = context.descriptors.file(fd, Right.FD_READ | Right.FD_SEEK);
      const reader = { kind: 'input' as const, bytes: file.data.subarray(0, file.sizeBytes) };
      const offset = Math.min(offsetOf(at), file.sizeBytes);
      context.memory.setU32(result, scatter(context, { ...reader, offset }, vectors, count));
    },
    fd_write: (fd: number, vectors: number, count: number, result: number) => {
      const descriptor = context.descriptors.get(fd, Right.FD_WRITE);
      context.memory.setU32(result, writeFrom(context, descriptor, vectors, count));
    },
    fd_pwrite: (fd: number, vectors: number, count: number, at: bigint, result: number) => {
      const { file } = context.descriptors.file(fd, Right.FD_WRITE | Right.FD_SEEK);
      let offset = offsetOf(at);
      const start = offset;
      for (const bytes of context.memory.vectors(vectors, count)) {
        context.tree.inodes.write(file, offset, bytes);
        offset += bytes.length;
      }
      context.memory.setU32(result, offset - start);
    },
    fd_seek: (fd: number, delta: bigint, whence: number, result: number) => {
      const descriptor = context.descriptors.file(fd, Right.FD_SEEK);
      descriptor.offset = offsetOf(seekBase(descriptor, whence) + BigInt.asIntN(64, delta));
      context.memory.setU64(result, BigInt(descriptor.offset));
    },
    fd_tell: (fd: number, result: number) => {
      context.memory.setU64(result, BigInt(context.descriptors.file(fd, Right.FD_TELL).offset));
    },
    fd_readdir: (fd: number, buffer: number, size: number, cookie: bigint, result: number) => {
      const { directory } = context.descriptors.directory(fd, Right.FD_READDIR);
      const target = context.memory.slice(buffer, size);
      context.memory.setU32(result, listInto(target, directory, cookie));
    },
  };
}

/** A guest's u64 as an offset; signed-looking and huge ones are EINVAL. */
export function offsetOf(value: bigint): number {
  if (value < 0n || value > MAX_OFFSET) throw new WasiError(Errno.INVAL);
  return Number(value);
}

function seekBase(descriptor: FileDescriptor, whence: number): bigint {
  if (whence === 0) return 0n;
  if (whence === 1) return BigInt(descriptor.offset);
  if (whence === 2) return BigInt(descriptor.file.sizeBytes);
  throw new WasiError(Errno.INVAL);
}

function readInto(
  context: WasiContext,
  descriptor: Descriptor,
  vectors: number,
  count: number,
): number {
  context.deps.idle();
  if (descriptor.kind === 'directory') throw new WasiError(Errno.ISDIR);
  if (descriptor.kind === 'output') throw new WasiError(Errno.BADF);
  if (descriptor.kind === 'input') return scatter(context, descriptor, vectors, count);
  const { file } = descriptor;
  const reader = {
    bytes: file.data.subarray(0, file.sizeBytes),
    offset: Math.min(descriptor.offset, file.sizeBytes),
  };
  const read = scatter(context, reader, vectors, count);
  descriptor.offset += read;
  return read;
}

/** Copies from `reader.offset` into the guest's vectors and moves the offset. */
function scatter(
  context: WasiContext,
  reader: { readonly bytes: Uint8Array; offset: number },
  vectors: number,
  count: number,
): number {
  const start = reader.offset;
  for (const target of context.memory.vectors(vectors, count)) {
    const piece = reader.bytes.subarray(reader.offset, reader.offset + target.length);
    target.set(piece);
    reader.offset += piece.length;
    if (piece.length < target.length) break;
  }
  return reader.offset - start;
}

function writeFrom(
  context: WasiContext,
  descriptor: Descriptor,
  vectors: number,
  count: number,
): number {
  if (descriptor.kind === 'directory') throw new WasiError(Errno.ISDIR);
  if (descriptor.kind === 'input') throw new WasiError(Errno.BADF);
  let written = 0;
  for (const bytes of context.memory.vectors(vectors, count)) {
    if (descriptor.kind === 'output') {
      context.deps.output(descriptor.stream, bytes);
    } else {
      const isAppend = (descriptor.flags & FDFLAG_APPEND) !== 0;
      const offset = isAppend ? descriptor.file.sizeBytes : descriptor.offset;
      context.tree.inodes.write(descriptor.file, offset, bytes);
      descriptor.offset = offset + bytes.length;
    }
    written += bytes.length;
  }
  return written;
}

const DIRENT_BYTES = 24;

/**
 * Entries `.`, `..` and the names in sorted order from `cookie` on, cut where the buffer ends, as the
 * interface asks. The order is sorted so that two machines list alike.
 */
function listInto(target: Uint8Array, directory: DirectoryInode, cookie: bigint): number {
  const names = ['.', '..', ...[...directory.entries.keys()].sort()];
  let used = 0;
  for (let index = Number(cookie); index < names.length && used < target.length; index += 1) {
    const name = names[index] as string;
    const entry = direntOf(name, inodeOf(directory, name), index + 1);
    const piece = entry.subarray(0, target.length - used);
    target.set(piece, used);
    used += piece.length;
  }
  return used;
}

function inodeOf(directory: DirectoryInode, name: string): Inode {
  if (name === '.') return directory;
  if (name === '..') return directory.parent;
  return directory.entries.get(name) ?? directory;
}

function direntOf(name: string, inode: Inode, next: number): Uint8Array {
  const text = encoder.encode(name);
  const entry = new Uint8Array(DIRENT_BYTES + text.length);
  const view = new DataView(entry.buffer);
  view.setBigUint64(0, BigInt(next), true);
  view.setBigUint64(8, inode.id, true);
  view.setUint32(16, text.length, true);
  view.setUint8(20, FileType[inode.kind]);
  entry.set(text, DIRENT_BYTES);
  return entry;
}
