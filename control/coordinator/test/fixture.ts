import path from 'node:path';
import { openBlobs, openStore, type Store } from '@fog/store';
import { silentLogger } from '@fog/kernel';
import { tempDir, VirtualClock } from '@fog/testkit';
import { EMPTY_OUTPUT, JobSpec, type Lease, type Outcome, type ToAgent } from '@fog/wire';
import { type AgentSession, type CoordinatorApi, createCoordinator } from '../src/index.ts';

export const MODULE = 'a'.repeat(64);
export const OWNER = 'operator';

export const spec = (over: object = {}): JobSpec =>
  JobSpec.parse({ runtime: 'wasm', module: MODULE, moduleName: 'noop.wasm', ...over });

export const ok = (over: Partial<Outcome> = {}): Outcome => ({
  exitCode: 0,
  stdout: EMPTY_OUTPUT,
  stderr: EMPTY_OUTPUT,
  files: [],
  usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 },
  ...over,
});

/** A connected agent whose frames the test reads and writes by hand. */
export class HandAgent {
  readonly id: string;
  readonly sent: ToAgent[] = [];
  readonly leases: Lease[] = [];
  session: AgentSession | undefined;
  closedBecause: string | undefined;
  #news: (() => void)[] = [];

  constructor(id: string) {
    this.id = id;
  }

  connect(
    coordinator: CoordinatorApi,
    over: { held?: number[]; slots?: number; owner?: string; sandboxLevel?: 'os' | 'process' } = {},
  ): this {
    const slots = over.slots ?? 2;
    this.session = coordinator.attach({
      node: this.id,
      owner: over.owner ?? OWNER,
      name: this.id,
      credit: slots * 8,
      held: over.held ?? [],
      capabilities: {
        platform: 'linux',
        arch: 'x64',
        cores: slots,
        memoryBytes: 8 * 2 ** 30,
        slots,
        sandboxLevel: over.sandboxLevel ?? 'os',
        runtimes: ['wasm', 'python'],
        version: 'test',
      },
      send: (message) => {
        this.sent.push(message);
        if (message.type === 'work') this.leases.push(...message.leases);
        for (const wake of this.#news.splice(0)) wake();
      },
      close: (reason) => {
        this.closedBecause = reason;
      },
    });
    return this;
  }

  /** Resolves when `ready` is true, looking again after each frame. */
  async until(ready: () => boolean): Promise<void> {
    while (!ready()) await new Promise<void>((resolve) => this.#news.push(resolve));
  }

  result(token: number, outcome: Outcome = ok()): void {
    this.session?.message({ type: 'results', results: [{ token, outcome }] });
  }

  acks(): { tokens: number[]; late: number[] } {
    const tokens: number[] = [];
    const late: number[] = [];
    for (const one of this.sent) {
      if (one.type !== 'ack') continue;
      tokens.push(...one.tokens);
      late.push(...one.late);
    }
    return { tokens, late };
  }
}

export interface Fixture extends AsyncDisposable {
  readonly clock: VirtualClock;
  coordinator: CoordinatorApi;
  store: Store;
  /** Ends everything as kill -9 would leave the store, and starts again from it. */
  restart(): Promise<void>;
}

export async function fixture(options: object = {}): Promise<Fixture> {
  const dir = await tempDir();
  const clock = new VirtualClock();
  const begin = async (): Promise<{ store: Store; coordinator: CoordinatorApi }> => {
    const store = await openStore({ dir: dir.path });
    const blobs = await openBlobs({ dir: path.join(dir.path, 'blobs') });
    const deps = { store, blobs, clock, logger: silentLogger, fogId: 'fog' };
    const coordinator = createCoordinator(options, deps);
    await coordinator.start(AbortSignal.timeout(10_000));
    return { store, coordinator };
  };
  let current = await begin();
  await current.coordinator.addReference(OWNER, MODULE, 8);
  return {
    clock,
    get coordinator() {
      return current.coordinator;
    },
    get store() {
      return current.store;
    },
    restart: async () => {
      await current.coordinator.stop();
      await current.store.close();
      current = await begin();
    },
    [Symbol.asyncDispose]: async () => {
      await current.coordinator.stop();
      await current.store.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}
