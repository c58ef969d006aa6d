/** Whatever order results, losses and restarts come in: every task ends once, and with what the quorum says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HandAgent, spec } from '../fixture.ts';
import { ALICE, crowd, type Crowd, failed, text } from './crowd.ts';

const OWNERS = ['o1', 'o2', 'o3', 'o4'];
const TASKS = 3;
/** Rounds in which an honest, calm fleet must have finished. */
const MOST_ROUNDS = 60;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('answer'), node: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail'), node: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave'), node: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join'), node: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart'), node: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait'), node: fc.nat(3) }) },
);

const STRICT = { determinism: 'strict' };
const KINDS = {
  'class S': { ...STRICT, class: 'S' },
  'class A': { ...STRICT, class: 'A' },
  'class B': STRICT,
  'tier silver': { tier: 'silver' },
  'tier gold': { ...STRICT, tier: 'gold' },
};

interface Run {
  readonly demands: object;
  readonly steps: readonly { readonly do: string; readonly node: number }[];
}

/** One fleet under one job, and what may happen to them. */
class Play implements AsyncDisposable {
  readonly #world: Crowd;
  readonly #job: string;
  #agents: HandAgent[];

  private constructor(world: Crowd, job: string) {
    this.#world = world;
    this.#job = job;
    this.#agents = world.agents;
  }

  static async begin(demands: object): Promise<Play> {
    const world = await crowd({ owners: OWNERS, truth: () => text('right') });
    const tasks = { array: { count: TASKS }, retries: 20 };
    const job = await world.fog.coordinator.submit(ALICE, spec({ ...demands, ...tasks }));
    return new Play(world, job.id);
  }

  async step(what: string, node: number): Promise<void> {
    const { fog } = this.#world;
    const agent = this.#agents[node] as HandAgent;
    const [lease] = agent.unanswered();
    if (what === 'answer' && lease !== undefined) agent.result(lease.token, text('right'));
    else if (what === 'fail' && lease !== undefined) agent.result(lease.token, failed('TIMEOUT'));
    else if (what === 'leave') agent.session?.message({ type: 'goodbye' });
    else if (what === 'join') this.#connect(agent, node);
    else if (what === 'wait') fog.clock.advance(40_000);
    else if (what === 'restart') await this.#restart();
    await fog.store.write(async () => {});
  }

  async isOpen(): Promise<boolean> {
    const { tasks } = await this.#world.fog.coordinator.job(ALICE, this.#job);
    return tasks.settled + tasks.failed < TASKS;
  }

  /** Everybody is there and answers, until all is done. */
  async calm(): Promise<void> {
    const { fog } = this.#world;
    for (let round = 0; await this.isOpen(); round += 1) {
      assert.ok(round < MOST_ROUNDS, 'it stands still');
      for (const [number, agent] of this.#agents.entries()) {
        this.#connect(agent, number);
        for (const { token } of agent.unanswered()) agent.result(token, text('right'));
      }
      fog.clock.advance(1_000);
      await fog.store.write(async () => {});
    }
    await fog.store.write(async () => {});
  }

  /** Each task ended once, with the right result or because all its copies died of a limit. */
  async check(): Promise<void> {
    for (let index = 0; index < TASKS; index += 1) {
      const task = await this.#world.fog.coordinator.task(ALICE, this.#job, index);
      const accepted = task.attempts.filter(({ state }) => state === 'accepted');
      assert.equal(accepted.length, 1);
      if (task.state === 'failed') assert.equal(task.outcome?.failure?.code, 'TIMEOUT');
      else assert.equal(task.outcome?.stdout.data, Buffer.from('right').toString('base64'));
    }
  }

  async #restart(): Promise<void> {
    await this.#world.fog.restart();
    this.#agents = this.#agents.map((before) => new HandAgent(before.id, before));
    for (const [number, agent] of this.#agents.entries()) this.#connect(agent, number);
  }

  #connect(agent: HandAgent, number: number): void {
    const held = agent.unanswered().map(({ token }) => token);
    agent.connect(this.#world.fog.coordinator, { owner: OWNERS[number] ?? '', held });
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#world[Symbol.asyncDispose]();
  }
}

async function play({ demands, steps }: Run): Promise<void> {
  await using run = await Play.begin(demands);
  for (const { do: what, node } of steps) {
    await run.step(what, node);
    if (!(await run.isOpen())) break;
  }
  await run.calm();
  await run.check();
}

/** All copies are lost at once, so that a task waits for its first run and for a copy. */
const ALL_LOST = ['wait', 'wait', 'fail', 'wait'].map((what) => ({ do: what, node: 0 }));

for (const [name, demands] of Object.entries(KINDS)) {
  test(`${name}: no interleaving accepts twice or loses a task`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), (steps) => play({ demands, steps })),
      { numRuns: 6, examples: [[ALL_LOST]] },
    );
  });
}
