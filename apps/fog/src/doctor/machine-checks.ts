import { randomUUID } from 'node:crypto';
import { open, rm, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import path from 'node:path';
import { type Clock, errorMessage, formatSize } from '@fog/kernel';
import { readFogAddress } from '@fog/wire';
import { ensurePrivateDir } from '../process/data-dir.ts';
import { type Check, failed, ok, warn } from './check.ts';

const MINIMUM_NODE = 24;
/** A Python task needs about half of it. */
const SMALL_MEMORY_BYTES = 1024 ** 3;
/** One large input or output fills it. */
const SMALL_DISK_BYTES = 1024 ** 3;
/** Fog did not exist before: a clock that says so is wrong. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

export function checkNode(version: string): Check {
  const major = Number(version.split('.')[0]?.replace('v', ''));
  if (major >= MINIMUM_NODE) return ok('node', version);
  return failed(
    'node',
    version,
    `Install Node ${MINIMUM_NODE} or newer, or run "npm ci" with optional packages.`,
  );
}

export function checkMachine(): Check {
  const limit = process.constrainedMemory();
  const memoryBytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const detail = `${availableParallelism()} cores, ${formatSize(memoryBytes)} memory`;
  if (memoryBytes >= SMALL_MEMORY_BYTES) return ok('machine', detail);
  return warn('machine', detail, 'Run few slots, and jobs with a small --memory.');
}

export function checkClock(clock: Pick<Clock, 'now'>): Check {
  const now = clock.now();
  const detail = new Date(now).toISOString();
  if (now > EARLIEST_MS && now < LATEST_MS) return ok('clock', detail);
  return failed('clock', `${detail} cannot be right`, 'Set the clock of this machine.');
}

/** Writes and syncs a file there, as the store will. */
export async function checkDataDir(directory: string): Promise<Check> {
  const probe = path.join(directory, `doctor-${randomUUID()}`);
  try {
    await ensurePrivateDir(directory);
    const handle = await open(probe, 'wx', 0o600);
    await handle.writeFile('fog');
    await handle.sync();
    await handle.close();
    const { bavail, bsize } = await statfs(directory);
    const mode = ((await stat(directory)).mode & 0o777).toString(8);
    const detail = `${directory} (mode 0${mode}, ${formatSize(bavail * bsize)} free)`;
    if (bavail * bsize >= SMALL_DISK_BYTES) return ok('data dir', detail);
    return warn('data dir', detail, 'Free some disk space, or choose another with --data-dir.');
  } catch (error) {
    return failed(
      'data dir',
      errorMessage(error),
      'Choose a writable one with --data-dir or FOG_DATA_DIR.',
    );
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}

/** `fogUrl` is that of a running fog: then its port is rightly taken. */
export async function checkPort(port: number, fogUrl: string | undefined): Promise<Check> {
  const { address } = readFogAddress(fogUrl ?? '');
  if (address?.urls.some((url) => url.port === String(port))) {
    return ok('port', `${port} is in use by the running fog`);
  }
  const server = createServer();
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen({ host: '127.0.0.1', port, exclusive: true }, listening.resolve);
  try {
    await listening.promise;
    return ok('port', `${port} is free`);
  } catch (error) {
    return warn('port', errorMessage(error), 'Stop what uses it, or start with "fog up --port N".');
  } finally {
    server.close();
  }
}
