/** Memory of a relay process over millions of unique packets and many key epochs. */
import type { BenchmarkContext } from '../benchmark.ts';
import { median } from '../statistics.ts';
import { type BedRelay, hopOf, type TestBed } from './test-bed.ts';

/** Packets of one key epoch: headers are built for its key, then sent. */
const CHUNK = 250_000;
/** After the first ones, in which memory of filters and compiled code comes to be. */
const WARM_CHUNKS = 2;
/** More than it peels, with packets it has seen, until its queue is full: so much memory it may hold, and keeps. */
const FLOOD = { rate: 45_000, seconds: 3, warmUp: 0, again: true };
const CHUNKS = 21;
/** Well below what a relay holds: this is about memory, and lost packets would measure less of it. */
const RATE = 11_000;
/** With the relay's wall clock standing still, an epoch ends when it is told to. */
const EPOCH_MS = 60_000;
const SAMPLE_MS = 1000;

/** Growth of the resident memory, in per cent, from the chunk after the warm ones to the last one. */
export async function rssGrowthPct(bed: TestBed, { say }: BenchmarkContext): Promise<number> {
  await using relay = await bed.startRelay({ epochMs: EPOCH_MS });
  let key = relay.ready;
  let lost = 0;
  let before = 0;
  let now = 0;
  for (let chunk = 0; chunk < WARM_CHUNKS + CHUNKS; chunk += 1) {
    if (chunk > 0) key = { ...key, ...(await relay.turn()) };
    await bed.buildHeadersFor(hopOf(key, key.id), CHUNK);
    const done = await pour(bed, relay, chunk === 0);
    lost += done.lost;
    if (chunk === 0) await bed.pour(relay, FLOOD);
    now = done.rssBytes;
    if (chunk === WARM_CHUNKS) before = now;
    const { slots } = await relay.state();
    say(
      `soak ${chunk + 1} of ${WARM_CHUNKS + CHUNKS}: ${toMiB(now)} MiB, room for ${slots} packets, ${lost} lost`,
    );
  }
  return (now / before - 1) * 100;
}

async function pour(
  bed: TestBed,
  relay: BedRelay,
  first: boolean,
): Promise<{ readonly lost: number; readonly rssBytes: number }> {
  const warmUp = first ? 1000 : 0;
  const samples: number[] = [];
  const sampling = setInterval(() => {
    void relay.state().then(({ rssBytes }) => samples.push(rssBytes));
  }, SAMPLE_MS);
  const run = { rate: RATE, seconds: (CHUNK - warmUp) / RATE, warmUp };
  const { planned, received } = await bed.pour(relay, run);
  clearInterval(sampling);
  return { lost: planned - received, rssBytes: median(samples) };
}

function toMiB(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
