/** What a gateway process holds in its memory of mail it keeps: read from outside, as its operator could. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { identityFromSeed, randomFill, randomText } from '@fog/crypto';
import { fromUtf8, silentLogger, systemClock, utf8 } from '@fog/kernel';
import {
  connectToGateway,
  createConsensusClient,
  createMixClient,
  type Directory,
  type MeasuringClient,
  type MixMetrics,
} from '@fog/mixnet';
import { Child, tempDir, type TempDir, waitFor } from '@fog/testkit';
import { readNetworkFile } from '../../apps/fog/src/mix/network-file.ts';

const metrics: MixMetrics = { count: () => {}, gauge: () => {}, observe: () => {} };
const common = { clock: systemClock, logger: silentLogger, metrics, random: randomFill };
const READY_MS = 60_000;
const CHUNK_BYTES = 8 * 1024 * 1024;

/** Whether the text is anywhere in the memory a process may write. */
function holds(pid: number, text: string): boolean {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const chunk = Buffer.alloc(CHUNK_BYTES + text.length);
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const found = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
        return found === null ? [] : [[Number(`0x${found[1]}`), Number(`0x${found[2]}`)] as const];
      })
      .some(([from, to]) => regionHolds(memory, chunk, { from, to, text }));
  } finally {
    closeSync(memory);
  }
}

interface Region {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function regionHolds(memory: number, chunk: Buffer, { from, to, text }: Region): boolean {
  for (let at = from; at < to; at += CHUNK_BYTES) {
    try {
      const wanted = Math.min(chunk.length, to - at);
      const read = readSync(memory, chunk, 0, wanted, at);
      if (chunk.subarray(0, read).includes(text, 0, 'latin1')) return true;
    } catch {
      // The region is gone, or is a device's.
    }
  }
  return false;
}

describe('the memory of a gateway process', () => {
  const stack = new AsyncDisposableStack();
  let dir: TempDir;
  let gateways: Child;
  let directory: Directory;
  /** Listens before it connects: what waits for it comes at once. */
  const client = async (seed: number, heard: string[] = []): Promise<MeasuringClient> => {
    const identity = identityFromSeed(new Uint8Array(32).fill(seed));
    const made = createMixClient(
      { identity, guardFile: dir.file(`guards-${seed}`) },
      { ...common, directory, connect: connectToGateway },
    );
    made.onMessage((message) => heard.push(fromUtf8(message)));
    await made.start(AbortSignal.timeout(READY_MS));
    stack.defer(() => made.stop());
    await waitFor('a gateway', () => made.address !== undefined, { deadlineMs: READY_MS });
    return made;
  };

  before(async () => {
    dir = stack.use(await tempDir());
    const file = fileURLToPath(new URL('mix-world-process.ts', import.meta.url));
    gateways = stack.use(new Child({ args: [file] }));
    const [, text = ''] = await gateways.output(/^network (.*)$/m, READY_MS);
    await writeFile(dir.file('network.json'), text);
    const network = await readNetworkFile(dir.file('network.json'));
    const consensus = createConsensusClient({ network, cachePath: dir.file('consensus') }, common);
    await consensus.start(AbortSignal.timeout(READY_MS));
    stack.defer(() => consensus.stop());
    directory = consensus;
    await directory.ready(AbortSignal.timeout(READY_MS));
  });
  after(() => stack.disposeAsync());

  it('has no word of a message, though it keeps it until its client comes', async () => {
    const [alice, bob] = [await client(21), await client(22)];
    const to = bob.address;
    assert.ok(to);
    await bob.stop();
    const [secret, open] = [randomText(40), randomText(40)];
    const options = { level: 'private' } as const;
    await alice.send(to, utf8(secret), options);
    for (let loop = 0; loop < 3; loop += 1) await alice.ping({ hops: 3, delayClass: 2 });
    // What nobody sealed shows that this test would find it.
    await alice.send({ relay: to.relay, id: to.id }, utf8(open), options);
    await waitFor('the open message', () => holds(gateways.pid, open));
    assert.equal(holds(gateways.pid, secret), false);

    const heard: string[] = [];
    await client(22, heard);
    await waitFor('the sealed message', () => heard.length > 0);
    assert.deepEqual(heard, [secret]);
  });
});
