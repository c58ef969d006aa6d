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

/** One fog of owners with a machine each, who check each other's results. */
class World {
  readonly #attack: Attack;
  readonly #random: () => number;
  readonly #book = new ReputationBook();
  readonly #attackers: number;
  readonly #spies: number;
  readonly #jobs = Array.from({ length: OWNERS }, () => 0);
  readonly #caught = new Map<number, number>();
  #time = NOW;
  #lastId = 0;
  #taken = 0;
  #wrong = 0;

  constructor(attack: Attack, seed: number) {
    this.#attack = attack;
    this.#random = seeded(seed);
    this.#attackers = Math.round(attack.share * OWNERS);
    this.#spies = Math.round((attack.spies ?? 0) * this.#attackers);
  }

  run(): Outcome {
    for (let round = 0; round < ROUNDS; round += 1) {
      this.#time += 60_000;
      const ranked = Array.from({ length: OWNERS }, (_, at) => {
        return { at, draw: this.#book.sample(`n${at}`, this.#time, this.#random) };
      }).toSorted((a, b) => b.draw - a.draw);
      for (const { at } of ranked.slice(0, JOBS)) this.#job(at, round >= ROUNDS / 2);
    }
    return this.#outcome();
  }

  #job(at: number, counts: boolean): void {
    this.#jobs[at] = (this.#jobs[at] ?? 0) + 1;
    const right = this.#isRight(at);
    this.#taken += counts ? 1 : 0;
    this.#wrong += counts && !right ? 1 : 0;
    const isChecked = this.#random() < this.#book.standing(`n${at}`, this.#time).checkProbability;
    if (isChecked) this.#check(at, right);
    if (!right && !this.#isTolerated(at) && !this.#caught.has(at)) {
      this.#caught.set(at, this.#jobs[at] ?? 0);
    }
  }

  /** By another owner; the fog itself runs what is disputed, and some of what is not. */
  #check(at: number, right: boolean): void {
    const other = (at + 1 + Math.floor(this.#random() * (OWNERS - 1))) % OWNERS;
    const colludes = this.#attack.clique && at < this.#attackers && other < this.#attackers;
    const agrees = colludes || this.#isRight(other) === right;
    const owners = [`o${at}`, `o${other}`];
    const isAudited = this.#random() < this.#book.auditProbability(owners);
    if (!agrees || isAudited) return this.#note(at, right, FOG_RATER);
    this.#note(at, true, `o${other}`);
    this.#note(other, true, `o${at}`);
  }

  #note(at: number, good: boolean, rater: string): void {
    this.#lastId += 1;
    this.#book.apply({
      id: this.#lastId,
      time: this.#time,
      node: `n${at}`,
      owner: `o${at}`,
      kind: 'result',
      good,
      weight: good ? 1 : LIE_WEIGHT,
      rater,
      source: `${this.#lastId}`,
    });
  }

  #isRight(at: number): boolean {
    return this.#random() < (this.#lies(at) ? this.#attack.manners : HONEST);
  }

  #lies(at: number): boolean {
    return at >= this.#spies && at < this.#attackers;
  }

  #isTolerated(at: number): boolean {
    return this.#book.score(`n${at}`, this.#time).mean >= TOLERATED_MEAN;
  }

  #outcome(): Outcome {
    const all = Array.from({ length: OWNERS }, (_, at) => at);
    const known = all.filter((at) => (this.#jobs[at] ?? 0) > 30);
    const waits = [...this.#caught].filter(([at]) => this.#lies(at)).map(([, jobs]) => jobs);
    return {
      failure: this.#wrong / this.#taken,
      excluded: known.filter((at) => at >= this.#attackers && !this.#isTolerated(at)).length,
      detected: waits.reduce((sum, wait) => sum + wait, 0) / Math.max(1, waits.length),
      tolerated: all.filter((at) => this.#lies(at) && this.#isTolerated(at)).length,
    };
  }
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
      const { failure, detected, tolerated, excluded } = new World({ ...attack, share }, 1).run();
      const wrong = `${(100 * failure).toFixed(2)} % wrong`;
      const found = `found after ${detected.toFixed(1)} jobs, ${tolerated} tolerated`;
      t.diagnostic(`share ${share}: ${wrong}, ${found}, ${excluded} honest ones excluded`);
      assert.ok(failure < 0.03, wrong);
      assert.ok(detected < 5 && tolerated <= 0.15 * share * OWNERS, found);
      assert.equal(excluded, 0);
    }
  });
}
