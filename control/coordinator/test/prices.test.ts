import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError } from '@fog/kernel';
import type { NodeProfile, Prices } from '@fog/wire';
import { fixture, HandAgent, OWNER, spec, MEMBER } from './fixture.ts';

const CREDIT = 1_000_000;
const asks = (cpuHour: number): Prices => ({ cpuHour, gbHour: 0, gpuHour: 0, spotDiscount: 0.5 });
const profile = (prices?: Prices): NodeProfile => ({
  type: 'compute',
  labels: {},
  ...(prices === undefined ? {} : { prices }),
});
const ANN = { account: 'ann', role: 'member' };

test('prices set later hold over reconnects and restarts, until the machine joins with others', async () => {
  await using fog = await fixture();
  const agent = new HandAgent('a');
  const connect = (prices: Prices): unknown =>
    agent.connect(fog.coordinator, { owner: 'ann', profile: profile(prices) });
  const shown = async (): Promise<number | undefined> =>
    (await fog.coordinator.nodes())[0]?.profile.prices?.cpuHour;
  connect(asks(CREDIT));
  const node = await fog.coordinator.setNodePrices(ANN, 'a', asks(2 * CREDIT));
  assert.equal(node.profile.prices?.cpuHour, 2 * CREDIT);
  await fog.restart();
  assert.equal(await shown(), 2 * CREDIT);
  connect(asks(CREDIT));
  assert.equal(await shown(), 2 * CREDIT);
  connect(asks(3 * CREDIT));
  assert.equal(await shown(), 3 * CREDIT);
  await fog.restart();
  assert.equal(await shown(), 3 * CREDIT);
});

test('only its owner and operators say what a node asks', async () => {
  await using fog = await fixture();
  new HandAgent('a').connect(fog.coordinator, { owner: 'ann' });
  const isRefused = (error: unknown): boolean => isFogError(error, 'COORDINATOR_NO_NODE');
  const mallory = { account: 'mallory', role: 'member' };
  await assert.rejects(fog.coordinator.setNodePrices(mallory, 'a', asks(1)), isRefused);
  await assert.rejects(fog.coordinator.setNodePrices(ANN, 'b', asks(1)), isRefused);
  await fog.coordinator.setNodePrices({ account: OWNER, role: 'operator' }, 'a', asks(1));
});

test('a job sees what each node asks now: by its tier, and more where others are at work', async () => {
  await using fog = await fixture();
  const { coordinator } = fog;
  const a = new HandAgent('a').connect(coordinator, { profile: profile(asks(CREDIT)), slots: 1 });
  const b = new HandAgent('b').connect(coordinator, { slots: 1 });
  const quotes = async (tier?: 'silver'): Promise<object> => {
    const question = { strategy: 'least_loaded', runtime: 'wasm', tier } as const;
    const { candidates } = await coordinator.route(MEMBER, question);
    return Object.fromEntries(candidates.map(({ node, quote }) => [node, quote?.micro]));
  };
  // What may be pre-empted gets the spot discount.
  assert.deepEqual(await quotes(), { a: CREDIT / 2, b: undefined });
  assert.deepEqual(await quotes('silver'), { a: 2.5 * CREDIT, b: undefined });
  await coordinator.submit(OWNER, spec({ array: { count: 2 } }));
  await Promise.all([a, b].map((each) => each.until(() => each.leases.length === 1)));
  assert.deepEqual(await quotes('silver'), { a: 3.25 * CREDIT, b: undefined });
  const poor = await coordinator.submit(
    OWNER,
    spec({ args: ['x'], maxPrice: CREDIT / 10, timeoutMs: 3_600_000 }),
  );
  const { nodes } = await coordinator.why(MEMBER, poor.id);
  const ofA = nodes.find(({ node }) => node === 'a');
  assert.deepEqual(ofA?.quote, { micro: 650_000, forMs: 3_600_000 });
  assert.equal(ofA?.refusal, 'could cost 0.65 credits for one task, and the job pays 0.1 credits');
});
