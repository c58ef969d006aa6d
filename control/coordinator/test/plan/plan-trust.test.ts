/** What a machine that was found to lie gets of a batch. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIE_WEIGHT } from '@fog/reputation';
import type { EvidenceRow } from '@fog/store';
import type { NodeProfile, PlacementPlan } from '@fog/wire';
import { type Fixture, fixture, HandAgent, OWNER, spec } from '../fixture.ts';
import { eventOf } from './plan-events.ts';

const asking = (cpuHour: number, labels: NodeProfile['labels'] = {}): NodeProfile => ({
  type: 'compute',
  labels,
  prices: { cpuHour, gbHour: 0, gpuHour: 0, spotDiscount: 0 },
});

/** A fog that has seen this of its nodes: so many results, all right or all wrong. */
async function fogThatSaw(seen: Readonly<Record<string, readonly [number, 0 | 1]>>) {
  const fog = await fixture();
  let last = 0;
  const rows = Object.entries(seen).flatMap(([node, [count, good]]) =>
    Array.from({ length: count }, (): EvidenceRow => {
      last += 1;
      const said = { kind: 'result', good, weight: good === 1 ? 1 : LIE_WEIGHT, rater: 'fog' };
      const source = JSON.stringify({ token: 1_000 + last });
      return { id: last, time: fog.clock.now(), node, owner: node, ...said, source };
    }),
  );
  await fog.store.write(async (trx) => {
    await trx.insertInto('evidence').values(rows).execute();
  });
  await fog.restart();
  return fog;
}

async function planOf({ coordinator }: Fixture, order: object): Promise<PlacementPlan> {
  const planned = eventOf(coordinator, 'planned');
  const batch = spec({ array: { count: 40 }, ...order });
  const { id } = await coordinator.submit(OWNER, batch);
  await planned;
  const [plan] = await coordinator.fronts(OWNER, { job: id });
  assert.ok(plan);
  return plan;
}

function chosen({ front, chosen: at }: PlacementPlan): readonly string[] {
  return Object.keys(front[at]?.perNode ?? {});
}

test('the cheapest machine gets nothing of a batch if it was found to lie, and others can take it', async () => {
  await using fog = await fogThatSaw({ ann: [40, 1], bob: [40, 1], liar: [5, 0] });
  for (const id of ['ann', 'bob', 'liar']) {
    const profile = id === 'liar' ? asking(1, { disk: 'ssd' }) : asking(1_000_000);
    new HandAgent(id).connect(fog.coordinator, { owner: id, profile });
  }
  for (const strategy of ['nsga2', 'cost_optimize', 'load_balance']) {
    assert.ok(!chosen(await planOf(fog, { strategy })).includes('liar'), strategy);
  }
  const only = { strategy: 'cost_optimize', labels: { disk: 'ssd' } };
  assert.deepEqual(chosen(await planOf(fog, only)), ['liar']);
});

test('of its owner’s own work it gets its part', async () => {
  await using fog = await fogThatSaw({ ann: [40, 1], liar: [5, 0] });
  new HandAgent('ann').connect(fog.coordinator, { owner: 'ann' });
  new HandAgent('liar').connect(fog.coordinator, { owner: OWNER });
  assert.ok(chosen(await planOf(fog, { strategy: 'load_balance' })).includes('liar'));
});
