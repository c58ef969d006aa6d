import { Errno, WasiError } from './errno.ts';

/** What a guest may keep in files. */
export interface FileQuota {
  readonly maxBytes: number;
  /** Each inode costs host memory that its bytes do not show. */
  readonly maxInodes: number;
}

export interface FileInode {
  readonly kind: 'file';
  readonly id: bigint;
  /** Capacity; the content is its first `sizeBytes` bytes, zero beyond what was written. */
  data: Uint8Array;
  sizeBytes: number;
  links: number;
  modifiedNs: bigint;
  accessedNs: bigint;
}
export interface DirectoryInode {
  readonly kind: 'directory';
  readonly id: bigint;
  readonly entries: Map<string, Inode>;
  parent: DirectoryInode;
  modifiedNs: bigint;
  accessedNs: bigint;
}
export interface SymlinkInode {
  readonly kind: 'symlink';
  readonly id: bigint;
  readonly target: string;
  modifiedNs: bigint;
  accessedNs: bigint;
}
export type Inode = FileInode | DirectoryInode | SymlinkInode;

/** Least capacity of a written file; saves copies while small files grow. */
const MIN_CAPACITY_BYTES = 512;

/** Makes inodes and counts what they hold against the quota. */
export class InodeStore {
  readonly #quota: FileQuota;
  readonly #now: () => bigint;
  #bytes = 0;
  #inodes = 0;
  #nextId = 1n;
  /** A write or a new file was refused for lack of room: part of the message when the program fails. */
  refused = false;

  constructor(quota: FileQuota, now: () => bigint) {
    this.#quota = quota;
    this.#now = now;
  }

  get usedBytes(): number {
    return this.#bytes;
  }

  makeRoot(): DirectoryInode {
    const root = this.#stamp({ kind: 'directory', entries: new Map(), parent: undefined });
    const directory = root as unknown as DirectoryInode;
    directory.parent = directory;
    return directory;
  }

  makeDirectory(parent: DirectoryInode): DirectoryInode {
    return this.#stamp({ kind: 'directory' as const, entries: new Map<string, Inode>(), parent });
  }

  makeSymlink(target: string): SymlinkInode {
    return this.#stamp({ kind: 'symlink' as const, target });
  }

  /** A file with this content; the array belongs to the file from now on. */
  makeFile(content: Uint8Array = new Uint8Array()): FileInode {
    this.#take(content.length);
    return this.#stamp({
      kind: 'file' as const,
      data: content,
      sizeBytes: content.length,
      links: 1,
    });
  }

  /** One name of the inode is gone; `opened` tells whether descriptors still hold it. */
  release(inode: Inode): void {
    if (inode.kind === 'file') {
      inode.links -= 1;
      if (inode.links > 0) return;
      this.#bytes -= inode.sizeBytes;
      // What a descriptor still writes into an unlinked file is counted anew by resize().
      inode.sizeBytes = 0;
      inode.data = new Uint8Array();
    }
    this.#inodes -= 1;
  }

  write(file: FileInode, offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (offset + bytes.length > file.sizeBytes) this.resize(file, offset + bytes.length);
    file.data.set(bytes, offset);
    file.modifiedNs = this.#now();
  }

  resize(file: FileInode, sizeBytes: number): void {
    this.#take(sizeBytes - file.sizeBytes);
    if (sizeBytes > file.data.length) {
      this.#reserve(file, sizeBytes);
    } else if (sizeBytes < file.sizeBytes) {
      file.data.fill(0, sizeBytes, file.sizeBytes);
    }
    file.sizeBytes = sizeBytes;
    file.modifiedNs = this.#now();
  }

  #reserve(file: FileInode, sizeBytes: number): void {
    const doubled = Math.min(file.data.length * 2, this.#quota.maxBytes);
    try {
      const data = new Uint8Array(Math.max(sizeBytes, doubled, MIN_CAPACITY_BYTES));
      data.set(file.data.subarray(0, file.sizeBytes));
      file.data = data;
    } catch {
      this.#bytes -= sizeBytes - file.sizeBytes;
      this.refused = true;
      throw new WasiError(Errno.NOSPC);
    }
  }

  #take(sizeBytes: number): void {
    if (sizeBytes > 0 && this.#bytes + sizeBytes > this.#quota.maxBytes) {
      this.refused = true;
      throw new WasiError(Errno.NOSPC);
    }
    this.#bytes += sizeBytes;
  }

  #stamp<T extends object>(
    inode: T,
  ): T & { readonly id: bigint; modifiedNs: bigint; accessedNs: bigint } {
    if (this.#inodes >= this.#quota.maxInodes) {
      this.refused = true;
      throw new WasiError(Errno.NOSPC);
    }
    this.#inodes += 1;
    const id = this.#nextId;
    this.#nextId += 1n;
    const nowNs = this.#now();
    return Object.assign(inode, { id, modifiedNs: nowNs, accessedNs: nowNs });
  }
}
