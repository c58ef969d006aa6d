import path from 'node:path';
import { openBlobs, openStore, type Store } from '@fog/store';
import { silentLogger } from '@fog/kernel';
import { tempDir, VirtualClock } from '@fog/testkit';
import { type Identity, identityFromSeed, sha256Hex } from '@fog/crypto';
import {
  EMPTY_OUTPUT,
  type Hashing,
  JobSpec,
  type Lease,
  manifestBatchBytes,
  manifestDigest,
  type NodeProfile,
  type Outcome,
  resultManifest,
  signedWork,
  type TaskResult,
  type ToAgent,
} from '@fog/wire';
import {
  type AgentSession,
  type CoordinatorApi,
  type CoordinatorDeps,
  createCoordinator,
} from '../src/index.ts';

export const MODULE = 'a'.repeat(64);
export const OWNER = 'operator';
/** The same account, with the rights of any. */
export const MEMBER = { account: OWNER, role: 'user' };
export const FOG_ID = 'fog';
export const HASHING: Hashing = {
  sha256: sha256Hex,
  fromBase64: (text) => Buffer.from(text, 'base64'),
};

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
  readonly identity: Identity;
  /** What it knows of the leases it got, for their manifests. */
  readonly #known: { readonly specs: Map<string, JobSpec>; readonly leases: Map<number, Lease> };
  readonly #answered = new Set<number>();
  readonly #fetches: Promise<void>[] = [];
  session: AgentSession | undefined;
  closedBecause: string | undefined;
  #news: (() => void)[] = [];

  /** `before`: the same machine, whose agent started again and kept what it held. */
  constructor(id: string, before?: HandAgent) {
    this.id = id;
    this.#known = before === undefined ? { specs: new Map(), leases: new Map() } : before.#known;
    this.identity = identityFromSeed(Buffer.from(sha256Hex(Buffer.from(id)), 'hex'));
  }

  connect(
    coordinator: CoordinatorApi,
    over: {
      held?: number[];
      slots?: number;
      owner?: string;
      sandboxLevel?: 'os' | 'process';
      memoryBytes?: number;
      speed?: number;
      profile?: NodeProfile;
    } = {},
  ): this {
    const slots = over.slots ?? 2;
    this.session = coordinator.attach({
      node: this.id,
      nodeKey: this.identity.publicKey,
      owner: over.owner ?? OWNER,
      name: this.id,
      profile: over.profile,
      credit: slots * 8,
      held: over.held ?? [],
      capabilities: {
        platform: 'linux',
        arch: 'x64',
        cores: slots,
        memoryBytes: over.memoryBytes ?? 8 * 2 ** 30,
        ...(over.speed === undefined ? {} : { speed: over.speed }),
        slots,
        sandboxLevel: over.sandboxLevel ?? 'os',
        runtimes: ['wasm', 'python'],
        version: 'test',
      },
      send: (message) => {
        this.sent.push(message);
        if (message.type === 'work') this.#work(message, coordinator);
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
    await Promise.all(this.#fetches);
  }

  #work(work: Extract<ToAgent, { type: 'work' }>, coordinator: CoordinatorApi): void {
    const { specs } = this.#known;
    for (const { id, spec: known } of work.jobs) {
      if (known !== undefined) specs.set(id, known);
      else {
        const fetch = coordinator.leasedSpec(this.id, id);
        this.#fetches.push(fetch.then((fetched) => void specs.set(id, fetched)));
      }
    }
    for (const lease of work.leases) this.#known.leases.set(lease.token, lease);
    this.leases.push(...work.leases);
  }

  /** Leases whose result has not been sent. */
  unanswered(): Lease[] {
    return this.leases.filter(({ token }) => !this.#answered.has(token));
  }

  /** Signed, as an agent does it. */
  result(token: number, outcome: Outcome = ok()): void {
    this.#answered.add(token);
    this.send([this.signedResult(token, outcome)]);
  }

  /** Signs `digests` as the frame's. */
  send(results: TaskResult[], digests = results.map(({ digest = '' }) => digest)): void {
    const bytes = manifestBatchBytes(FOG_ID, this.id, digests);
    const signature = Buffer.from(this.identity.sign(bytes)).toString('base64');
    this.session?.message({ type: 'results', results, signature });
  }

  signedResult(token: number, outcome: Outcome): TaskResult {
    const lease = this.#known.leases.get(token);
    const known = this.#known.specs.get(lease?.job ?? '');
    const { job = '', index = 0, attempt = 0 } = lease ?? {};
    const manifest = resultManifest(
      { fogId: FOG_ID, node: this.id, job, index, attempt, token },
      { work: known === undefined ? undefined : signedWork(known, HASHING), item: lease?.item },
      { outcome },
      HASHING,
    );
    return { token, outcome, digest: manifestDigest(manifest, HASHING) };
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

export async function fixture(
  options: object = {},
  more: Partial<CoordinatorDeps> = {},
): Promise<Fixture> {
  const dir = await tempDir();
  const clock = new VirtualClock();
  const begin = async (): Promise<{ store: Store; coordinator: CoordinatorApi }> => {
    const store = await openStore({ dir: dir.path });
    const blobs = await openBlobs({ dir: path.join(dir.path, 'blobs') });
    const deps = { store, blobs, clock, logger: silentLogger, fogId: FOG_ID, ...more };
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
