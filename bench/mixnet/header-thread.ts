/** Builds its part of the headers: one hop over the relay, the next to the sink. */
import { workerData } from 'node:worker_threads';
import { randomFill, x25519PublicKey } from '@fog/crypto';
import { createBuildSpace, createHeader, HEADER_BYTES, type Route } from '@fog/sphinx';
import { type HeaderJob, MARK_BYTES } from './headers.ts';

const { target, headers, marks, from, to } = workerData as HeaderJob;
const space = createBuildSpace(randomFill);
const sinkSecret = new Uint8Array(32);
const sinkKey = new Uint8Array(32);
randomFill(sinkSecret);
x25519PublicKey(sinkKey, sinkSecret);
const route: Route = {
  hops: [
    { ...target.relay, delayClass: 0 },
    { id: target.sinkId, publicKey: sinkKey, epoch: target.relay.epoch, delayClass: 0 },
  ],
  end: { command: 'drop' },
};
const header = new Uint8Array(HEADER_BYTES);
const all = Buffer.from(headers);
const numbers = new Float64Array(marks);
for (let index = from; index < to; index += 1) {
  createHeader(header, route, space);
  all.set(header, index * HEADER_BYTES);
  const ciphertext = Buffer.from(space.hops[1]?.ciphertext ?? []);
  numbers[index] = ciphertext.readUIntBE(0, MARK_BYTES);
}
