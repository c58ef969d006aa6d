/** A directory on real sockets whose epochs last two seconds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@fog/kernel';
import { waitFor } from '@fog/testkit';
import { socketWorld } from '../../net/mixnet/test/directory/world.ts';

const signal = (): AbortSignal => AbortSignal.timeout(60_000);

test('short epochs: the grid goes on while an authority is stopped and comes back', async () => {
  await using world = await socketWorld({ epochMs: 2_000 });
  await Promise.all(world.authorities.map((each) => each.start(signal())));
  const client = world.client('one');
  await client.start(signal());
  const stopPublishing = systemClock.every(500, () => void world.publish().catch(() => {}));
  try {
    await world.publish();
    const first = await client.ready(signal());
    const reach = (epoch: number): Promise<unknown> =>
      waitFor('the grid', () => (client.current()?.consensus.epoch ?? 0) >= epoch);
    await reach(first.consensus.epoch + 2);
    await world.authorities[2]?.stop();
    await reach((client.current()?.consensus.epoch ?? 0) + 2);
    await world.authorities[2]?.start(signal());
    await waitFor('three signers', () => client.current()?.signers.length === 3);
    assert.deepEqual(client.forks, []);
  } finally {
    stopPublishing();
  }
});
