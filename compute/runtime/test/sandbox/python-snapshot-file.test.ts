import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { tempDir } from '@fog/testkit';
import { SnapshotFile } from '../../src/sandbox/python-snapshot-file.ts';

const HEAD_BYTES = 32;

function snapshot(memory: Uint8Array, headBytes: number = HEAD_BYTES): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + memory.length).fill(7, 8, HEAD_BYTES);
  new DataView(bytes.buffer).setUint32(4, headBytes, true);
  bytes.set(memory, HEAD_BYTES);
  return bytes;
}

describe('a snapshot file', () => {
  it('gives its head at once and its memory in the restore step', async () => {
    await using dir = await tempDir();
    await writeFile(dir.file('s'), snapshot(new Uint8Array([1, 2, 3, 4])));
    const file = new SnapshotFile(dir.file('s'));
    assert.equal(file.head.length, HEAD_BYTES);
    const machine = { memory: { buffer: new ArrayBuffer(8) } };
    const settings = { API: { restoreSnapshot: (head: Uint8Array): unknown => ({ head }) } };
    file.restoreInto(machine, settings);
    assert.deepEqual(settings.API.restoreSnapshot(file.head), { head: file.head });
    assert.deepEqual([...new Uint8Array(machine.memory.buffer)], [1, 2, 3, 4, 0, 0, 0, 0]);
    file.close();
  });

  it('is refused when it is cut short or larger than the memory', async () => {
    await using dir = await tempDir();
    await writeFile(dir.file('empty'), '');
    assert.throws(() => new SnapshotFile(dir.file('empty')), /cut short/);
    await writeFile(dir.file('short'), snapshot(new Uint8Array(), 4096));
    assert.throws(() => new SnapshotFile(dir.file('short')), /cut short/);
    await writeFile(dir.file('large'), snapshot(new Uint8Array(9)));
    const file = new SnapshotFile(dir.file('large'));
    const settings = { API: { restoreSnapshot: (): unknown => ({}) } };
    file.restoreInto({ memory: { buffer: new ArrayBuffer(8) } }, settings);
    assert.throws(() => settings.API.restoreSnapshot(), /larger than the memory/);
    file.close();
  });
});
