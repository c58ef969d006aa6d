import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keep } from '../../src/moo/pool.ts';
import { seededRandom } from '../../src/moo/random.ts';
import { rankPool } from '../../src/moo/rank-pool.ts';
import { crowdingSurvival } from '../../src/moo/survival/crowding-survival.ts';
import { createReferenceSurvival } from '../../src/moo/survival/reference-survival.ts';
import { peeledRanks } from './brute-force.ts';
import { poolOf } from './pool-of.ts';

const MEMBERS = fc.array(
  fc.record({
    point: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 3, maxLength: 3 }),
    violation: fc.constantFrom(0, 0, 0, 1, 2.5),
  }),
  { minLength: 1, maxLength: 30 },
);

test('the feasible rank by dominance, behind them the infeasible by their violation', () => {
  fc.assert(
    fc.property(MEMBERS, (members) => {
      const pool = poolOf(
        members.map((one) => one.point),
        members.map((one) => one.violation),
      );
      const fronts = rankPool(pool);
      const feasible = members.filter((one) => one.violation === 0);
      const ranks = peeledRanks(feasible.map((one) => one.point));
      const count = Math.max(-1, ...ranks) + 1;
      const violations = [...new Set(members.map((one) => one.violation))]
        .filter((violation) => violation > 0)
        .toSorted((a, b) => a - b);
      const expected = members.map((one) =>
        one.violation === 0
          ? ranks[feasible.indexOf(one)]
          : count + violations.indexOf(one.violation),
      );
      assert.deepEqual([...pool.ranks], expected);
      assert.deepEqual(
        fronts.map((front) => [...front]),
        fronts.map((_, rank) => [...expected.keys()].filter((index) => expected[index] === rank)),
      );
    }),
  );
});

test('survivors fill the room, and none of a later front stays for one of an earlier', () => {
  const room = fc.integer({ min: 1, max: 30 });
  fc.assert(
    fc.property(MEMBERS, room, (members, room) => {
      const survivals = [crowdingSurvival, createReferenceSurvival(3, room)];
      for (const survival of survivals) {
        const pool = poolOf(
          members.map((one) => one.point),
          members.map((one) => one.violation),
        );
        const fronts = rankPool(pool);
        const ranks = [...pool.ranks];
        const survivors = survival({ pool, fronts, room, random: seededRandom(1) });
        assert.equal(survivors.length, Math.min(room, members.length));
        assert.deepEqual(
          [...survivors],
          [...new Set(survivors)].toSorted((a, b) => a - b),
        );
        const worst = Math.max(...Array.from(survivors, (index) => ranks[index] as number));
        for (const [index, rank] of ranks.entries())
          assert.ok(rank >= worst || survivors.includes(index));
        keep(pool, survivors);
        assert.deepEqual(pool.genomes, [...survivors]);
        assert.deepEqual(
          pool.genomes.map((from, to) =>
            [...pool.points.subarray(to * 3, to * 3 + 3), pool.ranks[to]].concat(from),
          ),
          pool.genomes.map((from) => [...(members[from]?.point ?? []), ranks[from], from]),
        );
      }
    }),
  );
});

test('of the front that does not fit the least crowded stay', () => {
  const pool = poolOf([0, 1, 2, 10, 20, 30].map((x) => [x, 30 - x]));
  const fronts = rankPool(pool);
  const survivors = crowdingSurvival({ pool, fronts, room: 4, random: seededRandom(1) });
  assert.deepEqual([...survivors], [0, 3, 4, 5]);
});
