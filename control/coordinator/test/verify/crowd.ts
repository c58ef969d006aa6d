/** A fog with nodes of several owners, whose answers the test decides. */
import type { Outcome } from '@fog/wire';
import type { Reexecution } from '../../src/verify/verify-state.ts';
import { fixture, type Fixture, HandAgent, ok } from '../fixture.ts';

export const SHORT = { waitMs: 5_000 };
export const ALICE = 'alice';

export const text = (value: string): Outcome =>
  ok({ stdout: { sizeBytes: value.length, data: Buffer.from(value).toString('base64') } });

export const failed = (code: 'EXIT_CODE' | 'TIMEOUT' = 'EXIT_CODE'): Outcome =>
  ok({ exitCode: 3, failure: { class: 'user', code, message: 'it failed' } });

/** Commits in which a lease must have come. */
const MAX_TURNS = 100;

export interface CrowdOptions {
  /** Owner of each node; the node's id is the owner's name and its place. */
  readonly owners: readonly string[];
  /** What the coordinator's own run gives. */
  readonly truth?: () => Outcome;
  readonly random?: () => number;
}

export interface Crowd extends AsyncDisposable {
  readonly fog: Fixture;
  readonly agents: HandAgent[];
  /** Runs the coordinator made for itself. */
  reruns: number;
  /** Waits until so many leases are unanswered, all agents together. */
  leased(count: number): Promise<void>;
  /** Answers every lease until nothing is unanswered any more. */
  answer(with_: (agent: HandAgent) => Outcome): void;
}

export async function crowd(options: CrowdOptions): Promise<Crowd> {
  const { owners, truth, random = (): number => 0.999 } = options;
  const reexecution: Reexecution = {
    run: async () => {
      world.reruns += 1;
      return truth === undefined ? text('unknown') : truth();
    },
  };
  const more = { random, ...(truth === undefined ? {} : { reexecution }) };
  const fog = await fixture({}, more);
  await fog.coordinator.addReference(ALICE, 'a'.repeat(64), 8);
  const agents = owners.map((owner, index) =>
    new HandAgent(`${owner}${index}`).connect(fog.coordinator, { owner }),
  );
  const world: Crowd = {
    fog,
    agents,
    reruns: 0,
    leased: async (count) => {
      const total = (): number => agents.reduce((sum, one) => sum + one.unanswered().length, 0);
      for (let turn = 0; total() < count; turn += 1) {
        if (turn > MAX_TURNS) throw new Error(`${total()} leases, not ${count}`);
        await fog.store.write(async () => {});
      }
    },
    answer: (reply) => {
      for (const agent of agents) {
        for (const { token } of agent.unanswered()) agent.result(token, reply(agent));
      }
    },
    [Symbol.asyncDispose]: () => fog[Symbol.asyncDispose](),
  };
  return world;
}
