import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { isFogError, systemClock } from '@fog/kernel';
import { tempDir } from '@fog/testkit';
import { findHostTools } from '../src/host-tools.ts';
import { commandLine, type LaunchPlan } from '../src/launch.ts';
import { writeProgramFolder } from '../src/program-folder.ts';
import { startProcess } from '../src/start-process.ts';
import { wasmRecipe } from '../src/wasm/recipe.ts';

async function planIn(dir: string, change: Partial<LaunchPlan> = {}): Promise<LaunchPlan> {
  await mkdir(dir, { recursive: true });
  const tools = await findHostTools(dir);
  return {
    level: 'process',
    tools,
    programDir: dir,
    recipe: wasmRecipe,
    entry: wasmRecipe.entry,
    files: {},
    memoryBytes: 2 ** 29,
    ...change,
  };
}

describe('startProcess', () => {
  it('says why a process did not start', async () => {
    await using dir = await tempDir();
    const plan = await planIn(dir.path);
    const starting = startProcess(plan, systemClock, AbortSignal.timeout(20_000));
    await assert.rejects(starting, (error) => {
      assert.ok(isFogError(error, 'RUNTIME_PROBE'));
      assert.match(error.message, /did not start: .*Cannot find module/);
      return true;
    });
  });

  it('gives up when it is told to', async () => {
    await using dir = await tempDir();
    const plan = await planIn(dir.path);
    await assert.rejects(startProcess(plan, systemClock, AbortSignal.abort()), /aborted/);
  });
});

describe('commandLine', () => {
  it('puts limits first and shows a container nothing but what it needs', async () => {
    await using dir = await tempDir();
    const plan = await planIn(dir.path, { level: 'os', files: { library: '/opt/library' } });
    const line = commandLine(plan);
    const shown = line.flatMap((word, at) => (word === '--ro-bind' ? [line[at + 2]] : []));
    const fixed = ['/fog/files/library', '/fog/node', '/fog/program'];
    assert.deepEqual(shown.slice(-3), fixed);
    assert.deepEqual(
      shown.slice(0, -3).filter((name) => !/^\/(usr\/)?lib/.test(name ?? '')),
      [],
    );
    assert.ok(line.includes('--unshare-all'));
    assert.match(line.at(-1) ?? '', /"library":"\/fog\/files\/library"/);
  });

  it('uses Node permissions and a parent-death signal at level process, or else a watchdog', async () => {
    await using dir = await tempDir();
    const plan = await planIn(dir.path);
    const tools = { ...plan.tools, setpriv: '/usr/bin/setpriv', prlimit: undefined };
    const line = commandLine({ ...plan, tools });
    assert.deepEqual(line.slice(0, 4), ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--']);
    assert.ok(line.includes('--permission') && !line.includes('--allow-worker'));
    assert.match(line.at(-1) ?? '', /"watchdog":false/);
    const bare = commandLine({ ...plan, tools: { ...tools, setpriv: undefined } });
    assert.equal(bare[0], tools.node);
    assert.ok(bare.includes('--allow-worker'));
    assert.match(bare.at(-1) ?? '', /"watchdog":true/);
  });
});

describe('writeProgramFolder', () => {
  it('translates an entry and all it imports, and nothing else', async () => {
    await using dir = await tempDir();
    await writeProgramFolder(dir.path, 'wasm-main.ts');
    const files = await readdir(dir.path, { recursive: true });
    assert.ok(files.includes('sandbox/wasm-main.js') && files.includes('guest/admission.js'));
    assert.deepEqual(
      files.filter((name) => name.endsWith('.ts') || name.includes('python')),
      [],
    );
    const entry = await readFile(dir.file('sandbox', 'wasm-main.js'), 'utf8');
    assert.match(entry, /from '\.\/serve\.js'/);
    const before = await stat(dir.file('sandbox', 'wasm-main.js'));
    await writeProgramFolder(dir.path, 'wasm-main.ts');
    assert.equal((await stat(dir.file('sandbox', 'wasm-main.js'))).mtimeMs, before.mtimeMs);
    const { stderr } = await imports(dir.file('guest', 'admission.js'));
    assert.equal(stderr, '');
  });
});

async function imports(file: string): Promise<{ stderr: string }> {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  return promisify(execFile)(process.execPath, [file]);
}
