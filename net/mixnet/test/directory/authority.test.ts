import assert from 'node:assert/strict';
import { test } from 'node:test';
import { socketWorld, waitFor } from './world.ts';

test('three authorities and nine relays have a consensus at once', async () => {
  await using world = await socketWorld();
  const begun = performance.now();
  await Promise.all(world.authorities.map((each) => each.start(AbortSignal.timeout(10_000))));
  const client = world.client('one');
  await client.start();
  await world.publish(client);
  const first = await client.ready(AbortSignal.timeout(20_000));
  console.log('ms', performance.now() - begun);
  assert.equal(first.relays.size, 9);
  await waitFor(
    'all signatures',
    () => world.authorities[0]?.status().current?.signers.length === 3,
  );
});
