import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeCanonical, encodeCanonical } from '@fog/crypto';
import { authorityKeys } from '../../src/directory/authority-keys.ts';
import { NO_HASH } from '../../src/directory/consensus.ts';
import { openDescriptor } from '../../src/directory/descriptor.ts';
import { createDescriptorStore } from '../../src/directory/descriptor-store.ts';
import type { Consensus, RelayRole } from '../../src/directory/documents.ts';
import { figuresOf, NO_STANDING, type RelayStanding } from '../../src/directory/figures.ts';
import { MAX_STAKE_CREDITS } from '../../src/directory/limits.ts';
import { verifyLottery } from '../../src/directory/lottery.ts';
import { tally, type TallyVote } from '../../src/directory/tally.ts';
import { trustedFor } from '../../src/directory/trusted-duties.ts';
import { encodeVotedRelays, openVotedRelays, signVoteHead } from '../../src/directory/vote.ts';
import { type TestRelay, testRelay } from './relays.ts';
import { begin, consensusOf, hashes, toPhase } from './rounds-world.ts';
import { VirtualWorld } from './virtual-world.ts';
import { networkOf, seedOf } from './world.ts';

const EPOCH_MS = 20 * 60_000;
const NEUTRAL = 500_000;

/** So much for the named relays, and the rest for the others. */
function standing(others: number | undefined, named: Record<string, number> = {}): RelayStanding {
  return { ...NO_STANDING, reputationPpm: (relay) => named[relay] ?? others };
}

function reputations(consensus: Consensus): Map<string, number> {
  return new Map(
    consensus.relays.map(({ descriptor, reputationPpm }) => [descriptor.id, reputationPpm]),
  );
}

/** What three authorities agree on, each with what it knows. */
async function agreed(
  standingsOf: (relay: string) => readonly (RelayStanding | undefined)[],
): Promise<{ readonly next: Consensus; readonly relay: string }> {
  await using world = new VirtualWorld();
  const relay = world.relays[6]?.identity.id ?? '';
  world.standings.push(...standingsOf(relay));
  await begin(world);
  await toPhase(world, 6);
  assert.equal(hashes(world, 'next').size, 1);
  const next = consensusOf(world, 'next');
  assert.ok(next.authorities.every(({ voted }) => voted));
  assert.deepEqual(verifyLottery(next).ok, true);
  return { next, relay };
}

test("a relay of bad repute weighs less in the consensus, and a newcomer's weight is not nothing", async () => {
  const { next, relay } = await agreed((bad) =>
    [0, 1, 2].map(() => standing(900_000, { [bad]: 20_000 })),
  );
  const weightOf = (bad: boolean): number =>
    next.relays.find(({ descriptor }) => (descriptor.id === relay) === bad)?.weightPpm ?? 0;
  assert.ok(weightOf(true) * 10 < weightOf(false), `${weightOf(true)} ${weightOf(false)}`);
  assert.ok(weightOf(true) >= 10_000);
  assert.equal(reputations(next).get(relay), 20_000);
});

test('an authority without a source votes the neutral figure, and the others still agree', async () => {
  const { next, relay } = await agreed((bad) => [
    standing(900_000, { [bad]: 20_000 }),
    undefined,
    standing(900_000, { [bad]: 20_000 }),
  ]);
  for (const [id, ppm] of reputations(next)) assert.equal(ppm, id === relay ? 20_000 : 900_000);
  const lonely = await agreed((bad) => [standing(900_000, { [bad]: 0 }), undefined, undefined]);
  for (const ppm of reputations(lonely.next).values()) assert.equal(ppm, NEUTRAL);
});

test('one lying authority moves a reputation no further than the others let it', async () => {
  const praise = await agreed((bad) => [
    standing(800_000, { [bad]: 10_000 }),
    standing(810_000, { [bad]: 30_000 }),
    standing(0, { [bad]: 1_000_000 }),
  ]);
  for (const [id, ppm] of reputations(praise.next)) {
    assert.equal(ppm, id === praise.relay ? 30_000 : 800_000);
  }
});

