/** The load process and, for each run, a fresh relay process with the same keys. */
import path from 'node:path';
import { idBytes } from '@fog/mixnet';
import { tempDir, type TempDir } from '@fog/testkit';
import type { BenchmarkContext } from '../benchmark.ts';
import { type BenchChild, startChild } from './bench-child.ts';
import type { LoadReady, RelayReady, RelayRequest, RunPlan, RunResult } from './messages.ts';

const WORKERS = 2;
/** Both ends are compiled after so many packets. */
const WARM_UP = 15_000;

export type BedRun = Pick<RunPlan, 'rate' | 'seconds'> & Partial<RunPlan>;

export class TestBed implements AsyncDisposable {
  readonly #dir: TempDir;
  readonly #load: BenchChild;
  readonly #ready: LoadReady;
  #relays = 0;

  private constructor(dir: TempDir, load: BenchChild, ready: LoadReady) {
    this.#dir = dir;
    this.#load = load;
    this.#ready = ready;
  }

  static async start({ quick, say }: BenchmarkContext, maxRate: number): Promise<TestBed> {
    const load = startChild('load-process.ts');
    const ready = await load.ask<LoadReady>({ kind: 'start' });
    const bed = new TestBed(await tempDir(), load, ready);
    const count = WARM_UP + maxRate * (quick ? 2 : 8);
    say(`building ${count} headers`);
    await using relay = await bed.#startRelay();
    const { id, mixKey, epoch } = relay.ready;
    const target = {
      relay: { id: bytesOf(id), publicKey: mixKey },
      sinkId: bytesOf(ready.sink.id),
      epoch,
    };
    await load.ask({ kind: 'headers', target, count });
    return bed;
  }

  async run(run: BedRun): Promise<RunResult> {
    await using relay = await this.#startRelay();
    const plan: RunPlan = {
      relay: relay.ready,
      warmUp: WARM_UP,
      direct: false,
      latencies: false,
      ...run,
    };
    // Awaited here: the relay is ended when this returns.
    return await this.#load.ask<RunResult>({ kind: 'run', run: plan });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
    await this.#dir[Symbol.asyncDispose]();
  }

  async #startRelay(): Promise<AsyncDisposable & { readonly ready: RelayReady }> {
    this.#relays += 1;
    const child = startChild('relay-process.ts');
    const request: RelayRequest = {
      kind: 'start',
      dataDir: path.join(this.#dir.path, `relay-${this.#relays}`),
      workers: WORKERS,
      members: [this.#ready.generator, this.#ready.sink],
    };
    const ready = await child.ask<RelayReady>(request);
    return { ready, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
  }
}

function bytesOf(id: string): Uint8Array {
  const bytes = idBytes(id);
  if (bytes === undefined) throw new Error(`${id} is no id`);
  return bytes;
}
