import { Errno, WasiError } from './errno.ts';
import { type DirectoryInode, type FileQuota, type Inode, InodeStore } from './inode.ts';
import { walk } from './path-walk.ts';

/** The guest's files: one root, nothing of the host. */
export class FileTree {
  readonly inodes: InodeStore;
  readonly root: DirectoryInode;

  constructor(quota: FileQuota, now: () => bigint) {
    this.inodes = new InodeStore(quota, now);
    this.root = this.inodes.makeRoot();
  }

  /** Puts an input file in place and makes the directories to it. A later input of the same path replaces it. */
  mount(path: string, content: Uint8Array): void {
    const segments = path.split('/').filter((segment) => segment !== '');
    const name = segments.pop();
    if (name === undefined) throw new WasiError(Errno.INVAL);
    let directory = this.root;
    for (const segment of segments) {
      const found = directory.entries.get(segment) ?? this.inodes.makeDirectory(directory);
      if (found.kind !== 'directory') throw new WasiError(Errno.NOTDIR);
      directory.entries.set(segment, found);
      directory = found;
    }
    const old = directory.entries.get(name);
    if (old?.kind === 'directory') throw new WasiError(Errno.ISDIR);
    if (old !== undefined) this.inodes.release(old);
    directory.entries.set(name, this.inodes.makeFile(content));
  }

  /**
   * The files at or below a path with their guest paths, sorted, as outputs name them. Links are followed for the
   * path itself and left out below it, so a cycle ends nowhere.
   */
  *collect(path: string): Generator<{ path: string; content: Uint8Array }> {
    let inode: Inode | undefined;
    try {
      inode = walk(this.root, path, true).inode;
    } catch (error) {
      if (!(error instanceof WasiError)) throw error;
    }
    if (inode !== undefined) yield* collectInode(path.replace(/\/+$/, ''), inode);
  }
}

function* collectInode(
  path: string,
  inode: Inode,
): Generator<{ path: string; content: Uint8Array }> {
  if (inode.kind === 'file') {
    yield { path, content: inode.data.subarray(0, inode.sizeBytes) };
  } else if (inode.kind === 'directory') {
    for (const name of [...inode.entries.keys()].sort()) {
      const below = inode.entries.get(name);
      if (below !== undefined) yield* collectInode(`${path}/${name}`, below);
    }
  }
}