const hostile: readonly unknown[] = [
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  Number.POSITIVE_INFINITY,
  -1,
  -0.5,
  2 ** 60,
  0.5,
  undefined,
];

test('a source that says nonsense does not void the vote', async () => {
  for (const said of hostile) {
    const figure = said as number;
    const source = { reputationPpm: () => figure, stakeCredits: () => figure };
    const store = createDescriptorStore(networkOf(['http://a'], EPOCH_MS), () => true);
    const nowMs = 5 * EPOCH_MS;
    store.add(testRelay(0, { stakeAccount: 'a' }).packed('test', 5), nowMs, true);
    const context = { nowMs, epochMs: EPOCH_MS, standing: source, silent: new Set<string>() };
    const relays = figuresOf(store.choose(5), context);
    const [first] = relays;
    assert.ok(first);
    assert.ok(first.reputationPpm >= 0 && first.reputationPpm <= 1_000_000);
    assert.ok(first.stakeCredits >= 0 && first.stakeCredits <= MAX_STAKE_CREDITS);
    assert.ok(openVotedRelays(encodeVotedRelays(relays), 'test').ok, String(said));
  }
  const { next } = await agreed(() => [0, 1, 2].map(() => standing(Number.NaN)));
  for (const ppm of reputations(next).values()) assert.equal(ppm, NEUTRAL);
});

function votedRelay(figure: unknown): Uint8Array {
  const [voted] = decodeCanonical(
    encodeVotedRelays([
      {
        descriptor: testRelay(0).packed('test', 5),
        reputationPpm: 1,
        performancePpm: 1,
        stakeCredits: 0,
        upMs: 0,
        running: true,
      },
    ]),
  ) as Record<string, never>[];
  return encodeCanonical([{ ...voted, reputationPpm: figure as number }]);
}

test('a vote with a weight out of bounds is void', () => {
  for (const figure of [-1, 1_000_001, 2 ** 40, 'much', true, null]) {
    const opened = openVotedRelays(votedRelay(figure), 'test');
    assert.ok(!opened.ok, String(figure));
    assert.match(opened.reason, /reputationPpm must be an integer from 0 to 1000000/);
  }
  for (const figure of [Number.NaN, 0.5, Number.POSITIVE_INFINITY]) {
    assert.throws(() => votedRelay(figure), 'canonical bytes hold no fractions');
  }
  const float = Uint8Array.from(Buffer.from(votedRelay(0)));
  // Half-precision NaN in place of the integer that follows the field's name.
  const at = Buffer.from(float).indexOf('reputationPpm') + 'reputationPpm'.length;
  const forged = new Uint8Array([
    ...float.subarray(0, at),
    0xf9,
    0x7e,
    0,
    ...float.subarray(at + 1),
  ]);
  assert.ok(!openVotedRelays(forged, 'test').ok);
});

/** The vote of one authority, and so much reputation for each relay of it. */
function tallied(index: number, reputationOf: ReadonlyMap<TestRelay, number>): TallyVote {
  const relays = [...reputationOf]
    .map(([relay, reputationPpm]) => {
      const opened = openDescriptor(relay.packed('test', 5), 'test');
      assert.ok(opened.ok);
      const figures = { performancePpm: 500_000, stakeCredits: 0, upMs: 0, running: true };
      return { opened: opened.value, reputationPpm, ...figures };
    })
    .sort((a, b) => (a.opened.descriptor.id < b.opened.descriptor.id ? -1 : 1));
  const { identity } = authorityKeys(seedOf(index));
  const opened = signVoteHead(identity, {
    kind: 'fog-vote/1',
    network: 'test',
    authority: identity.id,
    epoch: 5,
    revision: 1,
    previous: NO_HASH,
    draws: false,
    vrfProof: new Uint8Array(0),
    parameters: {
      delayMeansMicros: [0, 1, 2, 3, 4],
      cover: { relayLoopsMilli: 0, clientLoopsMilli: 0, clientPayloadMilli: 0 },
      maxActive: 9,
    },
    relaysHash: NO_HASH,
  });
  return { opened, relays };
}

