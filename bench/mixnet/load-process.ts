/** The load on the relay: an open-loop generator and a sink, each with real links, in one process. */
import { identityFromSeed, randomFill, x25519PublicKey } from '@fog/crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import {
  createRelayLinks,
  idBytes,
  type LinkDirectory,
  type MixMetrics,
  type RelayLinks,
} from '@fog/mixnet';
import {
  createBuildSpace,
  createPacket,
  HEADER_BYTES,
  PACKET,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  type Route,
} from '@fog/sphinx';
import { percentile } from '../statistics.ts';
import { buildHeaders, type Headers, type HopTarget, MARK_BYTES } from './headers.ts';
import type {
  LoadReady,
  LoadRequest,
  Member,
  RunPlan,
  RunResult,
  WalkPlan,
  WalkResult,
} from './messages.ts';

/** The generator looks at the clock this often and sends what is due. */
const TICK_MS = 1;
/** After the last packet was sent, as long as the relay may still send some. */
const QUIET_MS = 500;
/** Below what any relay holds. */
const WARM_RATE = 8000;
/** Between two packets of an idle network. */
const WALK_PAUSE_MS = 2;
/** A thousand times what a packet takes; the first also opens a link at each hop. */
const WALK_LOST_MS = 5000;
const noMetrics: MixMetrics = { count: () => {}, gauge: () => {}, observe: () => {} };

const generatorSeed = new Uint8Array(32).fill(1);
const sinkSeed = new Uint8Array(32).fill(2);
const sinkId = idBytes(identityFromSeed(sinkSeed).id) ?? new Uint8Array(0);
const sinkKey = new Uint8Array(32);
x25519PublicKey(sinkKey, sinkSeed);
const members = new Map<string, Member>();
const directory: LinkDirectory = {
  isLinkKey: () => true,
  isLinkKeyOf: (id, key) => Buffer.from(members.get(id)?.linkKey ?? []).equals(key),
  addressesOf: (id) => {
    const member = members.get(id);
    return member === undefined ? [] : [{ host: '127.0.0.1', port: member.port }];
  },
  onChange: () => () => {},
};

let headers: Headers | undefined;
const arrived = { count: 0, lastMs: 0, firstMs: 0, onBytes: undefined as OnBytes | undefined };
type OnBytes = (bytes: Uint8Array, offset: number, count: number, nowMs: number) => void;

function links(
  seed: Uint8Array,
  onPackets: (bytes: Uint8Array, at: number, n: number) => void,
): RelayLinks {
  const { id } = identityFromSeed(seed);
  return createRelayLinks(
    { relay: id, host: '127.0.0.1', port: 0, linkSeed: seed },
    {
      directory,
      clock: systemClock,
      logger: silentLogger,
      metrics: noMetrics,
      random: randomFill,
      onRelayPackets: (_link, bytes, offset, count) => onPackets(bytes, offset, count),
    },
  );
}

let generator = links(generatorSeed, () => {});
const sink = links(sinkSeed, (bytes, offset, count) => {
  const nowMs = performance.now();
  if (arrived.count === 0) arrived.firstMs = nowMs;
  arrived.count += count;
  arrived.lastMs = nowMs;
  arrived.onBytes?.(bytes, offset, count, nowMs);
});

async function start(): Promise<LoadReady> {
  const { signal } = new AbortController();
  await generator.start(signal);
  await sink.start(signal);
  const member = (seed: Uint8Array, { linkKey, port }: RelayLinks): Member => {
    const { id } = identityFromSeed(seed);
    members.set(id, { id, linkKey, port });
    return { id, linkKey, port };
  };
  return { generator: member(generatorSeed, generator), sink: member(sinkSeed, sink) };
}

async function run(plan: RunPlan): Promise<RunResult> {
  if (headers === undefined) throw new Error('headers first');
  const target = plan.direct ? identityFromSeed(sinkSeed).id : plan.relay.id;
  if (plan.warmUp > 0) {
    await freshGenerator([plan.relay]);
    await pour(target, { ...plan, from: 0, count: 1, latencies: false, quietMs: 10_000 }, headers);
    const warm = { ...plan, from: 1, count: plan.warmUp - 1 };
    await pour(target, { ...warm, rate: WARM_RATE, latencies: false }, headers);
  }
  const count = Math.round(plan.rate * plan.seconds);
  return pour(target, { ...plan, from: plan.warmUp, count }, headers);
}

/** A fresh relay listens elsewhere: the old link is not waited for. */
async function freshGenerator(relays: readonly Member[]): Promise<void> {
  for (const relay of relays) members.set(relay.id, relay);
  await generator.stop();
  generator = links(generatorSeed, () => {});
  await generator.start(new AbortController().signal);
}

