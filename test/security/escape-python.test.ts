/**
 * What hostile Python, and hostile JavaScript in the process of a Python task, can reach: at level `os` and at level
 * `process`. Where the weaker level gives way, the table says so; there fog runs only its owner's own Python.
 */
import assert from 'node:assert/strict';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { atLevel, tempDir, type TempDir } from '@fog/testkit';
import { MAX_STREAM_BYTES, type SandboxLevel } from '@fog/wire';
import { findHostTools } from '../../compute/runtime/src/host-tools.ts';
import { launch } from '../../compute/runtime/src/launch.ts';
import { writeProgramFolder } from '../../compute/runtime/src/program-folder.ts';
import { pythonRecipe } from '../../compute/runtime/src/python/recipe.ts';
import { pythonWorld, type PythonWorld } from '../system/run-python.ts';
import { lockedProgram, openProgram, type Target } from './hostile-javascript.ts';
import { FATAL_PROBES, PROBE_MEMORY_BYTES, QUIET_PROBES } from './python-probes.ts';

const MIB = 2 ** 20;
/** What the process may hold beside the program's memory before the agent ends it, with one sample of growth. */
const RESIDENT_BOUND_BYTES = PROBE_MEMORY_BYTES + 512 * MIB;

/** Runs each probe and prints {name: finding}. */
const PROBE_RUNNER = `
import json, sys
found = {}
for name, source in json.load(sys.stdin):
    space = {}
    try:
        exec(source, space)
        found[name] = str(space.get('result'))[:300]
    except BaseException as error:
        found[name] = f'{type(error).__name__}: {error}'[:300]
print(json.dumps(found))
`;

/** Attempt → what must come of it, before the process locks itself. */
const OPEN_FINDINGS: Readonly<Record<SandboxLevel, Readonly<Record<string, RegExp>>>> = {
  os: {
    'host file': /^refused: ENOENT/,
    'password file': /^refused: ENOENT/,
    processes: /^refused: ENOENT/,
    write: /^refused: (ENOENT|EROFS)/,
    'write to own root': /^refused: (EROFS|EFBIG|EACCES)/,
    program: /^refused: (ENOENT|EPERM)/,
    // bubblewrap itself names the working directory; nothing of the agent's is there.
    environment: /^(refused: empty|reached: PWD$)/,
    signal: /^refused: ESRCH/,
    network: /^refused: (ECONNREFUSED|ENETUNREACH|EPERM)/,
  },
  process: {
    'host file': /^refused: ERR_ACCESS_DENIED/,
    'password file': /^refused: ERR_ACCESS_DENIED/,
    processes: /^refused: ERR_ACCESS_DENIED/,
    write: /^refused: ERR_ACCESS_DENIED/,
    'write to own root': /^refused: ERR_ACCESS_DENIED/,
    program: /^refused: ERR_ACCESS_DENIED/,
    environment: /^refused: empty/,
    // Node's permission model bars neither: the level is the weaker one.
    signal: /^reached/,
    network: /^reached/,
  },
};

let shared: TempDir;
before(async () => {
  shared = await tempDir();
});
after(() => shared[Symbol.asyncDispose]());

for (const level of ['os', 'process'] as const) {
  describe(`hostile Python at level ${level}`, { concurrency: 2, ...atLevel(level) }, () => {
    let world: PythonWorld;
    before(async () => {
      world = await pythonWorld(level, shared.file('runtime'));
    });
    after(() => world[Symbol.asyncDispose]());

    it('finds no way out that leaves the program alive', async () => {
      const probes = QUIET_PROBES.map(({ name, source }) => [name, source]);
      const task = { env: { ONLY: 'this' }, stdin: JSON.stringify(probes) };
      const { end, stdout, stderr } = await world.run(PROBE_RUNNER, task);
      assert.equal(end.exitCode, 0, stderr);
      const found = JSON.parse(stdout) as Record<string, string>;
      for (const probe of QUIET_PROBES)
        assert.match(found[probe.name] ?? '', probe.finds, probe.name);
    });

    for (const probe of FATAL_PROBES) {
      it(`ends ${probe.name} with ${probe.code}`, async () => {
        const { end, stdout, files } = await world.run(probe.source, {
          memoryBytes: PROBE_MEMORY_BYTES,
          ...(probe.timeoutMs === undefined ? {} : { timeoutMs: probe.timeoutMs }),
          ...(probe.outputs === undefined ? {} : { outputs: probe.outputs }),
        });
        assert.deepEqual(
          { code: end.failure?.code, exitCode: end.exitCode },
          { code: probe.code, exitCode: probe.exitCode },
          end.failure?.message,
        );
        if (probe.message !== undefined) assert.match(end.failure?.message ?? '', probe.message);
        assert.ok(end.usage.peakMemoryBytes < RESIDENT_BOUND_BYTES, `${end.usage.peakMemoryBytes}`);
        assert.ok(stdout.length <= MAX_STREAM_BYTES);
        assert.deepEqual(files, {});
      });
    }
  });

  describe(`hostile JavaScript at level ${level}`, atLevel(level), () => {
    it('meets the process sandbox alone', async () => {
      const found = await runHostile(level, openProgram);
      for (const [name, expected] of Object.entries(OPEN_FINDINGS[level])) {
        assert.match(found[name] ?? '', expected, name);
      }
      assert.equal(Object.keys(found).length, Object.keys(OPEN_FINDINGS[level]).length);
    });

    it('meets a locked process', async () => {
      const found = await runHostile(level, lockedProgram);
      assert.ok(Object.keys(found).length > 20);
      for (const [name, finding] of Object.entries(found)) assert.match(finding, /^refused/, name);
    });
  });
}

/** Runs a hand-written program exactly as a Python sandbox process is run. */
async function runHostile(
  level: SandboxLevel,
  programFor: (target: Target) => string,
): Promise<Record<string, string>> {
  await using dir = await tempDir();
  const secretPath = dir.file('secret');
  await writeFile(secretPath, 'secret');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const writePath = dir.file('written');
    const target = { port: address.port, pid: process.pid, secretPath, writePath };
    const found = await runProgram(level, dir.file('program'), programFor(target));
    await assert.rejects(access(writePath), { code: 'ENOENT' });
    return found;
  } finally {
    server.close();
  }
}

async function runProgram(
  level: SandboxLevel,
  programDir: string,
  source: string,
): Promise<Record<string, string>> {
  await writeProgramFolder(programDir, pythonRecipe.entry);
  await mkdir(path.join(programDir, 'sandbox'), { recursive: true });
  await writeFile(path.join(programDir, 'sandbox', 'hostile.js'), source);
  const child = launch({
    level,
    tools: await findHostTools(programDir),
    programDir,
    recipe: pythonRecipe,
    entry: 'hostile.ts',
    files: {},
    memoryBytes: 512 * MIB,
  });
  try {
    const [output, words] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    assert.notEqual(output, '', words);
    return JSON.parse(output) as Record<string, string>;
  } finally {
    child.kill('SIGKILL');
  }
}

async function textOf(stream: Readable | null): Promise<string> {
  assert.ok(stream !== null);
  return text(stream);
}
