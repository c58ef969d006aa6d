/**
 * What an observer of the wires sees: every connection between relays and of a client goes through a tap.
 * One packet at a time, each hop must look the same on the wire, whatever the packet is for.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { identityFromSeed, randomFill } from '@fog/crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import {
  connectToGateway,
  createGateway,
  createMixClient,
  createPeelPool,
  createRelay,
  createSignDescriptor,
  type Directory,
  ECHO_SERVICE,
  idText,
  type MeasuringClient,
  type PeelPool,
  type Relay,
  type RelayDescriptor,
  type VerifiedConsensus,
} from '@fog/mixnet';
import { PACKET_BYTES } from '@fog/sphinx';
import { tempDir, waitFor } from '@fog/testkit';
import { InstantDirectory, never, noMetrics } from '../../net/mixnet/test/relay/relay-world.ts';

type RelayAddress = RelayDescriptor['addresses'][number];

const HOST = '127.0.0.1';
const EPOCH_MS = 20 * 60_000;
const RELAYS = 4;
const ROUNDS = 12;
const common = {
  clock: systemClock,
  logger: silentLogger,
  metrics: noMetrics,
  random: randomFill,
};
/** What TLS 1.3 adds to a record: the content type and the tag. */
const RECORD_EXTRA = 17;
const FRAME_BYTES = PACKET_BYTES + 1;

/** One direction of one connection: the sizes of its TLS records and the bytes in them. */
interface Wire {
  readonly sizes: number[];
  readonly counts: Float64Array;
}

function readRecords(socket: Socket, wire: Wire): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt16BE(3)) {
      const end = 5 + rest.readUInt16BE(3);
      wire.sizes.push(end - 5 - RECORD_EXTRA);
      for (const byte of rest.subarray(5, end)) wire.counts[byte] = (wire.counts[byte] ?? 0) + 1;
      rest = rest.subarray(end);
    }
  });
}

/** A port that hands every connection on to another and reads along. */
class Tap {
  readonly wires: Wire[] = [];
  target = 0;
  readonly #server = createServer((near) => this.#join(near));

