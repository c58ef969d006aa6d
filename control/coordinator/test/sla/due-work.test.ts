import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DueWork, type DatedRuns } from '../../src/sla/due-work.ts';

const NOW = 1_000_000_000;
const MODULES = ['a', 'b', 'c'];

const someRuns = fc.record({
  module: fc.constantFrom(...MODULES),
  createdAt: fc.integer({ min: NOW - 1_000_000, max: NOW }),
  deadlineAt: fc.integer({ min: NOW, max: NOW + 10_000_000 }),
  runs: fc.integer({ min: 1, max: 50 }),
});

test('property: what cannot be done by a deadline is never taken, whatever came, ended and was learned before', () => {
  fc.assert(
    fc.property(
      fc.array(someRuns, { minLength: 1, maxLength: 30 }),
      fc.array(fc.boolean(), { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 3, maxLength: 3 }),
      fc.integer({ min: 1, max: 4 }),
      (all, ends, runTimes, slots) => {
        const due = new DueWork();
        const usual = (module: string): number => runTimes[MODULES.indexOf(module)] as number;
        for (const one of all) due.add(one);
        due.learn(usual);
        const open = all.filter((one, at) => {
          if (ends[at] === true) due.add({ ...one, runs: -one.runs });
          return ends[at] !== true;
        });
        const [added] = open;
        if (added === undefined) return;
        const room = (until: number): number => slots * (until - NOW);
        const found = due.overloadFrom(added, room) !== undefined;
        const isOver = (roomUntil: (one: DatedRuns) => number): boolean =>
          open.some((one) => {
            if (one.deadlineAt < added.deadlineAt) return false;
            const before = open.filter(({ deadlineAt }) => deadlineAt <= one.deadlineAt);
            const workMs = before.reduce((sum, { module, runs }) => sum + runs * usual(module), 0);
            return workMs > roomUntil(one);
          });
        if (isOver((one) => room(one.deadlineAt))) assert.ok(found, 'too much was taken');
      },
    ),
    { numRuns: 500 },
  );
});

test('alone, a deadline is taken exactly; near ones count as the first of them', () => {
  const due = new DueWork();
  const add = (inMs: number, runs: number): DatedRuns => {
    const added = { module: 'a', createdAt: NOW, deadlineAt: NOW + inMs, runs };
    due.add(added);
    return added;
  };
  const room = (until: number): number => until - NOW;
  const first = add(640_000, 640);
  assert.equal(due.overloadFrom(first, room), undefined);
  const far = add(1_280_000, 640);
  assert.equal(due.overloadFrom(far, room), undefined);
  const near = add(640_001, 1);
  assert.deepEqual(due.overloadFrom(near, room), { dueAt: NOW + 640_000, workMs: 641_000 });
  due.add({ ...near, runs: -1 });
  assert.equal(due.overloadFrom(far, room), undefined);
  due.learn(() => 2_000);
  assert.equal(due.overloadFrom(far, room)?.workMs, 2_560_000);
});

test('a look at a hundred thousand deadlines is one at some hundred totals', () => {
  const due = new DueWork();
  let last: DatedRuns | undefined;
  for (let at = 0; at < 100_000; at += 1) {
    const createdAt = NOW + at * 100;
    const deadlineAt = createdAt + 2_000 + ((at * 7_919) % 10_000) * 86_400;
    last = { module: 'a', createdAt, deadlineAt, runs: 1 };
    due.add(last);
  }
  let totals = 0;
  const count = (): number => {
    totals += 1;
    return Infinity;
  };
  due.overloadFrom({ createdAt: NOW, deadlineAt: NOW }, count);
  assert.ok(totals < 2_000, `${totals} totals`);
});
