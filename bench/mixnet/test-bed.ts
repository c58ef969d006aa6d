/** The load process and the relay processes it sends over. */
import path from 'node:path';
import { idBytes } from '@fog/mixnet';
import { tempDir, type TempDir } from '@fog/testkit';
import type { BenchmarkContext } from '../benchmark.ts';
import { type BenchChild, startChild } from './bench-child.ts';
import type { HopTarget } from './headers.ts';
import type {
  LoadReady,
  LoadRequest,
  Member,
  RelayKey,
  RelayReady,
  RelayRequest,
  RelayState,
  RunPlan,
  RunResult,
  StartRelay,
} from './messages.ts';

const WORKERS = 2;
/** Longer than any run. */
const LONG_EPOCH_MS = 24 * 3_600_000;
const FIRST_SEED = 77;
/** Both ends are compiled after so many packets. */
const WARM_UP = 15_000;
/** What is sent and taken are buffers that only a collection frees: as in a relay, full ones must not come. */
const LOAD_FLAGS = ['--minor-gc-task-trigger=10'];

export type BedRun = Pick<RunPlan, 'rate' | 'seconds'> & Partial<RunPlan>;

export interface BedResult extends RunResult {
  /** By the relay, by reason. */
  readonly dropped: RelayState['packets']['dropped'];
  /** Of the time of the run, in percent, in which the relay's main thread was ready and had no core; NaN where that is not counted. */
  readonly coreWaitPct: number;
}

export interface BedRelay extends AsyncDisposable {
  readonly ready: RelayReady;
  state(): Promise<RelayState>;
  know(members: readonly Member[]): Promise<void>;
  turn(): Promise<RelayKey>;
}

export class TestBed implements AsyncDisposable {
  readonly ends: LoadReady;
  readonly #dir: TempDir;
  readonly #load: BenchChild;
  readonly #say: BenchmarkContext['say'];
  #relays = 0;

  private constructor(
    dir: TempDir,
    { load, ends, say }: Pick<BenchmarkContext, 'say'> & { load: BenchChild; ends: LoadReady },
  ) {
    this.#dir = dir;
    this.#load = load;
    this.#say = say;
    this.ends = ends;
  }

  static async start({ say }: Pick<BenchmarkContext, 'say'>): Promise<TestBed> {
    const load = startChild('load-process.ts', LOAD_FLAGS);
    const request: LoadRequest = { kind: 'start' };
    const ends = await load.ask<LoadReady>(request);
    return new TestBed(await tempDir(), { load, ends, say });
  }

  async load<T>(request: LoadRequest): Promise<T> {
    return await this.#load.ask<T>(request);
  }

  /** For runs of up to so many packets. */
  async buildHeaders(packets: number): Promise<void> {
    await using relay = await this.startRelay();
    const count = WARM_UP + packets;
    this.#say(`building ${count} headers`);
    await this.buildHeadersFor(hopOf(relay.ready, relay.ready.id), count);
  }

  async buildHeadersFor(relay: HopTarget, count: number): Promise<void> {
    const target = { relay, sinkId: bytesOf(this.ends.sink.id) };
    await this.load({ kind: 'headers', target, count });
  }

  async run(run: BedRun): Promise<BedResult> {
    await using relay = await this.startRelay();
    // Awaited here: the relay is ended when this returns.
    return await this.pour(relay, run);
  }

  async pour(relay: BedRelay, run: BedRun): Promise<BedResult> {
    const plan: RunPlan = {
      relay: relay.ready,
      warmUp: WARM_UP,
      direct: false,
      latencies: false,
      again: false,
      ...run,
    };
    const before = await relay.state();
    const fromMs = performance.now();
    const result = await this.load<RunResult>({ kind: 'run', run: plan });
    const { packets, coreWaitMs = Number.NaN } = await relay.state();
    const waitedMs = coreWaitMs - (before.coreWaitMs ?? Number.NaN);
    const coreWaitPct = (100 * waitedMs) / (performance.now() - fromMs);
    return { ...result, dropped: packets.dropped, coreWaitPct };
  }

  async startRelay(options: Partial<StartRelay> = {}): Promise<BedRelay> {
    this.#relays += 1;
    const child = startChild('relay-process.ts');
    const request: RelayRequest = {
      kind: 'start',
      seed: FIRST_SEED,
      dataDir: path.join(this.#dir.path, `relay-${this.#relays}`),
      workers: WORKERS,
      epochMs: LONG_EPOCH_MS,
      members: [this.ends.generator, this.ends.sink],
      ...options,
    };
    const ready = await child.ask<RelayReady>(request);
    return {
      ready,
      state: async () => child.ask<RelayState>({ kind: 'status' }),
      know: async (members) => {
        await child.ask({ kind: 'members', members });
      },
      turn: async () => child.ask<RelayKey>({ kind: 'turn' }),
      [Symbol.asyncDispose]: async () => child[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
    await this.#dir[Symbol.asyncDispose]();
  }
}

/** A relay as a hop of a route, with its key of an epoch. */
export function hopOf({ mixKey, epoch }: RelayKey, id: string): HopTarget {
  return { id: bytesOf(id), publicKey: mixKey, epoch };
}

function bytesOf(id: string): Uint8Array {
  const bytes = idBytes(id);
  if (bytes === undefined) throw new Error(`${id} is no id`);
  return bytes;
}
