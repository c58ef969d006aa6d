/** What every routing strategy owes, whatever it prefers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ROUTING_STRATEGIES } from '@fog/wire';
import {
  explainRoute,
  isRoutingStrategy,
  type PlacementNode,
  type PlacementTask,
  route,
} from '../../src/index.ts';
import { node, task } from '../fixture.ts';

const someNode = fc.record({
  held: fc.integer({ min: 0, max: 6 }),
  slots: fc.integer({ min: 1, max: 4 }),
  runtimes: fc.subarray(['wasm', 'python']),
  sandboxLevel: fc.constantFrom('os' as const, 'process' as const),
  owner: fc.constantFrom('ann', 'bob'),
  rttMs: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
  trust: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  cpuLoad: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  closed: fc.option(fc.constantFrom('draining' as const, 'maintenance' as const), {
    nil: undefined,
  }),
});
const fleet = fc
  .array(someNode, { maxLength: 10 })
  .map((nodes) => nodes.map((over, at) => node(`n${at}`, present(over))));
const request = fc
  .record({
    runtime: fc.constantFrom('wasm', 'python'),
    privacy: fc.constantFrom('public' as const, 'private' as const, 'secret' as const),
    avoid: fc.subarray(['n0', 'n1', 'n2']).map((ids) => new Set(ids)),
  })
  .map((over): PlacementTask => task(over));

function present(value: Record<string, unknown>): Partial<PlacementNode> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));
}

for (const strategy of ROUTING_STRATEGIES) {
  describe(`strategy ${strategy}`, () => {
    test('is known to the scheduler', () => assert.ok(isRoutingStrategy(strategy)));

    test('takes a node that can, whenever there is one, and explains every node', () => {
      fc.assert(
        fc.property(
          request,
          fleet,
          fc.double({ min: 0, max: 0.999, noNaN: true }),
          (one, nodes, draw) => {
            const state = { random: () => draw, last: 'n1' };
            const chosen = route(strategy, one, nodes, state);
            const explained = explainRoute(strategy, one, nodes, state);
            assert.deepEqual(
              explained.map((each) => each.node).sort(),
              nodes.map((each) => each.id).sort(),
            );
            assert.equal(explained.find((each) => each.score !== undefined)?.node, chosen);
            for (const each of explained) {
              assert.notEqual(each.score === undefined, each.refused === undefined);
              assert.ok((each.because ?? each.refused ?? '').length > 0);
            }
          },
        ),
      );
    });

    test('answers the same for the same request', () => {
      const nodes = [node('a'), node('b', { held: 1 }), node('c', { rttMs: 4 })];
      const state = { random: () => 0.3, last: 'a' };
      assert.deepEqual(
        explainRoute(strategy, task(), nodes, state),
        explainRoute(strategy, task(), [...nodes], state),
      );
    });

    test('has no answer without a node that can', () => {
      const state = { random: () => 0 };
      assert.equal(route(strategy, task(), [], state), undefined);
      assert.equal(route(strategy, task(), [node('a', { closed: 'draining' })], state), undefined);
    });

    test('comes back to a node that failed the task only when it is the last', () => {
      const avoid = new Set(['a']);
      const state = { random: () => 0 };
      assert.equal(route(strategy, task({ avoid }), [node('a'), node('b')], state), 'b');
      assert.equal(route(strategy, task({ avoid }), [node('a')], state), 'a');
    });
  });
}
