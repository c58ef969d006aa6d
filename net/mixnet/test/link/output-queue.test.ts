import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutputBudget, OutputQueue, TurnFlusher } from '../../src/link/output-queue.ts';

const UNIT = 4;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function unit(byte: number): Uint8Array {
  return new Uint8Array(UNIT).fill(byte);
}

interface Sink {
  readonly writes: number[][];
  readonly done: (() => void)[];
}

function attach(queue: OutputQueue, maxUnits: number): Sink {
  const sink: Sink = { writes: [], done: [] };
  queue.attach((bytes, done) => {
    sink.writes.push([...bytes].filter((_, at) => at % UNIT === 0));
    sink.done.push(done);
  }, maxUnits);
  return sink;
}

test('what comes in one turn goes out in one write, and the next after it is done', async () => {
  const queue = new OutputQueue({ unitBytes: UNIT, maxUnits: 100, flusher: new TurnFlusher() });
  const sink = attach(queue, 100);
  for (let n = 0; n < 20; n += 1) assert.equal(queue.push(unit(n)), true);
  assert.equal(sink.writes.length, 0);
  await nextTurn();
  assert.deepEqual(sink.writes, [Array.from({ length: 20 }, (_, n) => n)]);
  queue.push(Buffer.from(unit(50)));
  await nextTurn();
  assert.equal(sink.writes.length, 1, 'one write at a time');
  assert.equal(queue.units, 21);
  sink.done[0]?.();
  assert.deepEqual(sink.writes[1], [50]);
  sink.done[1]?.();
  assert.deepEqual([queue.units, queue.writtenUnits, queue.writing], [0, 21, false]);
});

test('it is bounded, before and after the socket is there', async () => {
  const queue = new OutputQueue({ unitBytes: UNIT, maxUnits: 2, flusher: new TurnFlusher() });
  assert.deepEqual(
    [1, 2, 3].map((n) => queue.push(unit(n))),
    [true, true, false],
  );
  const sink = attach(queue, 3);
  assert.deepEqual(
    [4, 5].map((n) => queue.push(unit(n))),
    [true, false],
  );
  await nextTurn();
  assert.deepEqual(sink.writes, [[1, 2, 4]]);
});

test('a budget is shared, and given back by writes and by the end', async () => {
  const flusher = new TurnFlusher();
  const budget = new OutputBudget(4);
  const queues = [0, 1].map(
    () => new OutputQueue({ unitBytes: UNIT, maxUnits: 100, flusher, budget }),
  );
  const [a, b] = queues;
  assert.ok(a && b);
  const sink = attach(a, 100);
  assert.deepEqual(
    [a, a, a, b, b].map((queue) => queue.push(unit(1))),
    [true, true, true, true, false],
  );
  await nextTurn();
  sink.done[0]?.();
  assert.equal(budget.units, 1);
  assert.equal(b.end(), 1);
  assert.equal(b.end(), 0);
  assert.equal(budget.units, 0);
  assert.equal(b.push(unit(1)), false, 'an ended queue takes nothing');
});

test('memory of a burst is given back', async () => {
  const queue = new OutputQueue({ unitBytes: UNIT, maxUnits: 1000, flusher: new TurnFlusher() });
  const sink = attach(queue, 1000);
  for (let n = 0; n < 1000; n += 1) queue.push(unit(n));
  await nextTurn();
  sink.done[0]?.();
  assert.ok(queue.capacityBytes >= 1000 * UNIT);
  queue.trim();
  assert.ok(queue.capacityBytes >= 1000 * UNIT, 'it was needed since the last look');
  queue.trim();
  assert.equal(queue.capacityBytes, 0);
  queue.push(unit(1));
  await nextTurn();
  assert.deepEqual(sink.writes[1], [1]);
});
