import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Child, isAlive } from '../src/index.ts';

const PARENT = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', process.argv[1]], { stdio: ['pipe', 'inherit', 'ignore'] });
  process.stdin.resume();
`;
const ENDS_WITH_STDIN = `
  process.stdin.on('end', () => process.exit(0)).resume();
  console.log('child is up');
`;

describe('Child', () => {
  it('gives output and exit code of a process', async () => {
    await using child = new Child({
      args: ['-e', `process.stdin.pipe(process.stdout); console.error('e'); process.exitCode = 3`],
      stdin: 'in',
    });
    const { code, stdout, stderr } = await child.ended();
    assert.deepEqual({ code, stdout, stderr }, { code: 3, stdout: 'in', stderr: 'e\n' });
  });

  it('says what came when it ends before what was waited for', async () => {
    await using child = new Child({ args: ['-e', `console.log('something else')`] });
    await assert.rejects(child.output(/ready/), /ended early\n── stdout\nsomething else/);
  });

  it('sees that a killed parent leaves nobody, and who they were', async () => {
    await using child = new Child({ args: ['-e', PARENT, ENDS_WITH_STDIN], stdin: true });
    await child.output(/child is up/);
    const [orphan] = child.family();
    assert.ok(orphan !== undefined && isAlive(orphan));
    await child.kill();
    await child.gone();
    assert.ok(!isAlive(orphan));
  });

  it('ends a whole family with its scope', async () => {
    let orphan;
    {
      await using child = new Child({
        args: ['-e', PARENT, `setInterval(() => {}, 1000); console.log('child is up')`],
        stdin: true,
      });
      await child.output(/child is up/);
      [orphan] = child.family();
    }
    assert.ok(orphan !== undefined);
    assert.ok(!isAlive(orphan));
  });
});
