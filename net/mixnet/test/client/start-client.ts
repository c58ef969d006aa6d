import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { identityFromSeed } from '@fog/crypto';
import { silentLogger } from '@fog/kernel';
import { waitFor } from '@fog/testkit';
import type { MixAddress } from '../../src/client/mix-client-api.ts';
import {
  createMixClient,
  type MeasuringClient,
  type MixClientOptions,
} from '../../src/client/mix-client.ts';
import { type MemNetwork, seededRandom } from './mem-network.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'fog-mix-client-'));
after(() => rmSync(dir, { recursive: true }));
let made = 0;

/** A file name no other test uses. */
export function freshFile(name: string): string {
  made += 1;
  return path.join(dir, `${name}-${made}`);
}

/** A client with a gateway; each has its own key. */
export async function startClient(
  network: MemNetwork,
  options: Partial<MixClientOptions> = {},
): Promise<MeasuringClient> {
  made += 1;
  const client = createMixClient(
    {
      identity: identityFromSeed(new Uint8Array(32).fill(made)),
      guardFile: freshFile('guards'),
      ...options,
    },
    { ...network, random: seededRandom(1_000 + made), logger: silentLogger },
  );
  await client.start(AbortSignal.timeout(60_000));
  await waitFor('a gateway', () => client.address !== undefined);
  return client;
}

/** Moves the clock until the promise settles. */
export async function settle<T>(
  network: MemNetwork,
  promise: Promise<T>,
  limitMs = 120_000,
): Promise<T> {
  const state = { done: false };
  const watched = promise.finally(() => {
    state.done = true;
  });
  watched.catch(() => {});
  for (let passedMs = 0; !state.done && passedMs < limitMs; passedMs += 50) {
    await network.clock.advanceAsync(50);
  }
  assert.ok(state.done, 'it did not settle in time');
  return watched;
}

export function addressOf(client: MeasuringClient): MixAddress {
  assert.ok(client.address);
  return client.address;
}
