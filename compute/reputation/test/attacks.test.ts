/** The attackers of EigenTrust's evaluation: alone, in a clique, in a clique with good manners, as spies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FOG_RATER, LIE_WEIGHT, ReputationBook, TOLERATED_MEAN } from '../src/index.ts';
import { NOW } from './give.ts';
import { seeded } from './seeded.ts';

const OWNERS = 30;
const ROUNDS = 160;
const JOBS = 9;
/** An honest machine's results are wrong so rarely. */
const HONEST = 0.995;

interface Attack {
  /** Share of the owners that attack. */
  readonly share: number;
  /** Attackers confirm each other's wrong results. */
  readonly clique: boolean;
  /** How often an attacker gives a right result. */
  readonly manners: number;
  /** Attackers that only vouch: their own results are right. */
  readonly spies?: number;
}

interface Outcome {
  /** Wrong results that were taken, of all, in the last half. */
  readonly failure: number;
  /** Honest nodes that ended as if nobody knew them, though they had much work. */
  readonly excluded: number;
  /** Jobs an attacker was given, on average, until it was not tolerated any more. */
  readonly detected: number;
  /** Attackers that are tolerated in the end. */
  readonly tolerated: number;
}

function simulate(attack: Attack, seed: number): Outcome {
  const random = seeded(seed);
  const book = new ReputationBook();
  const attackers = Math.round(attack.share * OWNERS);
  const spies = Math.round((attack.spies ?? 0) * attackers);
  const isAttacker = (at: number): boolean => at < attackers;
  const isRight = (at: number): boolean =>
    random() < (!isAttacker(at) || at < spies ? HONEST : attack.manners);
  const jobs = Array.from({ length: OWNERS }, () => 0);
  const caught = new Map<number, number>();
  let id = 0;
  let taken = 0;
  let wrong = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const time = NOW + round * 60_000;
    const note = (at: number, good: boolean, rater: string): void => {
      id += 1;
      const weight = good ? 1 : LIE_WEIGHT;
      const node = `n${at}`;
      book.apply({
        id,
        time,
        node,
        owner: `o${at}`,
        kind: 'result',
        good,
        weight,
        rater,
        source: `${id}`,
      });
    };
    const ranked = Array.from({ length: OWNERS }, (_, at) => at)
      .map((at) => ({ at, draw: book.sample(`n${at}`, time, random) }))
      .sort((a, b) => b.draw - a.draw)
      .slice(0, JOBS);
    for (const { at } of ranked) {
      jobs[at] = (jobs[at] ?? 0) + 1;
      const right = isRight(at);
      if (round >= ROUNDS / 2) {
        taken += 1;
        wrong += right ? 0 : 1;
      }
      if (random() >= book.checkProbability(`n${at}`, time)) continue;
      const other = (at + 1 + Math.floor(random() * (OWNERS - 1))) % OWNERS;
      const collude = attack.clique && isAttacker(at) && isAttacker(other);
      const agrees =
        collude ||
        (isAttacker(other) && other >= spies ? random() < attack.manners : isRight(other)) ===
          right;
      const audited = random() < book.auditProbability([`o${at}`, `o${other}`]);
      if (agrees && !audited) {
        note(at, true, `o${other}`);
        note(other, true, `o${at}`);
      } else note(at, right, FOG_RATER);
      if (book.score(`n${at}`, time).mean < TOLERATED_MEAN && isAttacker(at) && !right) {
        caught.set(at, caught.get(at) ?? jobs[at] ?? 0);
      }
    }
  }
  const end = NOW + ROUNDS * 60_000;
  const mean = (at: number): number => book.score(`n${at}`, end).mean;
  const all = Array.from({ length: OWNERS }, (_, at) => at);
  const liars = all.filter((at) => isAttacker(at) && at >= spies);
  const waits = [...caught.values()];
  return {
    failure: wrong / taken,
    excluded: all.filter(
      (at) => !isAttacker(at) && (jobs[at] ?? 0) > 30 && mean(at) < TOLERATED_MEAN,
    ).length,
    detected: waits.reduce((sum, wait) => sum + wait, 0) / Math.max(1, waits.length),
    tolerated: liars.filter((at) => mean(at) >= TOLERATED_MEAN).length,
  };
}

const SHARES = [0, 0.3, 0.7];

const ATTACKS: Readonly<Record<string, Omit<Attack, 'share'>>> = {
  'A: alone': { clique: false, manners: 0 },
  'B: in a clique': { clique: true, manners: 0 },
  'C: in a clique, with good manners half of the time': { clique: true, manners: 0.5 },
  'D: with spies that only vouch': { clique: true, manners: 0, spies: 0.5 },
};

for (const [name, attack] of Object.entries(ATTACKS)) {
  test(`attackers ${name}`, (t) => {
    for (const share of SHARES) {
      const { failure, detected, tolerated, excluded } = simulate({ ...attack, share }, 1);
      const wrong = `${(100 * failure).toFixed(2)} % wrong`;
      const found = `found after ${detected.toFixed(1)} jobs, ${tolerated} tolerated`;
      t.diagnostic(`share ${share}: ${wrong}, ${found}, ${excluded} honest ones excluded`);
      assert.ok(failure < 0.03, wrong);
      assert.ok(detected < 5 && tolerated <= 0.15 * share * OWNERS, found);
      assert.equal(excluded, 0);
    }
  });
}
