/** Whatever order results, losses and restarts come in: every task ends once, and with what the quorum says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HandAgent, spec } from '../fixture.ts';
import { ALICE, crowd, failed, text } from './crowd.ts';

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

interface Run {
  readonly kind: 'S' | 'A' | 'B';
  readonly steps: readonly { readonly do: string; readonly node: number }[];
}

async function play({ kind, steps }: Run): Promise<void> {
  await using world = await crowd({ owners: OWNERS, truth: () => text('right') });
  const { fog } = world;
  let agents = world.agents;
  const demands = { class: kind, determinism: 'strict', array: { count: TASKS } };
  const job = await fog.coordinator.submit(ALICE, spec({ ...demands, retries: 20 }));
  const connect = (agent: HandAgent, number: number): void => {
    const held = agent.unanswered().map(({ token }) => token);
    agent.connect(fog.coordinator, { owner: OWNERS[number] ?? '', held });
  };
  const isOpen = async (): Promise<boolean> =>
    (await fog.coordinator.job(ALICE, job.id)).tasks.settled < TASKS;
  const answer = (agent: HandAgent, all: boolean): void => {
    for (const { token } of agent.unanswered().slice(0, all ? undefined : 1)) {
      agent.result(token, text('right'));
    }
  };
  for (const { do: what, node } of steps) {
    const agent = agents[node] as HandAgent;
    if (what === 'answer') answer(agent, false);
    const [lease] = agent.unanswered();
    if (what === 'fail' && lease !== undefined) agent.result(lease.token, failed('TIMEOUT'));
    if (what === 'leave') agent.session?.message({ type: 'goodbye' });
    if (what === 'join') connect(agent, node);
    if (what === 'wait') fog.clock.advance(40_000);
    if (what === 'restart') {
      await fog.restart();
      agents = agents.map((before) => new HandAgent(before.id, before));
      for (const [number, one] of agents.entries()) connect(one, number);
    }
    await fog.store.write(async () => {});
    if (!(await isOpen())) break;
  }
  for (let round = 0; await isOpen(); round += 1) {
    const { state, failure } = await fog.coordinator.job(ALICE, job.id);
    if (state === 'failed') return assert.equal(failure?.code, 'TIMEOUT');
    assert.ok(round < MOST_ROUNDS, `it stands still at ${state}`);
    for (const [number, agent] of agents.entries()) {
      connect(agent, number);
      answer(agent, true);
    }
    fog.clock.advance(1_000);
    await fog.store.write(async () => {});
  }
  await fog.store.write(async () => {});
  for (let index = 0; index < TASKS; index += 1) {
    const task = await fog.coordinator.task(ALICE, job.id, index);
    const accepted = task.attempts.filter(({ state }) => state === 'accepted');
    assert.equal(accepted.length, 1);
    assert.equal(task.outcome?.stdout.data, Buffer.from('right').toString('base64'));
  }
}

for (const kind of ['S', 'A', 'B'] as const) {
  test(`class ${kind}: no interleaving accepts twice or loses a task`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), (steps) => play({ kind, steps })),
      { numRuns: 12 },
    );
  });
}
