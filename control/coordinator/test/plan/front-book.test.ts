import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PlacementNode, type PlacementTask, placeBatch } from '@fog/scheduler';
import { openStore, type Store } from '@fog/store';
import { MAX_FRONT } from '@fog/wire';
import { silentLogger } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { FrontBook } from '../../src/plan/front-book.ts';
import type { PlanRequest } from '../../src/plan/plan-messages.ts';
import { planRecord } from '../../src/plan/plan-record.ts';

const task: PlacementTask = { owner: 'ann', runtime: 'wasm', memoryBytes: 2 ** 20, depth: 1 };
const node = (id: string, over: Partial<PlacementNode> = {}): PlacementNode => ({
  id,
  owner: 'ann',
  runtimes: ['wasm'],
  sandboxLevel: 'os',
  memoryBytes: 2 ** 30,
  slots: 2,
  credit: 64,
  held: 0,
  ...over,
});
const request: PlanRequest = {
  tasks: Array.from({ length: 20 }, (_, index) =>
    index < 2 ? { ...task, avoid: new Set(['a']) } : task,
  ),
  nodes: [
    node('a', { prices: { cpuHour: 5e6, gbHour: 0, gpuHour: 0 } }),
    node('b', { speed: 0.5, warm: new Set(['m']) }),
    node('c', { trust: 0.9, slots: 1 }),
  ],
  strategy: 'nsga2',
  seed: 7,
  budgetMs: 100,
};

function planned(jobs: readonly string[]): Parameters<FrontBook['add']>[1] {
  const { tasks, nodes, ...options } = request;
  const nowMs = (): number => performance.now();
  const placement = placeBatch(tasks, nodes, { ...options, nowMs });
  const about = { jobs, asked: 'nsga2', cause: 'its tasks wait', time: 1 } as const;
  return planRecord(request, { placement, decisionMs: 3 }, about);
}

async function withBook(
  open: ReadonlySet<string>,
  run: (book: FrontBook, store: Store) => Promise<void>,
): Promise<void> {
  await using dir = await tempDir();
  const store = await openStore({ dir: dir.path });
  try {
    const jobs = { has: (id: string) => open.has(id) };
    await run(new FrontBook({ store, jobs, logger: silentLogger }), store);
  } finally {
    await store.close();
  }
}

test('a decision can be made again from what is stored', () =>
  withBook(new Set(), async (book, store) => {
    const plan = book.add('ann', planned(['j1']), request);
    const row = await rowOf(store, 1);
    const { kinds, order, nodes } = JSON.parse(row.input) as {
      kinds: (Omit<PlacementTask, 'avoid'> & { avoid?: string[] })[];
      order: number[];
      nodes: (Omit<PlacementNode, 'warm'> & { warm?: string[] })[];
    };
    assert.equal(kinds.length, 3);
    const again = placeBatch(
      order.map((kind) => {
        const { avoid, ...rest } = kinds[kind] ?? assert.fail();
        return avoid === undefined ? rest : { ...rest, avoid: new Set(avoid) };
      }),
      nodes.map(({ warm, ...rest }) =>
        warm === undefined ? rest : { ...rest, warm: new Set(warm) },
      ),
      { seed: plan.seed, strategy: 'nsga2', maxEvaluations: plan.evaluations },
    );
    assert.deepEqual(again.front[again.chosen], plan.front[plan.chosen]);
  }));

test('of a long front the chosen point and the best of each objective are kept', () => {
  const { tasks, nodes, strategy, seed } = request;
  const placement = placeBatch(tasks, nodes, { strategy, seed, maxEvaluations: 400 });
  const [point] = placement.front;
  assert.ok(point !== undefined);
  const front = Array.from({ length: 500 }, (_, at) => ({
    ...point,
    objectives: {
      latencyMs: 500 - at,
      imbalance: at,
      distrust: 1,
      cost: Math.abs(at - 70),
      price: 2,
    },
  }));
  const long = { ...placement, front, chosen: 333 };
  const about = { jobs: ['j1'], asked: 'nsga2', cause: 'its tasks wait', time: 1 } as const;
  const record = planRecord(request, { placement: long, decisionMs: 3 }, about);
  assert.equal(record.front.length, 64);
  assert.equal(record.front[record.chosen]?.objectives.imbalance, 333);
  for (const [name, best] of [
    ['latencyMs', 1],
    ['imbalance', 0],
    ['cost', 0],
  ] as const) {
    assert.ok(
      record.front.some(({ objectives }) => objectives[name] === best),
      name,
    );
  }
  const perNode = Object.fromEntries(Array.from({ length: 4_000 }, (_, at) => [`n${at}`, 1]));
  const wide = { ...long, front: front.map((one) => ({ ...one, perNode })) };
  const small = planRecord(request, { placement: wide, decisionMs: 3 }, about);
  assert.equal(small.front.length, 2);
  assert.equal(small.front[small.chosen]?.objectives.imbalance, 333);
});

test('the last hundred are kept, and the newest of each open job', () =>
  withBook(new Set(['open']), async (book, store) => {
    const about = planned(['ended']);
    book.add('ann', { ...about, jobs: ['open'] }, request);
    book.add('ann', { ...about, jobs: ['open', 'ended'] }, request);
    for (let count = 0; count < 101; count += 1) book.add('bob', about, request);
    await rowOf(store, 103);
    assert.deepEqual(
      book.of('ann').map(({ id }) => id),
      ['p2'],
    );
    assert.equal(book.last(1_000).length, 101);
    assert.equal(book.of('bob').length, 25);
    assert.equal(book.of('bob', 'open').length, 0);
    const jobs = { has: () => false };
    const later = new FrontBook({ store, jobs, logger: silentLogger });
    await later.load();
    assert.deepEqual(later.of('bob'), book.of('bob'));
    assert.deepEqual(later.last(2), book.last(2));
    assert.equal(later.add('cleo', about, request).id, 'p104');
  }));

test('a front of an older version is thinned out when it is read, and what is no plan is passed over', () =>
  withBook(new Set(), async (book, store) => {
    const { id: _id, ...short } = book.add('ann', planned(['j1']), request);
    const [point] = short.front;
    assert.ok(point !== undefined);
    const front = Array.from({ length: 500 }, (_, at) => ({
      ...point,
      objectives: { ...point.objectives, latencyMs: 500 - at },
    }));
    book.add('ann', { ...short, front, chosen: 333 }, request);
    await store.write(async (trx) => {
      const row = { owner: 'ann', time: 1, input: '' };
      await trx
        .insertInto('placement_plan')
        .values([
          { id: 3, plan: '{"id":"p3"}', ...row },
          { id: 4, plan: '{', ...row },
        ])
        .execute();
    });
    const later = new FrontBook({ store, jobs: new Set(), logger: silentLogger });
    await later.load();
    const [long, first] = later.of('ann', 'j1');
    assert.deepEqual(first?.front, short.front);
    assert.equal(long?.front.length, MAX_FRONT);
    assert.equal(long.front[long.chosen]?.objectives.latencyMs, 500 - 333);
    assert.equal(later.add('ann', short, request).id, 'p5');
  }));

async function rowOf(store: Store, id: number): Promise<{ readonly input: string }> {
  // Its write was handed in before this one: the group they share is stored when it is.
  await store.write(async () => {});
  const query = store.db.selectFrom('placement_plan').select('input').where('id', '=', id);
  return query.executeTakeFirstOrThrow();
}
