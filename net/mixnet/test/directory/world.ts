/** A directory in one process: real authorities, on sockets or on a clock of the test. */
import { randomFill } from '@fog/crypto';
import { type Clock, type Logger, silentLogger, systemClock } from '@fog/kernel';
import { type TempDir, tempDir, VirtualClock, waitFor, within } from '@fog/testkit';
import type { BlobFile } from '../../src/directory/blob-file.ts';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  type Authority,
  type AuthorityCore,
  createAuthority,
  openAuthorityCore,
} from '../../src/directory/authority.ts';
import { authorityContact, authorityKeys } from '../../src/directory/authority-keys.ts';
import {
  type ConsensusClient,
  createConsensusClient,
} from '../../src/directory/consensus-client.ts';
import type { DirectoryCall } from '../../src/directory/directory-call.ts';
import { type MixNetwork, epochAt } from '../../src/network.ts';
import type { MixMetrics } from '../../src/ports.ts';
import { type TestRelay, testRelay } from './relays.ts';

export const noMetrics: MixMetrics = { count: () => {}, gauge: () => {}, observe: () => {} };

export function seedOf(index: number): Uint8Array {
  return new Uint8Array(32).fill(100 + index);
}

export function networkOf(
  urls: readonly string[],
  epochMs: number,
  threshold = Math.floor(urls.length / 2) + 1,
): MixNetwork {
  const authorities = urls.map((url, index) => authorityContact(authorityKeys(seedOf(index)), url));
  return { name: 'test', epochMs, threshold, authorities };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface SocketWorld extends AsyncDisposable {
  readonly network: MixNetwork;
  readonly dir: TempDir;
  readonly authorities: Authority[];
  readonly relays: TestRelay[];
  authority(index: number): Authority;
  client(name: string, clock?: Clock): ConsensusClient;
  /** Uploads the relays' descriptors for the present epoch to all that answer. */
  publish(relays?: readonly TestRelay[]): Promise<void>;
}

export interface WorldOptions {
  readonly authorities?: number;
  readonly relays?: number;
  readonly epochMs?: number;
  readonly threshold?: number;
  readonly logger?: Logger;
}

export async function socketWorld(options: WorldOptions = {}): Promise<SocketWorld> {
  const { authorities: count = 3, relays: relayCount = 9, epochMs = 20 * 60_000 } = options;
  const dir = await tempDir();
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const network = networkOf(urls, epochMs, options.threshold);
  const logger = options.logger ?? silentLogger;
  const clients: ConsensusClient[] = [];
  const authority = (index: number): Authority =>
    createAuthority(
      {
        network,
        seed: seedOf(index),
        host: '127.0.0.1',
        port: ports[index] as number,
        statePath: dir.file(`authority-${index}`),
        fast: true,
      },
      { clock: systemClock, logger, metrics: noMetrics },
    );
  const authorities = ports.map((_port, index) => authority(index));
  const relays = Array.from({ length: relayCount }, (_none, index) => testRelay(index));
  return {
    network,
    dir,
    authorities,
    relays,
    authority,
    client: (name, clock = systemClock) => {
      const client = createConsensusClient(
        { network, cachePath: dir.file(`${name}.cache`) },
        { clock, logger, metrics: noMetrics, random: randomFill },
      );
      clients.push(client);
      return client;
    },
    publish: async (some = relays) => {
      const epoch = epochAt(epochMs, Date.now());
      await Promise.all(some.map((relay) => uploadAll(network, relay.packed(network.name, epoch))));
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...clients, ...authorities].map((service) => service.stop()));
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Straight to each authority that answers, as a relay's own client does. */
export async function uploadAll(network: MixNetwork, packed: Uint8Array): Promise<number[]> {
  const { httpDirectoryCall } = await import('../../src/directory/directory-call.ts');
  const signal = AbortSignal.timeout(10_000);
  const request = { method: 'POST', path: '/v1/descriptors', body: packed } as const;
  const answers = await Promise.allSettled(
    network.authorities.map(({ url }) => httpDirectoryCall(url, request, signal)),
  );
  return answers.map((each) => (each.status === 'fulfilled' ? each.value.status : 0));
}

export interface VirtualWorld extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly network: MixNetwork;
  readonly cores: (AuthorityCore | undefined)[];
  readonly relays: TestRelay[];
  readonly dir: TempDir;
  readonly files: Map<string, Uint8Array>;
  readonly call: DirectoryCall;
  /** Calls that find the authority and get through; the test may cut them. */
  cut: (url: string, path: string, from: string) => boolean;
  open(index: number, clock?: Clock): Promise<AuthorityCore>;
  client(name: string, clock?: Clock): ConsensusClient;
  publish(relays?: readonly TestRelay[], epoch?: number): void;
  /** Moves the time in steps, with the file system's turns between them. */
  advance(durationMs: number, stepMs?: number): Promise<void>;
  epoch(): number;
}

/** Authorities that talk by calls, on a clock that only moves when told. */
export async function virtualWorld(options: WorldOptions = {}): Promise<VirtualWorld> {
  const { authorities: count = 3, relays: relayCount = 9, epochMs = 20 * 60_000 } = options;
  const dir = await tempDir();
  const clock = new VirtualClock(Math.ceil(Date.UTC(2030, 0, 1) / epochMs) * epochMs + 1_000);
  const urls = Array.from({ length: count }, (_none, index) => `http://authority-${index}`);
  const network = networkOf(urls, epochMs, options.threshold);
  const cores: (AuthorityCore | undefined)[] = urls.map(() => undefined);
  const clocks: Clock[] = urls.map(() => clock);
  const relays = Array.from({ length: relayCount }, (_none, index) => testRelay(index));
  const logger = options.logger ?? silentLogger;
  const started: { stop(): Promise<void> }[] = [];
  const files = new Map<string, Uint8Array>();
  const fileOf = (name: string): BlobFile => ({
    read: () => Promise.resolve(files.get(name)),
    replace: (content) => {
      files.set(name, content);
      return Promise.resolve();
    },
  });
  const callFrom =
    (from: string): DirectoryCall =>
    (url, request) => {
      const index = urls.indexOf(url);
      const core = cores[index];
      if (core === undefined || world.cut(url, request.path, from)) {
        return Promise.reject(new Error('out of reach'));
      }
      const { status, body } = core.requests.handle(request);
      const dateMs = Math.floor((clocks[index] as Clock).now() / 1_000) * 1_000;
      return Promise.resolve({ status, body, dateMs });
    };
  const world: VirtualWorld = {
    clock,
    network,
    cores,
    relays,
    dir,
    files,
    call: callFrom('member'),
    cut: () => false,
    open: async (index, own = clock) => {
      const core = await openAuthorityCore(
        {
          network,
          seed: seedOf(index),
          host: '',
          port: 0,
          statePath: dir.file(`authority-${index}`),
        },
        {
          clock: own,
          logger,
          metrics: noMetrics,
          call: callFrom(urls[index] as string),
          stateFile: fileOf(`authority-${index}`),
        },
      );
      cores[index] = core;
      clocks[index] = own;
      started.push(core);
      await core.start();
      return core;
    },
    client: (name, own = clock) => {
      const client = createConsensusClient(
        { network, cachePath: dir.file(`${name}.cache`) },
        {
          clock: own,
          logger,
          metrics: noMetrics,
          random: randomFill,
          call: callFrom('member'),
          cache: fileOf(name),
        },
      );
      started.push(client);
      return client;
    },
    publish: (some = relays, epoch = epochAt(epochMs, clock.now())) => {
      for (const relay of some) {
        const body = relay.packed(network.name, epoch);
        for (const core of cores) {
          core?.requests.handle({ method: 'POST', path: '/v1/descriptors', body });
        }
      }
    },
    advance: async (durationMs, stepMs = 50) => {
      for (let done = 0; done < durationMs; done += stepMs) {
        await clock.advanceAsync(Math.min(stepMs, durationMs - done));
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    },
    epoch: () => epochAt(epochMs, clock.now()),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(started.map((service) => service.stop()));
      await dir[Symbol.asyncDispose]();
    },
  };
  return world;
}

export { waitFor, within };
