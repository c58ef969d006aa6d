import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { atLevel, Child, tempDir } from '@fog/testkit';

const PROGRAM = path.join(import.meta.dirname, 'fill-disk.ts');
const DISK_BYTES = 8 * 1024 * 1024;

describe('a full disk', atLevel('os'), () => {
  it('is said by blobs and store, harms nothing, and is over when there is room', async () => {
    await using dir = await tempDir();
    const disk = ['--size', `${DISK_BYTES}`, '--tmpfs', dir.path];
    const args = ['--dev-bind', '/', '/', ...disk, '--', process.execPath, PROGRAM, dir.path];
    await using child = new Child({ command: 'bwrap', args });
    const { code, stdout, stderr } = await child.ended();
    assert.equal(code, 0, stderr);
    const seen = JSON.parse(stdout) as Record<string, never>;
    const full = (where: string) => ({
      code: 'STORE_DISK_FULL',
      retryable: true,
      message: `The disk of ${where} is full: the content cannot be stored. Make room there, or move the data directory to a larger disk.`,
    });
    assert.deepEqual(seen, {
      blob: full(dir.file('blobs', 'incoming')),
      left: [],
      sizeBytes: 1024 * 1024,
      write: {
        ...full(dir.path),
        message: `The disk of ${dir.path} is full: nothing can be stored. Make room there, or move the data directory to a larger disk.`,
      },
      health: { state: 'healthy' },
      files: { state: 'degraded', detail: full(dir.file('blobs', 'incoming')).message },
      ids: ['after', 'before'],
    });
  });
});
