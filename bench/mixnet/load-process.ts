/** The load on the relay: an open-loop generator and a sink, each with real links, in one process. */
import { identityFromSeed, randomFill } from '@fog/crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import {
  createRelayLinks,
  type LinkDirectory,
  type MixMetrics,
  type RelayLinks,
} from '@fog/mixnet';
import { HEADER_BYTES, PACKET, PACKET_BYTES } from '@fog/sphinx';
import { percentile } from '../statistics.ts';
import { buildHeaders, type Headers, MARK_BYTES } from './headers.ts';
import type { LoadReady, LoadRequest, Member, RunPlan, RunResult } from './messages.ts';

/** The generator looks at the clock this often and sends what is due. */
const TICK_MS = 1;
/** After the last packet was sent, as long as the relay may still send some. */
const QUIET_MS = 500;
/** Below what any relay holds. */
const WARM_RATE = 8000;
const noMetrics: MixMetrics = { count: () => {}, gauge: () => {}, observe: () => {} };

const generatorSeed = new Uint8Array(32).fill(1);
const sinkSeed = new Uint8Array(32).fill(2);
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
  members.set(plan.relay.id, plan.relay);
  // A fresh relay listens elsewhere: the old link is not waited for.
  await generator.stop();
  generator = links(generatorSeed, () => {});
  await generator.start(new AbortController().signal);
  const target = plan.direct ? identityFromSeed(sinkSeed).id : plan.relay.id;
  await pour(target, { ...plan, from: 0, count: 1, latencies: false, quietMs: 10_000 }, headers);
  const warm = { ...plan, from: 1, count: plan.warmUp - 1 };
  await pour(target, { ...warm, rate: WARM_RATE, latencies: false }, headers);
  const count = Math.round(plan.rate * plan.seconds);
  return pour(target, { ...plan, from: plan.warmUp, count }, headers);
}

async function pour(
  target: string,
  plan: RunPlan & { readonly from: number; readonly count: number; readonly quietMs?: number },
  { bytes, marks, count: built }: Headers,
): Promise<RunResult> {
  const { from, count, rate, quietMs = QUIET_MS } = plan;
  if (from + count > built) throw new Error(`${built} headers are too few for ${from + count}`);
  const latencies: number[] = [];
  const indices = new Map<number, number>();
  if (plan.latencies) {
    const place = plan.direct ? PACKET.ciphertext : 0;
    for (let index = 0; index < count; index += 1) {
      const at = (from + index) * HEADER_BYTES + place;
      const mark = plan.direct ? bytes.readUIntBE(at, MARK_BYTES) : marks[from + index];
      indices.set(mark ?? 0, index);
    }
  }
  let startMs = 0;
  arrived.count = 0;
  arrived.onBytes = plan.latencies
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
  while (sent < count) {
    const due = Math.min(count, Math.floor(((performance.now() - startMs) / 1000) * rate) + 1);
    for (; sent < due; sent += 1) {
      const at = (from + sent) * HEADER_BYTES;
      bytes.copy(packet, 0, at, at + HEADER_BYTES);
      generator.send(target, packet);
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
    wallMs: arrived.lastMs - arrived.firstMs,
    p50Ms: latencies.length === 0 ? Number.NaN : percentile(latencies, 0.5),
    p99Ms: latencies.length === 0 ? Number.NaN : percentile(latencies, 0.99),
  };
}

async function answer(request: LoadRequest): Promise<unknown> {
  if (request.kind === 'start') return start();
  if (request.kind === 'run') return run(request.run);
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
