/** A fog inside one `fog run`: its own directory, a free port, a worker with a slot for each core. */
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { type Clock, isFogError, silentLogger } from '@fog/kernel';
import { createClient, type FogClient } from '@fog/server/client';
import { lockDirectory } from '@fog/store/lock';
import type { FogTarget } from '../connect/find-fog.ts';
import { fail } from '../errors.ts';
import { ensurePrivateDir } from '../process/data-dir.ts';
import { type Host, say } from '../process/host.ts';
import type { SandboxChoice } from '../run/run-flags.ts';
import { composeFog, type RunningFog } from './compose-fog.ts';

export interface EmbeddedFog extends AsyncDisposable {
  readonly target: FogTarget;
  readonly client: FogClient;
}

export interface EmbeddedFogOptions {
  /** Keeps what runs can share: snapshots and caches of the sandboxes. */
  readonly dataDir: string;
  readonly sandbox: SandboxChoice;
  readonly verbose: boolean;
}

const PREFIX = 'run-';
/** A run that made its directory this short a time ago may not have locked it yet. */
const UNLOCKED_MS = 60_000;

export async function startEmbeddedFog(
  host: Host,
  options: EmbeddedFogOptions,
): Promise<EmbeddedFog> {
  await using stack = new AsyncDisposableStack();
  const parent = await parentDir(options.dataDir);
  await removeStale(parent, host.clock);
  const dataDir = await mkdtemp(path.join(parent, PREFIX));
  // Also when a second Ctrl-C or a bug ends the process before the stack is unwound.
  const forget = host.atExit(() => rmSync(dataDir, { recursive: true, force: true }));
  stack.defer(async () => {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
    forget();
  });
  const fog = stack.use(await compose(host, options, { parent, dataDir }));
  checkWorker(fog);
  if (fog.sandboxNote !== undefined) await say(host, fog.sandboxNote);
  const target: FogTarget = { url: fog.url, token: fog.token, source: 'local' };
  const owned = stack.move();
  return {
    target,
    client: createClient(target),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function compose(
  host: Host,
  options: EmbeddedFogOptions,
  { parent, dataDir }: { readonly parent: string; readonly dataDir: string },
): Promise<RunningFog> {
  const logger = options.verbose
    ? (await import('../process/log-file.ts')).openLog({ dataDir, verbose: true }).logger
    : silentLogger;
  const worker = { slots: availableParallelism(), sandbox: options.sandbox };
  const runtimesDir = path.join(path.dirname(parent), 'runtimes');
  return composeFog(
    { dataDir, runtimesDir, port: 0, worker },
    { clock: host.clock, logger },
    host.interrupts.asked,
  );
}

/** Below the data directory, where nobody else can put anything in the way. */
async function parentDir(dataDir: string): Promise<string> {
  await ensurePrivateDir(dataDir);
  return ensurePrivateDir(path.join(dataDir, 'embedded'));
}

/** What a killed run left behind: a directory nobody holds the lock of. */
async function removeStale(parent: string, clock: Pick<Clock, 'now'>): Promise<void> {
  for (const name of await readdir(parent)) {
    const directory = path.join(parent, name);
    const stats = await stat(directory).catch(() => undefined);
    if (stats === undefined || clock.now() - stats.mtimeMs < UNLOCKED_MS) continue;
    try {
      lockDirectory(directory)[Symbol.dispose]();
      await rm(directory, { recursive: true, force: true });
    } catch (error) {
      if (!isFogError(error, 'STORE_LOCKED')) throw error;
    }
  }
}

/** In a fog of one process there is nobody else to run the job. */
function checkWorker({ services }: RunningFog): void {
  const status = services.status('agent');
  if (status?.state === 'running') return;
  throw fail('FOG_SERVICE_FAILED', {
    message: `No program can run here: ${status?.detail ?? 'the worker did not start'}. See "fog doctor".`,
    details: { service: 'agent' },
  });
}
