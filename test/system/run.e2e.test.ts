/** `fog run` as a newcomer meets it: no fog set up, and nothing left behind. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Child, waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld } from '@fog/testkit/fog';

const FOG = path.resolve(import.meta.dirname, '../../apps/fog/bin/fog.js');
const HELLO = path.resolve(import.meta.dirname, '../../examples/hello.wasm');

const PROGRAMS: Readonly<Record<string, string>> = {
  'upper.py': 'import sys\nprint(sys.stdin.read().upper(), end="")\n',
  'exit-3.py': 'import sys\nprint("out")\nprint("err", file=sys.stderr)\nsys.exit(3)\n',
  'lines.py': 'for n in range(10_000_000): print("line", n)\n',
  'loop.py': 'print("begun", flush=True)\nwhile True: pass\n',
  'task.py': [
    'import os, sys',
    'index = os.environ["FOG_INDEX"]',
    'print(index, os.environ["FOG_COUNT"], os.environ.get("FOG_ITEM"))',
    'print("careful", file=sys.stderr)',
    'os.makedirs("/output/deep", exist_ok=True)',
    'open("/output/deep/result.txt", "w").write("result " + index)',
    '',
  ].join('\n'),
  'files.py': [
    'import os, sys',
    'for name in sys.argv[1:]: print(name, open(name).read().strip())',
    'print(os.environ["COLOUR"])',
    '',
  ].join('\n'),
};

describe('fog run without a fog', () => {
  let world: FogWorld;
  let cwd: string;
  let dataDir: string;

  before(async () => {
    world = await fogWorld();
    cwd = world.dir.file('work');
    dataDir = world.dir.file('data');
    await mkdir(`${cwd}/texts/deep`, { recursive: true });
    for (const [name, text] of Object.entries(PROGRAMS)) await writeFile(`${cwd}/${name}`, text);
    await writeFile(`${cwd}/texts/one.txt`, '1');
    await writeFile(`${cwd}/texts/deep/two.txt`, '2');
    await copyFile(HELLO, `${cwd}/hello.wasm`);
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  function run(args: readonly string[], stdin?: string): Child {
    const options = stdin === undefined ? { cwd } : { cwd, stdin };
    return world.fog(['run', '--data-dir', dataDir, ...args], options);
  }

  async function leavesNothing(child: Child): Promise<void> {
    await child.gone();
    assert.deepEqual(await readdir(path.join(dataDir, 'embedded')), []);
    assert.deepEqual(await world.leftovers(), []);
  }

  it('gives stdin to the program and prints its stdout, nothing else', async () => {
    const child = run(['upper.py'], 'hi\n');
    const { code, stdout } = await child.ended();
    assert.equal(code, 0, child.describe());
    assert.equal(stdout, 'HI\n');
    await leavesNothing(child);
  });

  it("ends with the program's exit code and says so", async () => {
    const child = run(['exit-3.py']);
    const { code, stdout, stderr } = await child.ended();
    assert.equal(code, 3);
    assert.equal(stdout, 'out\n');
    assert.match(stderr, /^err$/m);
    assert.match(stderr, /^fog: .*exit code 3/m);
    await leavesNothing(child);
  });

  it('writes one JSON document on stdout', async () => {
    const child = run(['--json', 'exit-3.py']);
    const { code, stdout, stderr } = await child.ended();
    assert.equal(code, 3);
    const document = JSON.parse(stdout);
    assert.equal(document.exitCode, 3);
    assert.equal(document.failure.code, 'EXIT_CODE');
    assert.equal(document.results[0].stdout, 'out\n');
    assert.equal(document.results[0].stderr, 'err\n');
    const error = stderr.split('\n').find((line) => line.startsWith('{')) ?? '';
    assert.equal(JSON.parse(error).error.code, 'EXIT_CODE');
  });

  it('prints an array in order and saves what each task wrote', async () => {
    const output = `${cwd}/saved`;
    const child = run(['--count', '3', '--output', output, 'task.py']);
    const { code, stdout, stderr } = await child.ended();
    assert.equal(code, 0, child.describe());
    assert.equal(stdout, '0 3 None\n1 3 None\n2 3 None\n');
    for (const index of [0, 1, 2]) {
      assert.match(stderr, new RegExp(`^\\[${index}\\] careful$`, 'm'));
      const saved = await readFile(`${output}/${index}/deep/result.txt`, 'utf8');
      assert.equal(saved, `result ${index}`);
    }
    await leavesNothing(child);
  });

  it('runs a task for each line and for each file', async () => {
    const lines = await run(['--each', '-', 'task.py'], 'apple\n\npear\n').ended();
    assert.equal(lines.stdout, '0 2 apple\n1 2 pear\n');
    const files = await run(['--each', 'texts', 'task.py']).ended();
    assert.equal(files.stdout, '0 2 texts/deep/two.txt\n1 2 texts/one.txt\n');
  });

  it('sends files and variables along', async () => {
    const inputs = ['--input', 'texts', '--input', 'texts/one.txt:/data/first'];
    const names = ['texts/one.txt', 'texts/deep/two.txt', '/data/first'];
    const child = run([...inputs, '--env', 'COLOUR=green', 'files.py', ...names]);
    const { stdout } = await child.ended();
    assert.equal(stdout, 'texts/one.txt 1\ntexts/deep/two.txt 2\n/data/first 1\ngreen\n');
  });

  it('ends quietly when the reader of its stdout has enough', async () => {
    const env = { TMPDIR: world.dir.file('tmp'), XDG_DATA_HOME: world.dir.file('home') };
    const line = `"${process.execPath}" "${FOG}" run --data-dir "${dataDir}" lines.py | head -1`;
    await using child = new Child({ command: '/bin/sh', args: ['-c', line], cwd, env });
    const { stdout, stderr } = await child.ended();
    assert.equal(stdout, 'line 0\n');
    assert.doesNotMatch(stderr, /EPIPE|cancelled|at /);
    await leavesNothing(child);
  });

  it('ends a program that runs too long', async () => {
    const child = run(['--timeout', '1s', 'loop.py']);
    const { code, stderr } = await child.ended();
    assert.equal(code, 124);
    assert.match(stderr, /^fog: .*1 s/m);
    await leavesNothing(child);
  });

  it('leaves nothing after Ctrl-C, once and twice', async () => {
    const once = run(['loop.py']);
    await once.output(/begun/);
    once.signal('SIGINT');
    assert.equal((await once.ended()).code, 130);
    await leavesNothing(once);
    const twice = run(['loop.py']);
    await twice.output(/begun/);
    await waitFor('the command to end', () => {
      twice.signal('SIGINT');
      return !twice.running;
    });
    assert.equal((await twice.ended()).code, 130);
    await leavesNothing(twice);
    const terminated = run(['loop.py']);
    await terminated.output(/begun/);
    terminated.signal('SIGTERM');
    assert.equal((await terminated.ended()).code, 143);
    await leavesNothing(terminated);
  });

  it('clears away what a killed run left', async () => {
    const killed = run(['loop.py']);
    await killed.output(/begun/);
    await killed.kill();
    await killed.gone();
    const embedded = path.join(dataDir, 'embedded');
    const [left = ''] = await readdir(embedded);
    assert.notEqual(left, '');
    // A directory this young might belong to a run that is starting.
    await utimes(path.join(embedded, left), 0, 0);
    const { code } = await run(['hello.wasm']).ended();
    assert.equal(code, 0);
    assert.deepEqual(await readdir(embedded), []);
  });

  it('says why no program can run, and where --detach would work', async () => {
    const broken = world.dir.file('broken');
    await mkdir(broken);
    await writeFile(path.join(broken, 'runtimes'), 'in the way');
    const child = world.fog(['run', '--json', '--data-dir', broken, 'hello.wasm'], { cwd });
    const { code, stderr } = await child.ended();
    assert.equal(code, 125, child.describe());
    assert.equal(JSON.parse(stderr).error.code, 'FOG_SERVICE_FAILED');
    const detached = await run(['--detach', 'hello.wasm']).ended();
    assert.equal(detached.code, 2);
    assert.match(detached.stderr, /fog up|fog\.js up/);
    assert.doesNotMatch(detached.stderr, /npx fog/);
  });
});
