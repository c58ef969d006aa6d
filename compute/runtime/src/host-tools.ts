import { execFile } from 'node:child_process';
import { access, constants, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { syscallFilter } from './syscall-filter.ts';

const run = promisify(execFile);

/** System programs that sandboxes are made with; absent ones are undefined. */
export interface HostTools {
  readonly node: string;
  /** Shared libraries of the Node binary with their loader. */
  readonly nodeLibraries: readonly string[];
  readonly bwrap: string | undefined;
  readonly prlimit: string | undefined;
  readonly setpriv: string | undefined;
  /** File with the seccomp filter for containers; undefined where there is none for the processor. */
  readonly filterPath: string | undefined;
}

/** Fixed places: a search path is the user's to change, and these programs guard him. */
const TOOL_DIRS = ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin'];

/** Looks for the tools; `dataDir` keeps the filter. */
export async function findHostTools(dataDir: string): Promise<HostTools> {
  const node = await realpath(process.execPath);
  const [bwrap, prlimit, setpriv, nodeLibraries] = await Promise.all([
    findTool('bwrap'),
    findTool('prlimit'),
    findTool('setpriv'),
    librariesOf(node),
  ]);
  const filterPath = await writeFilter(path.join(dataDir, 'syscalls.bpf'));
  return { node, nodeLibraries, bwrap, prlimit, setpriv, filterPath };
}

async function writeFilter(filterPath: string): Promise<string | undefined> {
  const filter = syscallFilter(process.arch);
  if (filter === undefined) return undefined;
  await writeFile(filterPath, filter, { mode: 0o600 });
  return filterPath;
}

async function findTool(name: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  for (const dir of TOOL_DIRS) {
    const file = path.join(dir, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}

/** The absolute paths `ldd` prints, also for a statically linked Node, which has none. */
async function librariesOf(binary: string): Promise<string[]> {
  const ldd = await findTool('ldd');
  if (ldd === undefined) return [];
  try {
    const { stdout } = await run(ldd, [binary], { env: {}, timeout: 10_000 });
    return [...stdout.matchAll(/(?:^|\s)(\/\S+)\s+\(0x/gm)].map((match) => match[1] as string);
  } catch {
    return [];
  }
}
