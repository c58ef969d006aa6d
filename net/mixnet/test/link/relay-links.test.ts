import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '@fog/testkit';
import { LinkWorld, packetOf } from './link-world.ts';

test('packets go both ways over one link', async () => {
  await using world = new LinkWorld();
  const a = await world.relay(1, { features: ['one', 'two'] });
  const b = await world.relay(2, { features: ['two'] });
  for (let n = 0; n < 50; n += 1) assert.equal(a.links.send('relay-2', packetOf(n)), true);
  await waitFor('50 packets', () => b.got.length === 50);
  assert.deepEqual(
    b.got.map(({ first }) => first),
    Array.from({ length: 50 }, (_, n) => n),
  );
  assert.equal(b.got[0]?.from, 'relay-1');
  assert.equal(b.links.send('relay-1', packetOf(7)), true);
  await waitFor('the answer', () => a.got.length === 1);
  assert.deepEqual(a.got, [{ from: 'relay-2', first: 7 }]);
  assert.equal(b.links.stats().relayLinks, 1, 'the answer used the link that was there');
});
