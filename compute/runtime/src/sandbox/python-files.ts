/** The guest's in-memory files: a quota over bytes and names, inputs in, outputs out. */

/** The part of Emscripten's file system that fog uses. */
export interface GuestFs {
  readonly filesystems: { readonly MEMFS: MemoryFs };
  readonly devices: Record<number, unknown>;
  readonly streams: readonly ({ readonly node?: FsNode } | null | undefined)[];
  readonly root: FsNode;
  readonly ErrnoError: new (errno: number) => Error;
  makedev(major: number, minor: number): number;
  mkdirTree(path: string): void;
  chdir(path: string): void;
  unlink(path: string): void;
  writeFile(path: string, bytes: Uint8Array): void;
  readFile(path: string): Uint8Array;
  readdir(path: string): string[];
  analyzePath(path: string): { readonly exists: boolean };
  stat(path: string): { readonly mode: number };
  lstat(path: string): { readonly mode: number };
  isDir(mode: number): boolean;
  isFile(mode: number): boolean;
}

interface FsNode {
  readonly mode: number;
  usedBytes?: number;
  /** Bytes of a file, children of a directory. */
  contents?: Uint8Array | Int8Array | Record<string, FsNode>;
  /** Milliseconds since the Unix epoch. */
  atime?: number;
  mtime?: number;
  ctime?: number;
  /** Target of a symbolic link. */
  readonly link?: string;
}

interface MemoryFs {
  readonly ops_table: {
    readonly file: { readonly stream: { write(...parts: WriteArguments): number } };
    readonly dir: {
      readonly node: {
        readdir(node: FsNode): string[];
        symlink(parent: FsNode, name: string, target: string): FsNode;
      };
    };
  };
  createNode(parent: FsNode | null, name: string, mode: number, dev: number): FsNode;
  expandFileStorage(node: FsNode, sizeBytes: number): void;
  resizeFileStorage(node: FsNode, sizeBytes: number): void;
}

/** Stream, buffer, offset, length, position, whether the buffer may be kept. */
type WriteArguments = readonly [
  { readonly node: FsNode },
  Uint8Array,
  number,
  number,
  number,
  boolean?,
];

const ENOSPC = 51;
/** A name costs about a kilobyte outside the counted memory, so names are counted too. */
const MAX_NODES = 50_000;
/** Longest guest path fog hands back; the wire's own bound. */
const MAX_PATH_CHARS = 1024;
export const WORK_DIR = '/work';

export interface FileQuota {
  readonly usedBytes: number;
  readonly peakBytes: number;
  /** Whether a write was refused. */
  readonly refused: boolean;
}

/** Counts the bytes and names of all files. `room` says how many bytes more the task may hold. */
export function limitFiles(fs: GuestFs, room: (usedBytes: number) => number): FileQuota {
  const memfs = fs.filesystems.MEMFS;
  const state = { usedBytes: storedBytes(fs), peakBytes: 0, nodes: 0, refused: false };
  const reserve = (bytes: number): void => {
    if (bytes > room(state.usedBytes)) state.usedBytes = storedBytes(fs);
    if (bytes > room(state.usedBytes)) refuse();
    state.usedBytes += bytes;
    state.peakBytes = Math.max(state.peakBytes, state.usedBytes);
  };
  const refuse = (): never => {
    state.refused = true;
    throw new fs.ErrnoError(ENOSPC);
  };
  limitSizes(memfs, reserve, () => room(state.usedBytes));
  const createNode = memfs.createNode.bind(memfs);
  memfs.createNode = (parent, name, mode, dev) => {
    state.nodes += 1;
    if (state.nodes > MAX_NODES) refuse();
    return createNode(parent, name, mode, dev);
  };
  return state;
}

