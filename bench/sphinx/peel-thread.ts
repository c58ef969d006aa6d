/** A worker of the pipeline measurement: peels the packets of its part, over and over, while a round lasts. */
import { parentPort, workerData } from 'node:worker_threads';
import { createPeelSpace, type MixKey, PACKET_BYTES, peel } from '@fog/sphinx';
import { slots } from './packets.ts';
import { COUNTED, ROUND, STOP, STOPPED, type ThreadInput } from './pipeline.ts';

const { packets, control, index, key } = workerData as ThreadInput;
const state = new Int32Array(control);
const own: MixKey[] = [key];
const space = createPeelSpace();
const views = slots(packets);
// A peeled packet is another one: each is restored from its own copy, as a slot is filled from a link.
const copies = views.map((view) => view.slice());

function peelAll(): void {
  for (let at = 0; at < views.length; at += 1) {
    const view = views[at] as Uint8Array;
    view.set(copies[at] as Uint8Array);
    if (peel(view, own, space) !== 'ok')
      throw new Error(`a packet of ${PACKET_BYTES} bytes was bad`);
  }
}

for (let warm = 0; warm < 10; warm += 1) peelAll();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage('ready');

let round = 0;
for (;;) {
  Atomics.wait(state, ROUND + index, round);
  round = Atomics.load(state, ROUND + index);
  if (round === STOPPED) break;
  let peeled = 0;
  while (Atomics.load(state, STOP) === 0) {
    peelAll();
    peeled += views.length;
  }
  Atomics.store(state, COUNTED + index, peeled);
  Atomics.notify(state, COUNTED + index);
}