test('a weight for a relay that only one authority has makes no relay of it', () => {
  const known = Array.from({ length: 4 }, (_none, index) => testRelay(index));
  const ofAll = new Map(known.map((relay) => [relay, 400_000]));
  const votes = [0, 1, 2].map((index) =>
    tallied(index, index === 2 ? new Map([...ofAll, [testRelay(40), 1_000_000]]) : ofAll),
  );
  const consensus = tally({
    network: networkOf(['http://a', 'http://b', 'http://c'], EPOCH_MS),
    epoch: 5,
    revision: 1,
    predecessor: undefined,
    previous: NO_HASH,
    draws: false,
    votes,
    heads: votes.map(({ opened }) => opened),
    equivocators: new Set(),
  });
  assert.ok(consensus);
  assert.equal(reputations(consensus).has(testRelay(40).identity.id), false);
  assert.deepEqual([...reputations(consensus).values()], [400_000, 400_000, 400_000, 400_000]);
  assert.ok(verifyLottery(consensus).ok);
});

interface Candidate {
  readonly descriptor: { readonly roles: readonly RelayRole[] };
  readonly reputationPpm: number;
}

function candidates(role: RelayRole, reputationsPpm: readonly number[]): Candidate[] {
  return reputationsPpm.map((reputationPpm) => ({
    descriptor: { roles: ['mix', role] },
    reputationPpm,
  }));
}

test('guards, exits and directories need more than half the usual reputation while others suffice', () => {
  const good = candidates('gateway', [800_000, 790_000, 700_000]);
  const bad = candidates('gateway', [100_000]);
  assert.deepEqual(trustedFor('Guard', [...bad, ...good]), good);
  assert.deepEqual(trustedFor('Guard', [...bad, ...good.slice(1)]), [...bad, ...good.slice(1)]);
  assert.deepEqual(trustedFor('Exit', candidates('exit', [0, 0, 0])).length, 3);
  const exits = candidates('exit', [600_000, 10_000]);
  assert.deepEqual(trustedFor('Exit', [...exits, ...good]), exits.slice(0, 1));
  assert.equal(trustedFor('HSDir', good).length, 0);
});

test('whatever the reputations, enough may have a duty where enough can, and the best one always may', () => {
  const ppm = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(fc.array(ppm, { minLength: 1, maxLength: 20 }), (figures) => {
      const all = candidates('gateway', figures);
      const trusted = trustedFor('Guard', all);
      assert.ok(trusted.length >= Math.min(3, all.length));
      const best = Math.max(...figures);
      assert.ok(trusted.some(({ reputationPpm }) => reputationPpm === best));
    }),
  );
});

test('a guard without the reputation for it is found by who verifies', async () => {
  const { next } = await agreed(() => [0, 1, 2].map(() => standing(900_000)));
  const guard = next.relays.find(({ flags }) => flags.includes('Guard'));
  assert.ok(guard);
  const relays = next.relays.map((each) =>
    each === guard ? { ...each, reputationPpm: 1_000 } : each,
  );
  const verdict = verifyLottery({ ...next, relays });
  assert.ok(!verdict.ok && verdict.relay === guard.descriptor.id);
  assert.match(verdict.reason, /the flag Guard, which its roles and its reputation of 1000 ppm/);
});

test('the authorities give no duty to a gateway of bad repute', async () => {
  await using world = new VirtualWorld();
  const bad = world.relays[0]?.identity.id ?? '';
  world.standings.push(...[0, 1, 2].map(() => standing(900_000, { [bad]: 50_000 })));
  await begin(world);
  const guards = consensusOf(world).relays.filter(({ flags }) => flags.includes('Guard'));
  assert.equal(guards.length, 3);
  assert.ok(guards.every(({ descriptor }) => descriptor.id !== bad));
});
