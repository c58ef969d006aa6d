/** The way of a packet over three relay processes to a sink, on an idle network. */
import type { BenchmarkContext } from '../benchmark.ts';
import type { WalkResult } from './messages.ts';
import { hopOf, type TestBed } from './test-bed.ts';

const SEEDS = [81, 82, 83];

/** Median from before the first send until the sink has it: four links, three peels, no delay asked for. */
export async function threeHopP50Ms(
  bed: TestBed,
  { quick, say }: BenchmarkContext,
): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const relays = await Promise.all(SEEDS.map(async (seed) => bed.startRelay({ seed })));
  for (const relay of relays) stack.use(relay);
  const readies = relays.map(({ ready }) => ready);
  const members = [bed.ends.generator, bed.ends.sink, ...readies];
  for (const relay of relays) await relay.know(members);
  const hops = readies.map((ready) => hopOf(ready, ready.id));
  const packets = quick ? 300 : 1000;
  const { p50Ms, lost } = await bed.load<WalkResult>({
    kind: 'walk',
    walk: { relays: readies, hops, packets, warmUp: packets },
  });
  say(`over three relays: p50 ${p50Ms.toFixed(2)} ms, ${lost} of ${packets} lost`);
  return p50Ms;
}