/** One packet after the other, each when the one before has arrived: what an idle network takes. */
async function walk({ relays, hops, warmUp, packets }: WalkPlan): Promise<WalkResult> {
  await freshGenerator(relays);
  const first = relays[0]?.id ?? '';
  const end: HopTarget = { id: sinkId, publicKey: sinkKey, epoch: hops[0]?.epoch ?? 0 };
  const route: Route = {
    hops: [...hops, end].map((hop) => ({ ...hop, delayClass: 0 })),
    end: { command: 'drop' },
  };
  const space = createBuildSpace(randomFill);
  const packet = Buffer.alloc(PACKET_BYTES);
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const latencies: number[] = [];
  for (let index = 0; index < warmUp + packets; index += 1) {
    createPacket(packet, route, payload, space);
    const fromMs = performance.now();
    const arrivedMs = await arrival(() => generator.send(first, packet));
    if (index >= warmUp && arrivedMs !== undefined) latencies.push(arrivedMs - fromMs);
    await new Promise((resolve) => setTimeout(resolve, WALK_PAUSE_MS));
  }
  return { lost: packets - latencies.length, p50Ms: percentile(latencies, 0.5) };
}

/** When the sink had what is sent; undefined when it was lost. */
async function arrival(send: () => void): Promise<number | undefined> {
  return await new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), WALK_LOST_MS);
    arrived.onBytes = (_bytes, _offset, _count, nowMs) => {
      clearTimeout(timer);
      resolve(nowMs);
    };
    send();
  });
}

interface Pour extends RunPlan {
  /** The first header, and how many. */
  readonly from: number;
  readonly count: number;
  readonly quietMs?: number;
}

async function pour(target: string, plan: Pour, headers: Headers): Promise<RunResult> {
  const { from, count, rate, quietMs = QUIET_MS } = plan;
  const { bytes, count: built } = headers;
  if (from + count > built && !plan.again) {
    throw new Error(`${built} headers are too few for ${from + count}`);
  }
  const latencies: number[] = [];
  const indices = plan.latencies ? indicesByMark(headers, plan) : undefined;
  let startMs = 0;
  arrived.count = 0;
  arrived.onBytes = indices
    ? (chunk, offset, packets, nowMs) => {
        const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
        for (let packet = 0; packet < packets; packet += 1) {
          const at = offset + packet * PACKET_BYTES + PACKET.ciphertext;
          const index = indices.get(view.readUIntBE(at, MARK_BYTES));
          if (index !== undefined) latencies.push(nowMs - (startMs + (index / rate) * 1000));
        }
      }
    : undefined;
  const packet = Buffer.alloc(PACKET_BYTES);
  startMs = performance.now();
  let sent = 0;
  let unsent = 0;
  while (sent < count) {
    const due = Math.min(count, Math.floor(((performance.now() - startMs) / 1000) * rate) + 1);
    for (; sent < due; sent += 1) {
      const at = ((from + sent) % built) * HEADER_BYTES;
      bytes.copy(packet, 0, at, at + HEADER_BYTES);
      if (!generator.send(target, packet)) unsent += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  arrived.lastMs = Math.max(arrived.lastMs, performance.now());
  while (arrived.count < count && performance.now() - arrived.lastMs < quietMs) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  return {
    planned: count,
    received: arrived.count,
    unsent,
    wallMs: arrived.lastMs - arrived.firstMs,
    p50Ms: percentileOrNone(latencies, 0.5),
    p99Ms: percentileOrNone(latencies, 0.99),
  };
}

/** Which packet it is, by what the sink sees of it. */
function indicesByMark(
  { bytes, marks }: Headers,
  { from, count, direct }: Pour,
): Map<number, number> {
  const indices = new Map<number, number>();
  for (let index = 0; index < count; index += 1) {
    const at = (from + index) * HEADER_BYTES + PACKET.ciphertext;
    const mark = direct ? bytes.readUIntBE(at, MARK_BYTES) : marks[from + index];
    indices.set(mark ?? 0, index);
  }
  return indices;
}

function percentileOrNone(samples: readonly number[], p: number): number {
  return samples.length === 0 ? Number.NaN : percentile(samples, p);
}

async function answer(request: LoadRequest): Promise<unknown> {
  if (request.kind === 'start') return start();
  if (request.kind === 'run') return run(request.run);
  if (request.kind === 'walk') return walk(request.walk);
  headers = undefined;
  headers = await buildHeaders(request.target, request.count);
  return headers.count;
}

process.on('message', (request: LoadRequest) => {
  answer(request).then(
    (reply) => process.send?.(reply),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit(0));
