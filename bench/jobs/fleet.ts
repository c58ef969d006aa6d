/** A coordinator and two workers as separate processes with durable state, as `fog up` and `fog join` start them. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type FogClient } from '@fog/server/client';
import { Child, descendants, tempDir, type TempDir, waitFor } from '@fog/testkit';

export const FOG = fileURLToPath(new URL('../../apps/fog/bin/fog.js', import.meta.url));
export const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

export interface Fleet extends AsyncDisposable {
  readonly client: FogClient;
  readonly coordinator: Child;
  readonly agents: readonly Child[];
}

export interface Coordinator {
  readonly client: FogClient;
  readonly process: Child;
}

/** `store`: address of a database; SQLite in the directory when left out. */
export async function startCoordinator(dir: TempDir, store?: string): Promise<Coordinator> {
  const process = new Child({
    args: [FOG, 'up', '--role', 'coordinator', '--port', '0', '--data-dir', dir.path],
    ...(store === undefined ? {} : { env: { FOG_STORE: store } }),
  });
  try {
    return { client: await connect(dir, process), process };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

export async function startFleet(workers: number, store?: string): Promise<Fleet> {
  const stack = new AsyncDisposableStack();
  try {
    const dir = stack.use(await tempDir());
    const { client, process: coordinator } = await startCoordinator(dir, store);
    stack.use(coordinator);
    const { code } = await client.createJoinCode();
    const agents: Child[] = [];
    for (let worker = 0; worker < workers; worker += 1) {
      agents.push(stack.use(joinWorker(client.url, code, stack.use(await tempDir()))));
    }
    await waitFor(
      'the workers to connect',
      async () => (await client.status()).nodes.online === workers,
      {
        deadlineMs: 30_000,
        describe: () => [coordinator, ...agents].map((child) => child.describe()).join('\n'),
      },
    );
    const owned = stack.move();
    return {
      client,
      coordinator,
      agents,
      [Symbol.asyncDispose]: async () => {
        for (const child of [...agents, coordinator]) await child.stop();
        await owned.disposeAsync();
      },
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** A worker with one slot. */
export function joinWorker(url: string, joinCode: string, dir: TempDir): Child {
  const args = [FOG, 'join', url, '--slots', '1', '--data-dir', dir.path];
  return new Child({ args, env: { FOG_JOIN_TOKEN: joinCode } });
}

async function connect(dir: TempDir, coordinator: Child): Promise<FogClient> {
  const file = path.join(dir.path, 'endpoint.json');
  const read = async (): Promise<FogClient | undefined> => {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const endpoint = JSON.parse(text) as { url: string; token: string };
    return createClient(endpoint);
  };
  const found = await waitFor('the endpoint file', read, {
    deadlineMs: 30_000,
    describe: () => coordinator.describe(),
  });
  if (found === undefined) throw new Error('no endpoint file');
  return found;
}

/** Resident set of one process in MB (10^6 bytes), from /proc. */
export async function rssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error(`no VmRSS of ${pid}`);
  return (Number(kib) * 1024) / 1e6;
}

/** The largest descendant of an agent: its sandbox process, whatever wrappers are around it. */
export async function sandboxRssMb(agent: Child): Promise<number> {
  const sizes = await Promise.all(
    descendants(agent.pid).map(({ pid }) => rssMb(pid).catch(() => 0)),
  );
  return Math.max(0, ...sizes);
}
