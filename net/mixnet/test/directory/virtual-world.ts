/** Authorities and members that talk by calls, on a clock that only moves when told. */
import { randomFill } from '@fog/crypto';
import { type Clock, silentLogger } from '@fog/kernel';
import { VirtualClock } from '@fog/testkit';
import { type AuthorityCore, openAuthorityCore } from '../../src/directory/authority.ts';
import type { BlobFile } from '../../src/directory/blob-file.ts';
import {
  type ConsensusClient,
  createConsensusClient,
} from '../../src/directory/consensus-client.ts';
import type { DirectoryCall } from '../../src/directory/directory-call.ts';
import type { RelayStanding } from '../../src/directory/figures.ts';
import { epochAt, type MixNetwork } from '../../src/network.ts';
import { type TestRelay, testRelay } from './relays.ts';
import { networkOf, noMetrics, seedOf } from './world.ts';

const EPOCH_MS = 20 * 60_000;
const BEGIN_MS: number = Math.ceil(Date.UTC(2030, 0, 1) / EPOCH_MS) * EPOCH_MS;
const URLS = [0, 1, 2].map((index) => `http://authority-${index}`);

/** Begins so long after an epoch did. */
export class VirtualWorld implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly network: MixNetwork = networkOf(URLS, EPOCH_MS);
  readonly cores: (AuthorityCore | undefined)[] = URLS.map(() => undefined);
  readonly relays: TestRelay[] = Array.from({ length: 9 }, (_none, index) => testRelay(index));
  /** Which calls do not get through. */
  cut: (url: string, path: string, from: string) => boolean = () => false;
  /** What each authority knows of relays; nothing where there is none. */
  readonly standings: (RelayStanding | undefined)[] = [];
  readonly #clocks: Clock[] = URLS.map(() => this.clock);
  readonly #files = new Map<string, Uint8Array>();
  readonly #started: { stop(): Promise<void> }[] = [];

  constructor(offsetMs = 1_000) {
    this.clock = new VirtualClock(BEGIN_MS + offsetMs);
  }

  async open(index: number, clock: Clock = this.clock): Promise<AuthorityCore> {
    const name = `authority-${index}`;
    const standing = this.standings[index];
    const core = await openAuthorityCore(
      { network: this.network, seed: seedOf(index), host: '', port: 0, statePath: name },
      {
        clock,
        logger: silentLogger,
        metrics: noMetrics,
        call: this.#callFrom(URLS[index] as string),
        stateFile: this.#file(name),
        ...(standing === undefined ? {} : { standing }),
      },
    );
    this.cores[index] = core;
    this.#clocks[index] = clock;
    this.#started.push(core);
    await core.start();
    return core;
  }

  client(name: string, clock: Clock = this.clock, network = this.network): ConsensusClient {
    const client = createConsensusClient(
      { network, cachePath: name },
      {
        clock,
        logger: silentLogger,
        metrics: noMetrics,
        random: randomFill,
        call: this.#callFrom('member'),
        cache: this.#file(name),
      },
    );
    this.#started.push(client);
    return client;
  }

  publish(relays: readonly TestRelay[] = this.relays): void {
    for (const relay of relays) {
      const body = relay.packed(this.network.name, this.epoch());
      for (const core of this.cores) {
        core?.requests.handle({ method: 'POST', path: '/v1/descriptors', body });
      }
    }
  }

  /** Moves the time in steps, with turns of the event loop between them. */
  async advance(durationMs: number, stepMs = 50): Promise<void> {
    for (let done = 0; done < durationMs; done += stepMs) {
      await this.clock.advanceAsync(Math.min(stepMs, durationMs - done));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  epoch(): number {
    return epochAt(EPOCH_MS, this.clock.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((service) => service.stop()));
  }

  #file(name: string): BlobFile {
    return {
      read: () => Promise.resolve(this.#files.get(name)),
      replace: (content) => {
        this.#files.set(name, content);
        return Promise.resolve();
      },
    };
  }

  #callFrom(from: string): DirectoryCall {
    return (url, request) => {
      const index = URLS.indexOf(url);
      const core = this.cores[index];
      if (core === undefined || this.cut(url, request.path, from)) {
        return Promise.reject(new Error('out of reach'));
      }
      const { status, body } = core.requests.handle(request);
      const dateMs = Math.floor((this.#clocks[index] as Clock).now() / 1_000) * 1_000;
      return Promise.resolve({ status, body, dateMs });
    };
  }
}
