/**
 * Packets a second over one link between two processes of this machine, TLS and framing at both ends, nothing
 * else: what the links alone allow a relay. Run: `node net/mixnet/bench/links.ts [--json]`.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { identityFromSeed, sameBytes } from '@fog/crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import { PACKET_BYTES } from '@fog/sphinx';
import type { RelayAddress } from '../src/directory/documents.ts';
import type { LinkDirectory, RelayLinks } from '../src/link/link-ports.ts';
import { createRelayLinks } from '../src/link/relay-links.ts';

const SINK = 'sink';
const SOURCE = 'source';
const SLOTS = 4096;
const RUN_MS = 4000;
/** Packets offered each turn: more than a turn can carry, so the queue is never empty. */
const OFFERED = 1000;
const NO_METRICS = { count: () => {}, gauge: () => {}, observe: () => {} };

interface SinkReport {
  readonly packets: number;
  readonly cpuMicros: number;
}

const slots = Buffer.from(new SharedArrayBuffer(SLOTS * PACKET_BYTES));

function keySeed(relay: string): Uint8Array {
  return new Uint8Array(32).fill(relay.length);
}

function directoryOf(sink: readonly RelayAddress[]): LinkDirectory {
  const keys = new Map(
    [SINK, SOURCE].map((relay) => [relay, identityFromSeed(keySeed(relay)).publicKey]),
  );
  return {
    isLinkKey: (key) => [...keys.values()].some((known) => sameBytes(known, key)),
    isLinkKeyOf: (relay, key) => sameBytes(keys.get(relay) ?? new Uint8Array(0), key),
    addressesOf: (relay) => (relay === SINK ? sink : []),
    onChange: () => () => {},
  };
}

async function startLinks(
  relay: string,
  sink: readonly RelayAddress[],
  onPackets: (bytes: Buffer, offset: number, count: number) => void,
): Promise<RelayLinks> {
  const limits = { relayRate: 1_000_000, relayBurst: 1_000_000 };
  const links = createRelayLinks(
    { relay, host: '127.0.0.1', port: 0, linkSeed: keySeed(relay), limits },
    {
      directory: directoryOf(sink),
      clock: systemClock,
      logger: silentLogger,
      metrics: NO_METRICS,
      onRelayPackets: (_link, bytes, offset, count) => onPackets(bytes, offset, count),
    },
  );
  await links.start(AbortSignal.timeout(5000));
  return links;
}

/** Copies each packet to a slot of shared memory, as a relay does. */
async function runSink(): Promise<void> {
  let packets = 0;
  const links = await startLinks(SINK, [], (bytes, offset, count) => {
    for (let unit = 0; unit < count; unit += 1) {
      const at = offset + unit * PACKET_BYTES;
      bytes.copy(slots, (packets % SLOTS) * PACKET_BYTES, at, at + PACKET_BYTES);
      packets += 1;
    }
  });
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ packets, cpuMicros: user + system } satisfies SinkReport);
  });
  process.send?.(links.port);
}

async function askSink(sink: ChildProcess): Promise<SinkReport> {
  sink.send('report');
  const [report] = (await once(sink, 'message')) as [SinkReport];
  return report;
}

async function offer(links: RelayLinks, untilMs: number): Promise<number> {
  const packets = Array.from({ length: OFFERED }, (_, slot) =>
    slots.subarray(slot * PACKET_BYTES, (slot + 1) * PACKET_BYTES),
  );
  let sent = 0;
  while (performance.now() < untilMs) {
    for (const packet of packets) {
      if (!links.send(SINK, packet)) break;
      sent += 1;
    }
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return sent;
}

async function runSource(): Promise<void> {
  const sink = fork(import.meta.filename, [SINK]);
  try {
    const [port] = (await once(sink, 'message')) as [number];
    const links = await startLinks(SOURCE, [{ host: '127.0.0.1', port }], () => {});
    await offer(links, performance.now() + 500);
    const before = await askSink(sink);
    const cpuBefore = process.cpuUsage();
    const startMs = performance.now();
    const sent = await offer(links, startMs + RUN_MS);
    const after = await askSink(sink);
    const cpu = process.cpuUsage(cpuBefore);
    const seconds = (performance.now() - startMs) / 1000;
    const got = after.packets - before.packets;
    const figures = {
      linkPacketsPerSecond: Math.round(got / seconds),
      sendMicros: (cpu.user + cpu.system) / sent,
      receiveMicros: (after.cpuMicros - before.cpuMicros) / got,
      loadAverage: loadavg()[0] ?? 0,
    };
    const json = process.argv.includes('--json');
    process.stdout.write(`${JSON.stringify(figures, undefined, json ? undefined : 2)}\n`);
    await links.stop();
  } finally {
    sink.kill();
  }
}

await (process.argv[2] === SINK ? runSink() : runSource());
