import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Action,
  type Plan,
  reconcile,
  type SlotState,
} from '../../src/deployment/reconcile.ts';

const NONE: SlotState = {
  slot: 0,
  version: undefined,
  run: 'none',
  isProven: false,
  waitUntilMs: 0,
  canMove: false,
};
const slot = (index: number, over: Partial<SlotState> = {}): SlotState => ({
  ...NONE,
  slot: index,
  ...over,
});
const good = (index: number, version = 1, over: Partial<SlotState> = {}): SlotState =>
  slot(index, { version, run: 'healthy', isProven: true, ...over });
const plan = (over: Partial<Plan> = {}): Plan => ({
  wanted: 3,
  version: 1,
  maxUnavailable: 1,
  ...over,
});
const text = (actions: readonly Action[]): string[] =>
  actions.map((each) =>
    each.kind === 'start'
      ? `start ${each.slot} v${each.version}`
      : each.kind === 'stop'
        ? `stop ${each.slot} ${each.because}`
        : `move ${each.slot}`,
  );

describe('what is done next', () => {
  it('starts what is missing, and stops what is too much or silent', () => {
    assert.deepEqual(text(reconcile(plan(), [slot(0), slot(1), good(2)], 0)), [
      'start 0 v1',
      'start 1 v1',
    ]);
    const three = [good(0), good(1), good(2)];
    assert.deepEqual(text(reconcile(plan({ wanted: 1 }), three, 0)), [
      'stop 1 surplus',
      'stop 2 surplus',
    ]);
    const silent = [good(0), slot(1, { version: 1, run: 'silent' }), good(2)];
    assert.deepEqual(text(reconcile(plan(), silent, 0)), ['stop 1 silent']);
    assert.deepEqual(reconcile(plan(), three, 0), []);
  });

  it('waits after a crash', () => {
    const slots = [good(0), slot(1, { version: 1, waitUntilMs: 10 }), good(2)];
    assert.deepEqual(reconcile(plan(), slots, 9), []);
    assert.deepEqual(text(reconcile(plan(), slots, 10)), ['start 1 v1']);
  });

  it('updates one by one, each when the one before has proven itself', () => {
    const to2 = plan({ version: 2 });
    assert.deepEqual(text(reconcile(to2, [good(0), good(1), good(2)], 0)), ['stop 0 update']);
    const stopped = [slot(0, { version: 1 }), good(1), good(2)];
    assert.deepEqual(text(reconcile(to2, stopped, 0)), ['start 0 v2']);
    const young = [good(0, 2, { isProven: false }), good(1), good(2)];
    assert.deepEqual(reconcile(to2, young, 0), []);
    assert.deepEqual(text(reconcile(to2, [good(0, 2), good(1), good(2)], 0)), ['stop 1 update']);
  });

  it('stays with the old version while the new one crashes', () => {
    const to2 = plan({ version: 2 });
    const crashed = slot(0, { version: 2, waitUntilMs: 5 });
    assert.deepEqual(reconcile(to2, [crashed, good(1), good(2)], 0), []);
    const oldDown = [crashed, slot(1, { version: 1 }), good(2)];
    assert.deepEqual(text(reconcile(to2, oldDown, 0)), ['start 1 v1']);
    assert.deepEqual(text(reconcile(to2, oldDown, 5)), ['start 1 v1', 'start 0 v2']);
  });

  it('replaces an old version that does not run although others are missing', () => {
    const to2 = plan({ version: 2 });
    const down = [0, 1, 2].map((each) => slot(each, { version: 1, waitUntilMs: 99 }));
    assert.deepEqual(text(reconcile(to2, down, 0)), ['start 0 v2']);
  });

  it('moves one at a time off a node that shall be left, and none too many', () => {
    const away = [0, 1, 2].map((each) => good(each, 1, { canMove: true }));
    assert.deepEqual(text(reconcile(plan(), away, 0)), ['move 0']);
    const starting = slot(0, { version: 1, run: 'starting' });
    assert.deepEqual(reconcile(plan(), [starting, ...away.slice(1)], 0), []);
  });
});

/** A fleet that does as it is told; the rest is chance. */
interface World {
  plan: Plan;
  nowMs: number;
  readonly slots: Map<number, SlotState>;
}

