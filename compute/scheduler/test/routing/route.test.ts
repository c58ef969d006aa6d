/** What each strategy prefers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainRoute, place, route } from '../../src/index.ts';
import { greatCircleKm } from '../../src/routing/proximity.ts';
import { GIB, node, task } from '../fixture.ts';

const state = { random: () => 0 };
const BERLIN = { latitude: 52.52, longitude: 13.405 };
const PARIS = { latitude: 48.8566, longitude: 2.3522 };
const SYDNEY = { latitude: -33.8688, longitude: 151.2093 };

test('round robin takes turns, also over a node that has left', () => {
  const nodes = ['c', 'a', 'b'].map((id) => node(id));
  const turns = ['a', 'b', 'c', 'a'];
  let last: string | undefined;
  for (const expected of turns) {
    last = route('round_robin', task(), nodes, { ...state, last });
    assert.equal(last, expected);
  }
  assert.equal(route('round_robin', task(), nodes, { ...state, last: 'bb' }), 'c');
});

test('least loaded counts leases for slots and the work of others', () => {
  const nodes = [
    node('a', { held: 1, slots: 2 }),
    node('b', { held: 1, slots: 4 }),
    node('c', { held: 0, cpuLoad: 0.9 }),
  ];
  assert.equal(route('least_loaded', task(), nodes, state), 'b');
});

test('slots that wide tasks and services keep count as taken', () => {
  const nodes = ['a', 'b'].map((id) => node(id, { slots: 8, cores: 8, credit: 64 }));
  for (const strategy of ['least_loaded', 'affinity_based'] as const) {
    const options = { seed: 1, route: { strategy, state } };
    const { assignments } = place(
      [4, 1].map((cores) => task({ cores })),
      nodes,
      options,
    );
    const [wide, small] = assignments.map((one) => one.node);
    assert.equal(small === wide, strategy === 'affinity_based', strategy);
  }
  const [kept] = explainRoute(
    'least_loaded',
    task(),
    [node('a', { slots: 6, allSlots: 8 })],
    state,
  );
  assert.match(kept?.because ?? '', /^2 of 8 slots taken/);
});

test('affinity leaves large machines to large tasks, and goes where the program is warm', () => {
  const small = node('small', { memoryBytes: 2 * GIB, cores: 2 });
  const large = node('large', { memoryBytes: 64 * GIB, cores: 32 });
  assert.equal(route('affinity_based', task({ cores: 1 }), [large, small], state), 'small');
  const warm = { ...large, warm: new Set(['m']) };
  assert.equal(route('affinity_based', task({ module: 'm' }), [warm, small], state), 'large');
});

test('great-circle distances are those of the globe', () => {
  assert.ok(Math.abs(greatCircleKm(BERLIN, PARIS) - 878) < 2);
  assert.equal(greatCircleKm(BERLIN, BERLIN), 0);
  const antipodes = greatCircleKm({ latitude: 0, longitude: 0 }, { latitude: 0, longitude: 180 });
  assert.ok(Math.abs(antipodes - 20_015) < 1);
});

test('proximity blends distance with the measured round trip', () => {
  const nodes = [
    node('paris', { coordinates: PARIS }),
    node('sydney', { coordinates: SYDNEY }),
    node('unknown'),
  ];
  const from = BERLIN;
  assert.equal(route('proximity_based', task({ from }), nodes, state), 'paris');
  const slow = [node('paris', { coordinates: PARIS, rttMs: 900 }), node('lan', { rttMs: 2 })];
  assert.equal(route('proximity_based', task({ from }), slow, state), 'lan');
  const last = explainRoute('proximity_based', task({ from }), nodes, state).at(-1);
  assert.deepEqual(last?.node, 'unknown');
});

test('privacy prefers own machines, then strong sandboxes, then trust', () => {
  const own = node('own', { sandboxLevel: 'process', held: 1 });
  const strong = node('strong', { owner: 'bob', trust: 0.9 });
  const weak = node('weak', { owner: 'bob', sandboxLevel: 'process', trust: 0.9 });
  const order = explainRoute('privacy_aware', task(), [weak, strong, own], state);
  assert.deepEqual(
    order.map((each) => each.node),
    ['own', 'strong', 'weak'],
  );
});

test('secret work stays with its owner, confidential work asks for trust', () => {
  const foreign = node('f', { owner: 'bob', trust: 0.4 });
  const refusal = (privacy: 'secret' | 'confidential' | 'private'): string | undefined =>
    explainRoute('privacy_aware', task({ privacy }), [foreign], state)[0]?.refused;
  assert.match(refusal('secret') ?? '', /belongs to another owner/);
  assert.match(refusal('confidential') ?? '', /trust below 0.5/);
  assert.equal(refusal('private'), undefined);
});

test('random draws two and takes the less loaded', () => {
  const nodes = [node('a', { held: 1 }), node('b'), node('c')];
  const draws = [0, 0];
  const random = (): number => draws.shift() ?? 0;
  assert.equal(route('random', task(), nodes, { random }), 'b');
  const told = explainRoute('random', task(), nodes, { random: () => 0 });
  assert.deepEqual(
    told.map(({ node: id, score, because }) => [id, score !== undefined, because === 'not drawn']),
    [
      ['b', true, false],
      ['a', true, false],
      ['c', false, true],
    ],
  );
  const counts = new Map<string, number>();
  let at = 0;
  const spread = (): number => (at = (at + 0.37) % 1);
  for (let turn = 0; turn < 300; turn += 1) {
    const chosen = route('random', task(), [node('a'), node('b'), node('c')], { random: spread });
    counts.set(chosen ?? '', (counts.get(chosen ?? '') ?? 0) + 1);
  }
  assert.ok(['a', 'b', 'c'].every((id) => (counts.get(id) ?? 0) > 30));
});

test('a refusal says what lacks where', () => {
  const poor = node('poor', { memoryBytes: GIB, cores: 2, region: 'eu-west' });
  const told = (over: Parameters<typeof task>[0]): string | undefined =>
    explainRoute('least_loaded', task(over), [poor], state)[0]?.refused;
  assert.equal(told({ memoryBytes: 4 * GIB }), 'has 1 GiB of memory, and the job asks for 4 GiB');
  assert.equal(told({ cores: 8 }), 'has 2 cores, and the job asks for 8');
  assert.equal(told({ gpus: 1 }), 'has 0 GPUs, and the job asks for 1');
  assert.equal(told({ region: 'us-east' }), 'is in eu-west, not in us-east');
  assert.equal(told({ labels: { zone: 'a' } }), 'does not have the label zone=a');
  assert.equal(told({ minTrust: 0.7 }), 'has a trust of 0.00, and the job asks for 0.7');
  assert.equal(told({ excludedNodes: new Set(['poor']) }), 'is excluded by the job');
  const dear = node('dear', { prices: { cpuHour: 3_000_000, gbHour: 0, gpuHour: 0 } });
  const maxPrice = { credits: 1_000_000, hours: 0.5 };
  const [priced] = explainRoute('least_loaded', task({ maxPrice }), [dear], state);
  assert.equal(priced?.refused, 'could cost 1.5 credits for one task, and the job pays 1 credits');
  assert.equal(told({ maxPrice }), undefined);
  assert.equal(told({ diskBytes: GIB }), 'has 0 B of disk, and the job asks for 1 GiB');
});
