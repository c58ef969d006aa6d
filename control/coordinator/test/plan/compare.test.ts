/** A comparison is refused where the batch itself would be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError } from '@fog/kernel';
import { fixture, HandAgent, OWNER, spec } from '../fixture.ts';

async function messageOf(refused: Promise<unknown>, code: string): Promise<string> {
  try {
    await refused;
  } catch (error) {
    assert.ok(isFogError(error, code), String(error));
    return error.message;
  }
  return assert.fail(`expected ${code}`);
}

test('what the fog would not take is not forecast: the refusal is the same', async () => {
  await using fog = await fixture({ maxOpenTasksPerAccount: 40 });
  const { coordinator, clock } = fog;
  for (const name of ['a', 'b']) new HandAgent(name).connect(coordinator);
  const refused: readonly [object, string][] = [
    [{ tier: 'gold' }, 'COORDINATOR_TIER'],
    [{ tier: 'platinum' }, 'COORDINATOR_TIER'],
    [{ class: 'S', determinism: 'strict' }, 'COORDINATOR_CLASS'],
    [{ class: 'A' }, 'COORDINATOR_CLASS'],
    [{ array: { count: 41 } }, 'COORDINATOR_QUOTA'],
    [{ resources: { memoryBytes: 2 ** 20, gpus: 9 } }, 'COORDINATOR_IMPOSSIBLE'],
    [{ deadlineAt: clock.now() }, 'COORDINATOR_DEADLINE'],
    [{ module: 'b'.repeat(64) }, 'COORDINATOR_UNKNOWN_CONTENT'],
  ];
  for (const [over, code] of refused) {
    const wanted = spec(over);
    const said = await messageOf(coordinator.submit(OWNER, wanted), code);
    assert.equal(await messageOf(coordinator.compare(OWNER, { spec: wanted }), code), said);
  }
  assert.equal(coordinator.counts().jobs.open, 0);
});

test('a job is compared as if it were sent again, its deadline aside', async () => {
  await using fog = await fixture();
  const { coordinator, clock } = fog;
  for (const name of ['a', 'b']) new HandAgent(name).connect(coordinator);
  const order = { array: { count: 8 }, tier: 'silver', deadlineAt: clock.now() + 1_000 };
  const { id } = await coordinator.submit(OWNER, spec(order));
  clock.advance(2_000);
  const { tasks, copies } = await coordinator.compare(OWNER, { job: id });
  assert.deepEqual([tasks, copies], [8, 2]);
  await coordinator.setNodeMode({ account: OWNER, role: 'user' }, 'b', 'draining');
  await messageOf(coordinator.compare(OWNER, { job: id }), 'COORDINATOR_TIER');
});
