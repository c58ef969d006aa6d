/** Child of heartbeats.ts: joins its share of the nodes, says `joined`, and its counts on each line it is sent. */
import { createInterface } from 'node:readline';
import { type LoadCounts, runLoadNode } from './load-node.ts';

/** Handshakes at once: well below what a coordinator allows to be open. */
const LANES = 32;

const [address = '', first = '0', count = '0'] = process.argv.slice(2);
const url = new URL('api/v1/agent', address);
url.protocol = 'ws:';
const counts: LoadCounts = { beats: 0, acks: 0, lost: 0 };
const end = Number(first) + Number(count);
let next = Number(first);
const lane = async (): Promise<void> => {
  while (next < end) {
    next += 1;
    await runLoadNode(url, next - 1, counts);
  }
};
// Whoever started it may be killed: nothing of it stays behind.
process.stdin.on('end', () => process.exit(0));
const lines = createInterface({ input: process.stdin });
await Promise.all(Array.from({ length: LANES }, lane));
process.stdout.write('joined\n');
lines.on('line', (word) => process.stdout.write(`${word} ${JSON.stringify(counts)}\n`));
