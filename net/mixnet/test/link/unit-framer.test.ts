import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UnitFramer } from '../../src/link/unit-framer.ts';

test('however a stream is cut, the same units come out', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 40 }),
      (stream, cuts, unitBytes) => {
        const units: string[] = [];
        const framer = new UnitFramer(unitBytes, (bytes, offset, count) => {
          for (let unit = 0; unit < count; unit += 1) {
            const at = offset + unit * unitBytes;
            units.push(bytes.toString('hex', at, at + unitBytes));
          }
        });
        let at = 0;
        for (let turn = 0; at < stream.length; turn += 1) {
          const end = at + (cuts[turn % cuts.length] ?? 1);
          framer.feed(Buffer.from(stream.subarray(at, end)));
          at = end;
        }
        const whole = Math.floor(stream.length / unitBytes);
        const expected = Array.from({ length: whole }, (_, unit) =>
          Buffer.from(stream.subarray(unit * unitBytes, (unit + 1) * unitBytes)).toString('hex'),
        );
        assert.deepEqual(units, expected);
        assert.equal(framer.pending, stream.length % unitBytes);
      },
    ),
  );
});

test('units that arrive whole are handed on where they are', () => {
  const chunk = Buffer.alloc(35);
  const calls: [Buffer, number, number][] = [];
  const framer = new UnitFramer(10, (...call) => calls.push(call));
  framer.feed(chunk);
  assert.deepEqual(calls, [[chunk, 0, 3]]);
  assert.equal(calls[0]?.[0], chunk);
});
