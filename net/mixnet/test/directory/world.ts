/** Real authorities on real sockets, in one process. */
import { randomFill } from '@fog/crypto';
import { type Clock, type Logger, silentLogger, systemClock } from '@fog/kernel';
import { type TempDir, tempDir, waitFor, within } from '@fog/testkit';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type Authority, createAuthority } from '../../src/directory/authority.ts';
import { authorityContact, authorityKeys } from '../../src/directory/authority-keys.ts';
import {
  type ConsensusClient,
  createConsensusClient,
} from '../../src/directory/consensus-client.ts';
import { httpDirectoryCall } from '../../src/directory/directory-call.ts';
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
  const signal = AbortSignal.timeout(10_000);
  const request = { method: 'POST', path: '/v1/descriptors', body: packed } as const;
  const answers = await Promise.allSettled(
    network.authorities.map(({ url }) => httpDirectoryCall(url, request, signal)),
  );
  return answers.map((each) => (each.status === 'fulfilled' ? each.value.status : 0));
}

export { waitFor, within };
