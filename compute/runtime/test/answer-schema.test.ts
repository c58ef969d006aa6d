import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AnswerDecoder } from '../src/answer-schema.ts';
import {
  type AnswerFrame,
  chunksOf,
  encodeFrame,
  fromBase64,
  MAX_CHUNK_BYTES,
  MAX_FRAME_BYTES,
  toBase64,
} from '../src/sandbox/protocol.ts';

const FRAMES: readonly AnswerFrame[] = [
  { type: 'ready' },
  { type: 'running' },
  { type: 'output', stream: 'stdout', data: toBase64(Buffer.from('hello')) },
  { type: 'file', path: 'out/a.txt', data: '' },
  { type: 'end', exitCode: 0, cpuMs: 1.5, peakMemoryBytes: 65_536 },
  {
    type: 'end',
    exitCode: 3,
    failure: { code: 'EXIT_CODE', message: 'exit code 3' },
    cpuMs: 0,
    peakMemoryBytes: 0,
  },
];

function frameOf(json: string): Buffer {
  const bytes = Buffer.from(`\0\0\0\0${json}`);
  bytes.writeUInt32BE(bytes.length - 4);
  return bytes;
}

describe('sandbox frames', () => {
  it('come back as they were sent, however the stream is cut', () => {
    const stream = Buffer.concat(FRAMES.map((frame) => encodeFrame(frame)));
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 8 }), (cuts) => {
        const decoder = new AnswerDecoder();
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const answers = edges.flatMap((edge, index) => {
          const { answers: found, problem } = decoder.push(
            stream.subarray(edges[index - 1] ?? 0, edge),
          );
          assert.equal(problem, undefined);
          return found;
        });
        assert.deepEqual(answers, FRAMES);
      }),
    );
  });

  const bad: readonly (readonly [string, Buffer])[] = [
    ['no JSON', frameOf('{')],
    ['another type', frameOf('{"type":"module"}')],
    ['a further key', frameOf('{"type":"ready","x":1}')],
    ['no text', frameOf('{"type":"output","stream":"stdout","data":[1]}')],
    ['another stream', frameOf('{"type":"output","stream":"stdin","data":""}')],
    ['a path that climbs', frameOf('{"type":"file","path":"../a","data":""}')],
    [
      'success with a failure',
      frameOf(
        '{"type":"end","exitCode":0,"failure":{"code":"TRAP","message":""},"cpuMs":0,"peakMemoryBytes":0}',
      ),
    ],
    [
      'failure without a cause',
      frameOf('{"type":"end","exitCode":1,"cpuMs":0,"peakMemoryBytes":0}'),
    ],
    [
      'a failure of the fog',
      frameOf(
        '{"type":"end","exitCode":1,"failure":{"code":"SANDBOX_LOST","message":""},"cpuMs":0,"peakMemoryBytes":0}',
      ),
    ],
    ['a length over the limit', Buffer.from([0, 0x10, 0, 1])],
    ['random bytes', Buffer.from('random bytes from a broken process')],
  ];
  for (const [name, bytes] of bad) {
    it(`refuse ${name}`, () => {
      const { answers, problem } = new AnswerDecoder().push(bytes);
      assert.deepEqual(answers, []);
      assert.ok(problem);
    });
  }

  it('give a verdict on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
        const decoder = new AnswerDecoder();
        for (const chunk of chunks) if (decoder.push(Buffer.from(chunk)).problem) break;
      }),
    );
  });

  it('refuse to be made too large', () => {
    const data = 'a'.repeat(MAX_FRAME_BYTES);
    assert.throws(() => encodeFrame({ type: 'output', stream: 'stdout', data }), RangeError);
  });

  it('carry the largest chunk', () => {
    const bytes = new Uint8Array(MAX_CHUNK_BYTES * 2 + 1).fill(255);
    const parts = [...chunksOf(bytes)];
    assert.deepEqual(
      parts.map((part) => part.length),
      [MAX_CHUNK_BYTES, MAX_CHUNK_BYTES, 1],
    );
    const data = toBase64(parts[0] as Uint8Array);
    assert.ok(encodeFrame({ type: 'file', path: 'a'.repeat(1024), data }).length > 0);
    assert.equal(fromBase64(data).length, MAX_CHUNK_BYTES);
    assert.equal([...chunksOf(new Uint8Array())].length, 1);
  });
});
