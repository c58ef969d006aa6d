import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlacementNode } from '@fog/scheduler';
import type { EvidenceRow } from '@fog/store';
import type { Job } from '@fog/wire';
import { demandsOf } from '../../src/job/placement-task.ts';
import { trustFloor } from '../../src/verify/trust-gate.ts';
import { HandAgent, spec } from '../fixture.ts';
import { ALICE, crowd } from './crowd.ts';

const node = (id: string, trust: number | undefined, owner = id): PlacementNode => ({
  id,
  owner,
  runtimes: ['wasm'],
  sandboxLevel: 'os',
  memoryBytes: 2 ** 33,
  slots: 1,
  credit: 8,
  held: 0,
  ...(trust === undefined ? {} : { trust }),
});

function floor(over: object, fleet: readonly PlacementNode[]): number | undefined {
  const job = { owner: 'alice', spec: spec({ determinism: 'strict', ...over }) };
  return trustFloor(job, { ...demandsOf('alice', job.spec), depth: 1 }, fleet);
}

test('class S and A ask for trust where trusted nodes of enough owners could run all copies', () => {
  const [ann, bob, cid] = [node('ann', 0.96), node('bob', 0.95), node('cid', 0.9)];
  assert.equal(floor({ class: 'A' }, [ann, bob]), 0.85);
  assert.equal(floor({ class: 'S' }, [ann, bob, cid]), undefined);
  assert.equal(floor({ class: 'S' }, [ann, bob, { ...cid, trust: 0.99 }]), 0.95);
  assert.equal(floor({}, [ann, bob, cid]), undefined);
  assert.equal(floor({ class: 'A' }, [ann, node('new', undefined)]), undefined);
});

test('one owner’s machines count once, unless they are the submitter’s own', () => {
  const own = [node('one', 0.9, 'alice'), node('two', 0.9, 'alice')];
  assert.equal(floor({ class: 'A' }, own), undefined);
  assert.equal(floor({ class: 'A', allowSameOwner: true }, own), 0.85);
});

test('trusted nodes that cannot run the work do not count, nor fewer than the tier has copies', () => {
  const small = { ...node('ann', 0.99), memoryBytes: 1 };
  assert.equal(floor({ class: 'A' }, [small, node('bob', 0.99)]), undefined);
  const two = [node('ann', 0.99), node('bob', 0.99)];
  assert.equal(floor({ class: 'A', tier: 'gold' }, two), undefined);
});

test('work of class A leaves free slots alone that are not trusted, until the trusted do not suffice', async () => {
  await using world = await crowd({ owners: ['new', 'ann', 'bob', 'neu'] });
  const { fog } = world;
  const time = fog.clock.now();
  const rows = ['ann1', 'bob2'].flatMap((id, of) =>
    Array.from({ length: 80 }, (_, at): EvidenceRow => ({
      id: of * 80 + at + 1,
      time,
      node: id,
      owner: id.slice(0, 3),
      kind: 'known_answer',
      good: 1,
      weight: 1,
      rater: 'fog',
      source: JSON.stringify({ token: 1_000 + of * 80 + at }),
    })),
  );
  await fog.store.write(async (trx) => {
    await trx.insertInto('evidence').values(rows).execute();
  });
  await fog.restart();
  const agents = world.agents.map(({ id }) =>
    new HandAgent(id).connect(fog.coordinator, { owner: id.slice(0, 3), slots: 1 }),
  );
  const [young, ann, bob] = agents;
  const submit = (args: string): Promise<Job> =>
    fog.coordinator.submit(ALICE, spec({ class: 'A', determinism: 'strict', args: [args] }));
  await submit('x');
  await ann?.until(() => ann.leases.length === 1);
  await bob?.until(() => bob.leases.length === 1);
  const waits = await submit('y');
  const { nodes } = await fog.coordinator.why({ account: ALICE, role: 'user' }, waits.id);
  assert.match(nodes.find(({ node }) => node === 'new0')?.refusal ?? '', /asks for 0\.85$/);
  bob?.session?.message({ type: 'goodbye' });
  await young?.until(() => young.leases.length === 1);
});
