/** A sandbox process that lies, babbles or dies never harms the agent; an agent that dies leaves no sandbox process. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { atLevel, descendants, helloModule, isAlive, tempDir, waitFor } from '@fog/testkit';
import type { FailureCode } from '@fog/wire';
import { RuntimeHarness } from '../system/runtime-harness.ts';

interface Lie {
  readonly name: string;
  /** JavaScript with `say(frame)`, `write(bytes)` and `heard()`, which waits for the run request. */
  readonly script: string;
  readonly code: FailureCode;
}

const LIES: readonly Lie[] = [
  {
    name: 'speaks random bytes at its start',
    script: `write(require('node:crypto').randomBytes(5000)); hang();`,
    code: 'NODE_REFUSED',
  },
  { name: 'ends at its start', script: 'process.reallyExit(3);', code: 'NODE_REFUSED' },
  {
    name: 'answers before it was asked',
    script: `say({ type: 'running' }); hang();`,
    code: 'NODE_REFUSED',
  },
  {
    name: 'speaks random bytes when asked',
    script: `ready(); heard(); write(require('node:crypto').randomBytes(5000)); hang();`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'announces a frame of 4 GB',
    script: `ready(); heard(); write(Buffer.from([255, 255, 255, 255])); hang();`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'ends a run that did not start',
    script: `ready(); heard(); say({ type: 'end', exitCode: 0, cpuMs: 0, peakMemoryBytes: 0 }); hang();`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'starts twice',
    script: `ready(); heard(); say({ type: 'running' }); say({ type: 'running' }); hang();`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'is ready twice',
    script: `ready(); heard(); ready(); hang();`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'writes before it starts',
    script: `ready(); heard(); say({ type: 'output', stream: 'stdout', data: 'aGk=' }); hang();`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'hands over a file nobody asked for',
    script: `ready(); heard(); say({ type: 'running' });
      say({ type: 'file', path: 'other/secret', data: '' }); hang();`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'hands over a path that climbs',
    script: `ready(); heard(); say({ type: 'running' });
      say({ type: 'file', path: 'out/../../secret', data: '' }); hang();`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'hands over files without end',
    script: `ready(); heard(); say({ type: 'running' });
      for (let n = 0; ; n += 1) say({ type: 'file', path: 'out/' + n, data: '' });`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'writes without end',
    script: `ready(); heard(); say({ type: 'running' });
      const data = 'A'.repeat(400000);
      for (;;) say({ type: 'output', stream: 'stdout', data });`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'blames the fog',
    script: `ready(); heard(); say({ type: 'running' });
      say({ type: 'end', exitCode: 125, failure: { code: 'NODE_LOST', message: '' }, cpuMs: 0, peakMemoryBytes: 0 });
      hang();`,
    code: 'SANDBOX_LOST',
  },
  {
    name: 'claims impossible processor time',
    script: `ready(); heard(); say({ type: 'running' });
      say({ type: 'end', exitCode: 3, failure: { code: 'EXIT_CODE', message: 'x' }, cpuMs: 1e15, peakMemoryBytes: 0 });
      hang();`,
    code: 'EXIT_CODE',
  },
  {
    name: 'speaks on after the end',
    script: `ready(); heard(); say({ type: 'running' });
      say({ type: 'end', exitCode: 3, failure: { code: 'EXIT_CODE', message: 'x' }, cpuMs: 0, peakMemoryBytes: 0 });
      say({ type: 'output', stream: 'stdout', data: 'aGk=' }); hang();`,
    code: 'EXIT_CODE',
  },
  {
    name: 'dies while the program runs',
    script: `ready(); heard(); say({ type: 'running' }); process.kill(process.pid, 'SIGKILL');`,
    code: 'SANDBOX_LOST',
  },
];

const PRELUDE = `
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const write = (bytes) => { for (let at = 0; at < bytes.length; ) at += fs.writeSync(1, bytes, at); };
const say = (frame) => {
  const bytes = Buffer.from('    ' + JSON.stringify(frame));
  bytes.writeUInt32BE(bytes.length - 4);
  write(bytes);
};
const ready = () => say({ type: 'ready' });
const heard = () => {
  let text = '';
  const buffer = Buffer.alloc(65536);
  while (!text.includes('"type":"run"')) text += buffer.latin1Slice(0, fs.readSync(0, buffer));
};
const hang = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
`;

describe('a sandbox process that', () => {
  let harness: RuntimeHarness;
  let entry = '';
  let honest = '';
  before(async () => {
    harness = await RuntimeHarness.start('auto', 1);
    entry = path.join(harness.dir, 'runtime', 'wasm', 'program', 'sandbox', 'wasm-main.js');
    honest = await readFile(entry, 'utf8');
    // The process of the probe belongs to nobody yet; from now on each new owner needs a new one.
    await harness.run(helloModule());
  });
  after(async () => {
    await harness[Symbol.asyncDispose]();
    await waitFor('the last sandbox process to end', () => descendants(process.pid).length === 0);
  });

  for (const { name, script, code } of LIES) {
    it(`${name} costs its task only: ${code}`, async () => {
      await writeFile(entry, PRELUDE + script);
      // A new owner never meets a warm process.
      const ran = await harness.run(helloModule(), { owner: `liar ${name}`, outputs: ['out'] });
      assert.equal(ran.failure?.code, code, ran.failure?.message);
      assert.ok(ran.usage.cpuMs <= ran.usage.wallMs + 50, 'processor time is bounded');
      await writeFile(entry, honest);
      const next = await harness.run(helloModule(), { owner: `victim of ${name}` });
      assert.deepEqual(
        [next.exitCode, next.stdout],
        [0, 'hello from fog\n'],
        next.failure?.message,
      );
    });
  }
});

describe('an agent that is killed', () => {
  const cases = [
    ['runtime', 'os'],
    ['runtime', 'process'],
    ['watchdog', 'process'],
  ] as const;
  for (const [kind, level] of cases) {
    it(`leaves no sandbox process behind (${kind}, level ${level})`, atLevel(level), async () => {
      await using dir = await tempDir();
      const script = path.join(import.meta.dirname, 'agent-to-kill.ts');
      const agent = spawn(process.execPath, [script, dir.path, kind, level], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(agent.stdout, 'data');
      const sandboxes = descendants(agent.pid ?? 0);
      assert.ok(sandboxes.length > 0, 'a sandbox process runs');
      agent.kill('SIGKILL');
      await once(agent, 'exit');
      await waitFor('every sandbox process to end', () => !sandboxes.some(isAlive));
    });
  }
});