  async open(): Promise<RelayAddress> {
    this.#server.listen(0, HOST);
    await once(this.#server, 'listening');
    return { host: HOST, port: (this.#server.address() as AddressInfo).port };
  }

  close(): void {
    this.#server.close();
  }

  /** Forgets what was seen so far. */
  clear(): void {
    for (const { sizes, counts } of this.wires) {
      sizes.length = 0;
      counts.fill(0);
    }
  }

  #join(near: Socket): void {
    const far = connect({ port: this.target, host: HOST });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      const wire = { sizes: [], counts: new Float64Array(256) };
      this.wires.push(wire);
      readRecords(from, wire);
      from.setNoDelay();
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  }
}

interface WireWorld extends AsyncDisposable {
  readonly relays: readonly Relay[];
  readonly client: MeasuringClient;
  readonly relayTaps: readonly Tap[];
  readonly clientTap: Tap;
}

async function wireWorld(): Promise<WireWorld> {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const directory = new InstantDirectory(systemClock, EPOCH_MS);
  const pool = createPeelPool({ workers: 1, maxSlots: 2048 }, common);
  await pool.start(never);
  stack.defer(() => pool.stop());
  const openTap = async (): Promise<{ tap: Tap; address: RelayAddress }> => {
    const tap = stack.adopt(new Tap(), (each) => each.close());
    return { tap, address: await tap.open() };
  };
  const relays: Relay[] = [];
  const relayTaps: Tap[] = [];
  for (let index = 0; index < RELAYS; index += 1) {
    const { tap, address } = await openTap();
    const options = { dataDir: dir.file(`relay-${index}`), seed: index + 1, address };
    const relay = stack.adopt(makeRelay(options, directory, pool), (each) => each.stop());
    await relay.start(never);
    tap.target = relay.address?.port ?? 0;
    relays.push(relay);
    relayTaps.push(tap);
  }
  await waitFor('all relays', () => directory.current()?.relays.size === RELAYS);
  const { tap: clientTap, address } = await openTap();
  const client = createMixClient(
    { identity: identityFromSeed(new Uint8Array(32).fill(77)), guardFile: dir.file('guards') },
    {
      ...common,
      directory: withGuards(directory),
      connect: (options, deps) => {
        clientTap.target = relays.find(({ id }) => id === options.gateway.id)?.address?.port ?? 0;
        const gateway = { ...options.gateway, addresses: [address] };
        return connectToGateway({ ...options, gateway }, deps);
      },
    },
  );
  await client.start(never);
  stack.defer(() => client.stop());
  await waitFor('a gateway', () => client.address !== undefined);
  const dispose = (): Promise<void> => stack.disposeAsync();
  return { relays, client, relayTaps, clientTap, [Symbol.asyncDispose]: dispose };
}

interface RelayFiles {
  readonly dataDir: string;
  readonly seed: number;
  /** Where others are told to find it. */
  readonly address: RelayAddress;
}

function makeRelay(
  { dataDir, seed, address }: RelayFiles,
  directory: InstantDirectory,
  pool: PeelPool,
): Relay {
  const identity = identityFromSeed(new Uint8Array(32).fill(seed));
  const network = { name: 'test', epochMs: EPOCH_MS, threshold: 1, authorities: [] };
  return createRelay(
    {
      network,
      identity,
      dataDir,
      profile: 'embedded',
      listen: { host: HOST, port: 0 },
      addresses: [address],
      roles: ['mix', 'gateway'],
      family: '',
      region: '',
      software: 'fog/test',
      declaredRate: 1_000,
    },
    {
      ...common,
      directory,
      pool,
      gateway: createGateway({}, common),
      signDescriptor: createSignDescriptor(identity, network.name),
    },
  );
}

/** The directory names relays; a client asks for guards. */
function withGuards(directory: InstantDirectory): Directory {
  const change = (seen: VerifiedConsensus): VerifiedConsensus => {
    const flags = ['Running', 'Guard', 'Gateway'] as const;
    const relays = seen.consensus.relays.map((relay) => ({ ...relay, flags }));
    return {
      ...seen,
      consensus: { ...seen.consensus, relays },
      relays: new Map(relays.map((relay) => [relay.descriptor.id, relay])),
    };
  };
  const maybe = (seen: VerifiedConsensus | undefined): VerifiedConsensus | undefined =>
    seen && change(seen);
  return {
    current: () => maybe(directory.current()),
    previous: () => maybe(directory.previous()),
    ready: async () => change(await directory.ready()),
    onConsensus: (listener) => directory.onConsensus((seen) => listener(change(seen))),
    publish: (bytes) => directory.publish(bytes),
  };
}

/** Chi-square of the bytes, as standard deviations from its mean. */
function deviation(counts: Float64Array): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / 256;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return (chiSquare - 255) / Math.sqrt(2 * 255);
}

describe('an observer of all wires', () => {
  let world: WireWorld;
  const seen = new Map<string, number[]>();
  const atClient: number[] = [];

  before(async () => {
    world = await wireWorld();
    const { client, relays, relayTaps, clientTap } = world;
    const home = client.address;
    const far = relays.find(({ id }) => id !== home?.relay);
    assert.ok(home && far);
    const echo = { relay: far.id, id: idText(ECHO_SERVICE) };
    const options = { level: 'public', hops: 4 } as const;
    const tasks: Readonly<Record<string, () => Promise<unknown>>> = {
      cover: () => client.ping({ hops: 4 }),
      message: async () => {
        const heard = Promise.withResolvers<void>();
        const stop = client.onMessage(() => heard.resolve());
        await client.send(home, new Uint8Array(1_000).fill(65), options);
        await heard.promise;
        stop();
      },
      'request and answer': () => client.request(echo, new Uint8Array(100).fill(66), options),
    };
    // Until all relays have their links to each other, handshakes would be among the records.
    const pairs = (RELAYS * (RELAYS - 1)) / 2;
    await waitFor('links between all relays', async () => {
      await tasks['cover']?.();
      return relayTaps.reduce((sum, { wires }) => sum + wires.length / 2, 0) >= pairs;
    });
    for (const tap of relayTaps) tap.clear();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, task] of Object.entries(tasks)) {
        for (const { wires } of [...relayTaps, clientTap]) {
          for (const wire of wires) wire.sizes.length = 0;
        }
        await task();
        const sizes = relayTaps.flatMap((tap) => tap.wires.flatMap((wire) => wire.sizes));
        seen.set(name, [...(seen.get(name) ?? []), ...sizes]);
        atClient.push(...clientTap.wires.flatMap((wire) => wire.sizes));
      }
    }
  });
  after(() => world[Symbol.asyncDispose]());

  it('sees one size of record at every hop, for cover, messages, requests and answers', () => {
    assert.deepEqual([...seen.keys()], ['cover', 'message', 'request and answer']);
    for (const [name, sizes] of seen) {
      assert.ok(sizes.length >= 3 * ROUNDS, name);
      assert.deepEqual(new Set(sizes), new Set([PACKET_BYTES]), name);
    }
  });

  it('sees whole frames of one size at the client, both ways', () => {
    assert.ok(atClient.length >= 6 * ROUNDS);
    for (const size of atClient) assert.equal(size % FRAME_BYTES, 0, `a record of ${size} bytes`);
  });

  it('sees bytes on each wire that are as good as random', () => {
    const wires = world.relayTaps.flatMap((tap) => tap.wires);
    const used = wires.filter(({ counts }) => counts.some((count) => count > 100));
    assert.ok(used.length >= RELAYS);
    for (const { counts } of used) {
      const off = deviation(counts);
      assert.ok(Math.abs(off) < 6, `${off} deviations off`);
    }
  });
});
