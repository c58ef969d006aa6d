/**
 * Where Linux lets us, a run is enclosed: its own processes, network and mounts, which all end with it, however
 * it ends. Only there can links be cut and disks be small.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';

/** Set inside. */
const MARK = 'FOG_NEMESIS_ENCLOSED';
const PREFIX = 'fog-nemesis-';
/** Ends all processes of the run with its first one, and that one with us. */
const ENCLOSE =
  'setpriv --pdeathsig KILL unshare --mount --net --pid --fork --kill-child --mount-proc'.split(
    ' ',
  );
/** Runs inside before the harness; `$1` is its temporary directory, on a disk of its own. */
const FURNISH = `set -e
mount -t tmpfs -o mode=1777,size=4g tmpfs "$1"
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
ip link set lo up
shift
"$@" &
wait $!`;

export function isEnclosed(): boolean {
  return process.env[MARK] !== undefined;
}

/** Undefined: it can be enclosed. */
export function whyNotEnclosed(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  const [command = '', ...args] = [...ENCLOSE, ...'ip link set lo up'.split(' ')];
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/** Runs this program again, enclosed; its exit code. */
export async function runEnclosed(args: readonly string[]): Promise<number> {
  removeStale();
  const dir = mkdtempSync(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
  try {
    const inside = ['sh', '-c', FURNISH, 'sh', dir, process.execPath, ...process.execArgv, ...args];
    const [command = '', ...rest] = [...ENCLOSE, ...inside];
    const env = { ...process.env, [MARK]: '1', TMPDIR: dir };
    const child = spawn(command, rest, { stdio: 'inherit', env });
    const stop = (): void => {
      child.kill('SIGKILL');
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Of runs that were killed: their disks went with them, their mount points did not. */
function removeStale(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
  }
}
