import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { VirtualClock } from '@fog/testkit';
import { RunningTask } from '../src/run-task.ts';
import { SandboxProcess } from '../src/sandbox-process.ts';
import { wasmRecipe } from '../src/wasm/recipe.ts';

test('a process that stops reading the data of its task is ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
  const sandbox = new SandboxProcess(child);
  const clock = new VirtualClock();
  const request = {
    owner: 'operator',
    runtime: 'wasm',
    module: { content: 'a'.repeat(64), hostPath: '/nowhere' },
    moduleName: 'a.wasm',
    args: [],
    env: {},
    seed: '',
    inputs: [],
    outputs: [],
    memoryBytes: 2 ** 30,
    timeoutMs: 1_000,
  } as const;
  const sink = { running: () => {}, output: () => {}, file: () => {} };
  const task = new RunningTask({ process: sandbox, recipe: wasmRecipe }, request, sink, clock);
  clock.advance(299_000);
  task.check();
  assert.equal(sandbox.isGone, false);
  clock.advance(1_000);
  task.check();
  const { failure } = await task.ended;
  assert.equal(failure?.code, 'STAGING');
  await sandbox.kill();
  assert.equal(sandbox.isGone, true);
});
