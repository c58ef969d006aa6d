import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MAX_SLOTS } from '@fog/mixnet';
import { PACKET_BYTES } from '@fog/sphinx';
import { waitFor } from '@fog/testkit';
import type { RelayState } from '../../bench/mixnet/messages.ts';
import { type BedRelay, hopOf, TestBed } from '../../bench/mixnet/test-bed.ts';
import { x25519Micros } from '../../bench/mixnet/x25519-micros.ts';

const WARM_UP = 2000;
const FLOOD_SECONDS = 6;
/** Twice what its one peel thread could do with a core of its own, and below the rate at which links drop. */
const FLOOD_RATE = Math.min(50_000, Math.round((2 * 1e6) / (1.3 * x25519Micros())));
const PACED = { rate: 1000, seconds: 3 };
/** All packets a relay may hold in its slots and its output queues. */
const CEILING_BYTES = (MAX_SLOTS + 16_384) * PACKET_BYTES;
/** Heap, filter and buffers of TLS come and go beside them. */
const SLACK_BYTES = 96 * 2 ** 20;

describe('a relay process that gets twice what it can peel', () => {
  let bed: TestBed;
  let relay: BedRelay;
  before(async () => {
    bed = await TestBed.start({ say: () => {} });
    relay = await bed.startRelay({ workers: 1 });
    await headers(3 * WARM_UP);
  });
  after(async () => {
    await relay[Symbol.asyncDispose]();
    await bed[Symbol.asyncDispose]();
  });

  const headers = async (count: number): Promise<void> =>
    bed.buildHeadersFor(hopOf(relay.ready, relay.ready.id), count);

  it('drops and counts the excess in bounded memory, and then loses nothing of a paced stream', async () => {
    const { rssBytes: idleBytes } = await relay.state();
    const peak = watchMemory(relay);
    const flood = { rate: FLOOD_RATE, seconds: FLOOD_SECONDS, again: true };
    await bed.pour(relay, { ...flood, warmUp: WARM_UP });
    const flooded = await emptied(relay);
    const peakBytes = peak();
    const { received, forwarded, dropped } = flooded.packets;
    const counted = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    assert.equal(forwarded + counted, received, 'a packet is neither sent on nor counted');
    assert.ok((dropped['queue-full'] ?? 0) > 0, 'it was no flood');
    assert.ok((dropped['replay'] ?? 0) > 0, 'what came twice was let through');
    assert.ok(
      peakBytes - idleBytes < CEILING_BYTES + SLACK_BYTES,
      `${peakBytes - idleBytes} bytes more than idle`,
    );
    await headers(PACED.rate * PACED.seconds);
    const paced = await bed.pour(relay, { ...PACED, warmUp: 0 });
    assert.equal(paced.received, paced.planned);
    assert.deepEqual(paced.dropped, dropped);
  });
});

/** The call ends watching and gives the most that was seen. */
function watchMemory(relay: BedRelay): () => number {
  let most = 0;
  const timer = setInterval(() => {
    void relay.state().then(({ rssBytes }) => {
      most = Math.max(most, rssBytes);
    });
  }, 100);
  return () => {
    clearInterval(timer);
    return most;
  };
}

async function emptied(relay: BedRelay): Promise<RelayState> {
  let state = await relay.state();
  await waitFor('an empty queue', async () => {
    state = await relay.state();
    return state.queue.depth === 0;
  });
  return state;
}
