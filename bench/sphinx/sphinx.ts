/** The figures of the packet: what a hop costs beside the one X25519 it cannot do without. */
import { randomFill, vrfKeyFromSeed, vrfVerify, x25519, x25519PublicKey } from '@fog/crypto';
import {
  createPacket,
  createPeelSpace,
  createSurb,
  PACKET_BYTES,
  peel,
  SURB_BYTES,
  SURB_ID_BYTES,
  SURB_KEYS_BYTES,
} from '@fog/sphinx';
import type { Benchmark, BenchmarkContext } from '../benchmark.ts';
import { median } from '../statistics.ts';
import { makePackets, type Packets, slots } from './packets.ts';
import { Pipeline } from './pipeline.ts';

const BATCH = 128;

type Figures = Record<string, number>;

export const sphinx: Benchmark = {
  figures: {
    hopMicros: { unit: 'µs' },
    x25519Micros: { unit: 'µs', target: 'baseline' },
    hopOverX25519: { unit: '', target: '≤ 1.6' },
    peelPerSecond1: { unit: 'packets/s' },
    peelPerSecond2: { unit: 'packets/s' },
    scaling2: { unit: '', target: '≥ 1.8' },
    create3HopMicros: { unit: 'µs' },
    create7HopMicros: { unit: 'µs' },
    surbMicros: { unit: 'µs' },
    vrfProveMicros: { unit: 'µs' },
    vrfVerifyMicros: { unit: 'µs' },
  },
  run: async (context) => {
    const packets = makePackets();
    const hop = measureHop(packets, context);
    const build = measureBuild(packets, context);
    const vrf = measureVrf(context);
    return { ...hop, ...(await measurePipeline(packets, context)), ...build, ...vrf };
  },
};

/** Peels and bare products take turns, batch by batch, so that both see the same machine. */
function measureHop(packets: Packets, { quick, say }: BenchmarkContext): Figures {
  say('peeling beside bare X25519');
  const originals = slots(packets.shared(BATCH)).map((view) => view.slice());
  const work = originals.map((packet) => packet.slice());
  const space = createPeelSpace();
  const keys = [packets.key];
  const [shared, secret, point] = [bytes(32), bytes(32), bytes(32)];
  x25519PublicKey(point, secret);
  const hops: number[] = [];
  const products: number[] = [];
  for (let round = 0; round < (quick ? 60 : 400); round += 1) {
    for (const [index, packet] of work.entries()) packet.set(originals[index] as Uint8Array);
    const hop = microsEach(BATCH, (index) => {
      if (peel(work[index] as Uint8Array, keys, space) !== 'ok') throw new Error('a bad packet');
    });
    const product = microsEach(BATCH, () => {
      if (!x25519(shared, secret, point)) throw new Error('a bad point');
    });
    // The first rounds are compilation.
    if (round >= 10) {
      hops.push(hop);
      products.push(product);
    }
  }
  const ratios = hops.map((hop, index) => hop / (products[index] as number));
  return {
    hopMicros: median(hops),
    x25519Micros: median(products),
    hopOverX25519: median(ratios),
  };
}

async function measurePipeline(
  packets: Packets,
  { quick, say }: BenchmarkContext,
): Promise<Figures> {
  say('worker threads on shared memory');
  await using pipeline = await Pipeline.start(packets);
  const roundMs = quick ? 1000 : 3000;
  const best = { one: 0, two: 0 };
  for (let round = 0; round < 5; round += 1) {
    best.one = Math.max(best.one, await pipeline.measure(1, roundMs));
    best.two = Math.max(best.two, await pipeline.measure(2, roundMs));
  }
  return {
    peelPerSecond1: best.one,
    peelPerSecond2: best.two,
    scaling2: best.two / best.one,
  };
}

function measureBuild(packets: Packets, { quick, say }: BenchmarkContext): Figures {
  say('building packets and SURBs');
  const { space, payload } = packets;
  const packet = bytes(PACKET_BYTES);
  const [surb, keys] = [bytes(SURB_BYTES), bytes(SURB_KEYS_BYTES)];
  const home = {
    hops: packets.route(3).hops,
    end: { command: 'reply', id: bytes(16), surbId: bytes(SURB_ID_BYTES) },
  } as const;
  const rounds = quick ? 20 : 100;
  const build = (hops: number): number => {
    const route = packets.route(hops);
    return medianMicros(rounds, () => createPacket(packet, route, payload, space));
  };
  return {
    create3HopMicros: build(3),
    create7HopMicros: build(7),
    surbMicros: medianMicros(rounds, () => createSurb(surb, keys, home, space)),
  };
}

function measureVrf({ quick, say }: BenchmarkContext): Figures {
  say('VRF');
  const key = vrfKeyFromSeed(bytes(32));
  const alphas = Array.from({ length: 32 }, () => bytes(40));
  const proofs = alphas.map((alpha) => key.prove(alpha).proof);
  const rounds = quick ? 10 : 40;
  return {
    vrfProveMicros: medianMicros(rounds, (index) => key.prove(alphas[index % 32] as Uint8Array)),
    vrfVerifyMicros: medianMicros(rounds, (index) => {
      const [alpha, proof] = [alphas[index % 32] as Uint8Array, proofs[index % 32] as Uint8Array];
      if (vrfVerify(key.publicKey, alpha, proof) === undefined) throw new Error('a bad proof');
    }),
  };
}

/** Median of rounds of 32 calls, the first of them not counted. */
function medianMicros(rounds: number, call: (index: number) => unknown): number {
  const all = Array.from({ length: rounds + 3 }, () => microsEach(32, call));
  return median(all.slice(3));
}

function microsEach(count: number, call: (index: number) => unknown): number {
  const from = performance.now();
  for (let index = 0; index < count; index += 1) call(index);
  return ((performance.now() - from) * 1000) / count;
}

function bytes(sizeBytes: number): Uint8Array {
  const filled = new Uint8Array(new ArrayBuffer(sizeBytes));
  randomFill(filled);
  return filled;
}
