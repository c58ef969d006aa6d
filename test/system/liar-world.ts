/** A fog with four real agents of four owners, one of which lies: it turns the bits of what programs print. */
import path from 'node:path';
import { type Identity, identityFromSeed } from '@fog/crypto';
import { createAgent } from '@fog/harvest';
import { silentLogger, systemClock } from '@fog/kernel';
import { createRuntime, type Runtime } from '@fog/runtime';
import { createEnrolment } from '@fog/server';
import { createClient, type FogClient } from '@fog/server/client';
import { openStore } from '@fog/store';
import { tempDir } from '@fog/testkit';
import { composeFog } from '../../apps/fog/src/compose/compose-fog.ts';

export const OWNERS = ['liar', 'ada', 'bob', 'cleo'] as const;
const NEVER = new AbortController().signal;
const DEPS = { clock: systemClock, logger: silentLogger };

export interface LiarWorld extends AsyncDisposable {
  readonly client: FogClient;
  /** Id of the node that lies. */
  readonly liar: string;
}

export async function liarWorld(): Promise<LiarWorld> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const dataDir = dir.file('fog');
  const codes = await joinCodes(dataDir, OWNERS);
  const runtimesDir = dir.file('runtimes');
  const options = { dataDir, runtimesDir, port: 0, worker: undefined };
  const fog = stack.use(await composeFog(options, DEPS, NEVER));
  for (const [number, owner] of OWNERS.entries()) {
    const joinCode = codes[number] ?? '';
    stack.use(await lend({ url: fog.url, dir: dir.path, owner, joinCode, seed: number + 1 }));
  }
  const owned = stack.move();
  return {
    client: createClient({ url: fog.url, token: fog.token }),
    liar: machineOf(1).id,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface LentMachine {
  readonly url: string;
  /** Its files are in folders of the owner's name. */
  readonly dir: string;
  /** `liar` lies. */
  readonly owner: string;
  readonly joinCode: string;
  readonly seed: number;
}

/** Connects a machine of the owner, with a real sandbox. */
export async function lend(machine: LentMachine): Promise<AsyncDisposable> {
  const { url, dir, owner: name, joinCode, seed } = machine;
  const runtimeDir = path.join(dir, 'runtimes', name);
  const real = createRuntime({ dataDir: runtimeDir, slots: 1, level: 'auto' }, DEPS);
  const runtime = name === 'liar' ? lying(real) : real;
  const options = { url, dataDir: path.join(dir, name), name, slots: 1, joinCode };
  const agent = createAgent(options, { ...DEPS, runtime, identity: machineOf(seed) });
  await agent.start(NEVER);
  return { [Symbol.asyncDispose]: () => agent.stop() };
}

function machineOf(seed: number): Identity {
  return identityFromSeed(new Uint8Array(32).fill(seed));
}

/** One for each owner, who gets an account; the fog is not running yet. */
export async function joinCodes(dataDir: string, owners: readonly string[]): Promise<string[]> {
  const store = await openStore({ dir: dataDir });
  const enrolment = createEnrolment(store, systemClock);
  const codes: string[] = [];
  for (const id of owners) {
    const row = { id, name: id, role: 'user', created_at: systemClock.now() };
    await store.write(async (trx) => {
      await trx.insertInto('account').values(row).execute();
    });
    codes.push((await enrolment.issue(id)).code);
  }
  await store.close();
  return codes;
}

function lying(real: Runtime): Runtime {
  return {
    start: (signal) => real.start(signal),
    stop: () => real.stop(),
    health: (signal) => real.health(signal),
    get level() {
      return real.level;
    },
    get levelReason() {
      return real.levelReason;
    },
    get runtimes() {
      return real.runtimes;
    },
    ...(real.versions === undefined ? {} : { versions: real.versions }),
    run: (request, sink, signal) =>
      real.run(
        request,
        {
          ...sink,
          output: (stream, chunk) =>
            sink.output(
              stream,
              chunk.map((byte) => byte ^ 1),
            ),
        },
        signal,
      ),
  };
}