function limitSizes(memfs: MemoryFs, reserve: (bytes: number) => void, room: () => number): void {
  const resize = memfs.resizeFileStorage.bind(memfs);
  memfs.resizeFileStorage = (node, sizeBytes) => {
    reserve(sizeBytes - capacityOf(node));
    resize(node, sizeBytes);
  };
  memfs.expandFileStorage = (node, neededBytes) => {
    const capacity = capacityOf(node);
    if (capacity >= neededBytes) return;
    // Half as much again keeps appending linear; half of what is left keeps it so at the edge of the quota.
    const spare = Math.max(0, Math.min(capacity, room()) / 2);
    const next = Math.max(neededBytes, Math.floor(capacity + spare));
    reserve(next - capacity);
    const grown = new Uint8Array(next);
    if (isBytes(node.contents)) grown.set(node.contents.subarray(0, node.usedBytes));
    node.contents = grown;
  };
  const folders = memfs.ops_table.dir.node;
  const readdir = folders.readdir.bind(folders);
  // In the order of names, not of making.
  folders.readdir = (node) => readdir(node).toSorted();
  const symlink = folders.symlink.bind(folders);
  folders.symlink = (parent, name, target) => {
    reserve(target.length);
    return symlink(parent, name, target);
  };
  const operations = memfs.ops_table.file.stream;
  const write = operations.write.bind(operations);
  // The first write into an empty file stores a copy of what was written instead of growing the file.
  operations.write = (...parts) => {
    const [{ node }, , , length, position] = parts;
    if (node.usedBytes === 0 && position === 0) reserve(length - capacityOf(node));
    return write(...parts);
  };
}

function capacityOf(node: FsNode): number {
  if (node.link !== undefined) return node.link.length;
  return isBytes(node.contents) ? node.contents.length : 0;
}

/** Content first written from the interpreter's memory has the type of its view, which is signed. */
function isBytes(contents: FsNode['contents']): contents is Uint8Array | Int8Array {
  return ArrayBuffer.isView(contents);
}

/** Gives all files of the interpreter the same age. */
export function setTimes(fs: GuestFs, timeMs: number): void {
  for (const node of allNodes(fs)) {
    node.atime = timeMs;
    node.mtime = timeMs;
    node.ctime = timeMs;
  }
}

/** Bytes really held: by name or by an open descriptor. The running count only grows, so it is mended here. */
function storedBytes(fs: GuestFs): number {
  let bytes = 0;
  for (const node of allNodes(fs)) bytes += capacityOf(node);
  return bytes;
}

/** Every file, directory and link with a name or an open descriptor. */
function allNodes(fs: GuestFs): ReadonlySet<FsNode> {
  const seen = new Set<FsNode>();
  const waiting: FsNode[] = [fs.root];
  for (const stream of fs.streams) if (stream?.node) waiting.push(stream.node);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.contents !== undefined && !isBytes(node.contents)) {
      waiting.push(...Object.values(node.contents));
    }
  }
  return seen;
}

/** Terminals of the interpreter read descriptor 0 of this process, which is the agent's pipe. */
export function removeTerminals(fs: GuestFs): void {
  const nothing = fs.devices[fs.makedev(1, 3)];
  for (const major of [5, 6]) fs.devices[fs.makedev(major, 0)] = nothing;
  fs.unlink('/dev/tty');
  fs.unlink('/dev/tty1');
}

export function writeInput(fs: GuestFs, path: string, bytes: Uint8Array): void {
  const absolute = absolutePath(path);
  fs.mkdirTree(absolute.slice(0, absolute.lastIndexOf('/')) || '/');
  fs.writeFile(absolute, bytes);
}

export function absolutePath(path: string): string {
  return path.startsWith('/') ? path : `${WORK_DIR}/${path}`;
}

/** Hands over each regular file at or below `path`; links below it are not followed, absent ones are not an error. */
export function readOutputs(
  fs: GuestFs,
  path: string,
  give: (path: string, bytes: Uint8Array) => void,
): void {
  if (!fs.analyzePath(absolutePath(path)).exists) return;
  const mode = fs.stat(absolutePath(path)).mode;
  if (fs.isFile(mode)) give(path, fs.readFile(absolutePath(path)));
  if (!fs.isDir(mode)) return;
  const waiting = [path];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const name of fs.readdir(absolutePath(folder)).toSorted()) {
      const child = `${folder}/${name}`;
      if (name === '.' || name === '..' || !isNameable(child)) continue;
      const childMode = fs.lstat(absolutePath(child)).mode;
      if (fs.isFile(childMode)) give(child, fs.readFile(absolutePath(child)));
      else if (fs.isDir(childMode)) waiting.push(child);
    }
  }
}

/** Whether the wire has a name for it. */
function isNameable(path: string): boolean {
  return path.length <= MAX_PATH_CHARS && !path.includes('\\') && path.isWellFormed();
}
