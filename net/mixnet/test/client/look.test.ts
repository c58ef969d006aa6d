/** Packets of clients as relays see them arrive: neither their place in the route nor their purpose may show. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PACKET, PACKET_BYTES, SUITE } from '@fog/sphinx';
import type { MeasuringClient } from '../../src/client/mix-client.ts';
import { ECHO_SERVICE } from '../../src/gateway/services.ts';
import { idText } from '../../src/ids.ts';
import { createMemNetwork } from './mem-network.ts';
import { addressOf, settle, startClient } from './start-client.ts';

const SEED = 97;
const PACKETS = 40;
const HOPS = 5;
/** With fixed seeds this is no bet: a test of the code, not of luck. */
const SIGMAS = 5;

const network = createMemNetwork({ seed: SEED });
const seen: Uint8Array[] = [];
/** By purpose and place: packets as they came to that hop. */
const samples = new Map<string, Uint8Array[]>();

/** What came to relays while the task ran, one packet after the other, is one packet at hop after hop. */
async function trace(names: readonly string[], task: () => Promise<unknown>): Promise<void> {
  seen.length = 0;
  await settle(network, task());
  await network.clock.advanceAsync(1_000);
  assert.equal(seen.length, names.length * HOPS);
  for (const [index, packet] of seen.entries()) {
    const name = `${names[Math.floor(index / HOPS)]}, hop ${(index % HOPS) + 1}`;
    samples.set(name, [...(samples.get(name) ?? []), packet]);
  }
}

/** Chi-square as standard deviations from its mean, 255 degrees of freedom. */
function deviation(chiSquare: number): number {
  return (chiSquare - 255) / Math.sqrt(2 * 255);
}

function histogram(packets: readonly Uint8Array[], from: number): Float64Array {
  const counts = new Float64Array(256);
  for (const packet of packets) {
    for (const byte of packet.subarray(from)) counts[byte] = (counts[byte] as number) + 1;
  }
  return counts;
}

function fromUniform(packets: readonly Uint8Array[]): number {
  const counts = histogram(packets, PACKET.mac);
  const expected = (packets.length * (PACKET_BYTES - PACKET.mac)) / 256;
  return deviation(counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0));
}

/** Of two samples of the same size, whether their bytes are of one distribution. */
function between(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  const [left, right] = [histogram(a, PACKET.ciphertext), histogram(b, PACKET.ciphertext)];
  return deviation(
    left.reduce((sum, count, byte) => {
      const other = right[byte] as number;
      return sum + (count - other) ** 2 / Math.max(1, count + other);
    }, 0),
  );
}

/** The place where the means of the two samples are farthest apart, in standard deviations. */
function farthest(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  // The last byte of a public key has no highest bit; elsewhere a byte's variance is (256² − 1) / 12.
  const spread = Math.sqrt(((256 ** 2 - 1) / 12) * (1 / a.length + 1 / b.length));
  const mean = (packets: readonly Uint8Array[], at: number): number =>
    packets.reduce((sum, packet) => sum + (packet[at] as number), 0) / packets.length;
  let most = 0;
  for (let at = PACKET.ciphertext; at < PACKET_BYTES; at += 1) {
    most = Math.max(most, Math.abs(mean(a, at) - mean(b, at)) / spread);
  }
  return most;
}

describe(`packets on their way (seed ${SEED})`, () => {
  let alice: MeasuringClient;
  let bob: MeasuringClient;
  before(async () => {
    [alice, bob] = [await startClient(network), await startClient(network)];
    for (const relay of network.relays) {
      const receive = relay.receive.bind(relay);
      relay.receive = (packet) => {
        seen.push(packet.slice());
        receive(packet);
      };
    }
    const far = network.relays.find(
      ({ id, gateway }) => gateway !== undefined && id !== addressOf(alice).relay,
    );
    const echo = { relay: far?.id ?? '', id: idText(ECHO_SERVICE) };
    const options = { level: 'private', hops: HOPS } as const;
    for (let packet = 0; packet < PACKETS; packet += 1) {
      const text = new Uint8Array(1 + packet).fill(65);
      await trace(['message'], () => alice.send(addressOf(bob), text, options));
      await trace(['cover'], () => alice.ping({ hops: HOPS }));
      await trace(['request', 'answer'], () => alice.request(echo, text, options));
    }
  });
  after(() => Promise.all([alice.stop(), bob.stop()]));

  it('have one size and suite, and random bytes behind the key', () => {
    assert.equal(samples.size, 4 * HOPS);
    for (const [name, packets] of samples) {
      assert.equal(packets.length, PACKETS);
      for (const packet of packets) {
        assert.deepEqual([packet.length, packet[PACKET.suite]], [PACKET_BYTES, SUITE]);
      }
      const off = fromUniform(packets);
      assert.ok(Math.abs(off) < SIGMAS, `${name}: ${off} deviations off`);
    }
  });

  it('show neither their hop nor whether they are cover', () => {
    const all = [...samples];
    for (const [index, [name, packets]] of all.entries()) {
      for (const [other, others] of all.slice(index + 1)) {
        const off = between(packets, others);
        assert.ok(Math.abs(off) < SIGMAS, `${name} and ${other}: ${off} deviations off`);
      }
    }
  });

  it('differ at no place by their hop or purpose', () => {
    const [[first, packets] = ['', []], ...rest] = samples;
    for (const [other, others] of rest) {
      const off = farthest(packets, others);
      assert.ok(off < SIGMAS + 1, `${first} and ${other}: ${off} deviations off`);
    }
  });

  it('are told apart by these tests where something shows', () => {
    const [[, packets] = ['', []]] = samples;
    const marked = packets.map((packet) => packet.slice());
    for (const packet of marked) packet[PACKET.routing] = 7;
    assert.ok(farthest(packets, marked) > SIGMAS + 1);
    for (const packet of marked) packet.fill(0, PACKET_BYTES - 72);
    assert.ok(between(packets, marked) > SIGMAS);
    assert.ok(fromUniform(marked) > SIGMAS);
  });
});
