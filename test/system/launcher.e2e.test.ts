/** The process that only finds the right Node and hands over: when it is killed, nothing lives on unseen. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { it } from 'node:test';
import { tempDir } from '@fog/testkit';

const FOG = path.resolve(import.meta.dirname, '../../apps/fog/bin/fog.js');

it('ends at once when its launcher is gone', async () => {
  await using dir = await tempDir();
  // As the launcher starts it; this test is the launcher.
  const child = spawn(
    process.execPath,
    [FOG, 'up', '--no-worker', '--port', '0', '--data-dir', dir.file('fog')],
    {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: { ...process.env, FOG_LAUNCHED: '1', FOG_DATA_DIR: dir.file('fog') },
    },
  );
  const exited = once(child, 'exit');
  try {
    const { stdout } = child;
    assert(stdout !== null);
    await once(stdout, 'data');
    child.disconnect();
    const [code] = (await exited) as [number | null];
    assert.equal(code, 137);
  } finally {
    child.kill('SIGKILL');
  }
});