const CRASHES: fc.Arbitrary<(world: World) => void> = fc.nat(9).map((pick) => (world: World) => {
  const each = world.slots.get(pick);
  if (each === undefined || each.run === 'none') return;
  world.slots.set(pick, { ...each, run: 'none', isProven: false, waitUntilMs: world.nowMs + 5 });
});
const SCALES = fc.nat(8).map((wanted) => (world: World) => {
  world.plan = { ...world.plan, wanted };
});
const UPDATES = fc.constant((world: World) => {
  world.plan = { ...world.plan, version: world.plan.version + 1 };
});
const MOVES = fc.nat(9).map((pick) => (world: World) => {
  const each = world.slots.get(pick);
  if (each !== undefined) world.slots.set(pick, { ...each, canMove: true });
});
const PASSES = fc.constant(() => {});
const EVENTS = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: PASSES },
    { weight: 2, arbitrary: CRASHES },
    { weight: 1, arbitrary: SCALES },
    { weight: 1, arbitrary: UPDATES },
    { weight: 1, arbitrary: MOVES },
  ),
  { maxLength: 60 },
);

function serves(world: World, each: SlotState): boolean {
  const isOld = each.version !== world.plan.version;
  return each.run === 'healthy' && each.slot < world.plan.wanted && (isOld || each.isProven);
}

const available = (world: World): number =>
  [...world.slots.values()].filter((each) => serves(world, each)).length;
const up = (world: World): SlotState[] =>
  [...world.slots.values()].filter(({ run }) => run !== 'none' && run !== 'stopping');

/** One look, and what follows from it; then all that was begun gets one step further. */
function step(world: World): void {
  for (let slotIndex = 0; slotIndex < world.plan.wanted; slotIndex += 1) {
    if (!world.slots.has(slotIndex)) world.slots.set(slotIndex, slot(slotIndex));
  }
  const before = available(world);
  const actions = reconcile(world.plan, [...world.slots.values()], world.nowMs);
  const touched = actions.map((each) => each.slot);
  assert.equal(new Set(touched).size, touched.length, 'one action a slot');
  for (const action of actions) act(world, action);
  const { wanted, maxUnavailable } = world.plan;
  const floor = Math.min(before, wanted - maxUnavailable);
  assert.ok(
    available(world) >= floor,
    `${available(world)} serve, were ${before}: ${text(actions).join(', ')}`,
  );
  assert.ok(up(world).filter((each) => each.slot < wanted).length <= wanted);
  assert.equal(up(world).filter((each) => each.slot >= wanted).length, 0, 'surplus is stopped');
  for (const each of world.slots.values()) world.slots.set(each.slot, later(each));
  world.nowMs += 1;
}

function act(world: World, action: Action): void {
  const each = world.slots.get(action.slot);
  assert.ok(each !== undefined);
  if (action.kind === 'start') {
    assert.equal(each.run, 'none', 'never two in one slot');
    assert.ok(each.version === action.version || action.version === world.plan.version);
    const { version } = action;
    world.slots.set(each.slot, { ...each, version, run: 'starting', isProven: false });
  } else {
    assert.ok(each.run !== 'none' && each.run !== 'stopping');
    const run = action.kind === 'stop' ? 'stopping' : 'starting';
    world.slots.set(each.slot, { ...each, run, isProven: false, canMove: false });
  }
}

function later(each: SlotState): SlotState {
  if (each.run === 'stopping') return { ...each, run: 'none', waitUntilMs: 0 };
  if (each.run === 'starting') return { ...each, run: 'healthy' };
  return each.run === 'healthy' ? { ...each, isProven: true } : each;
}

describe('whatever happens', () => {
  it('there are never too many, an update takes no more than it may, and it ends', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 3 }),
      EVENTS,
      (wanted, maxUnavailable, events) => {
        const world: World = {
          plan: { wanted, version: 1, maxUnavailable },
          nowMs: 0,
          slots: new Map(),
        };
        for (const event of events) {
          event(world);
          step(world);
        }
        for (let calm = 0; calm < 80; calm += 1) step(world);
        const running = up(world);
        assert.equal(running.length, world.plan.wanted);
        for (const each of running) {
          assert.equal(each.version, world.plan.version);
          assert.ok(each.isProven);
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});
