/** What people get wrong: one clear message each, the right exit code, nothing left behind. */
import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { type Child, waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld, type RunningFog } from '@fog/testkit/fog';
import { writeRefusedModules } from './refused-modules.ts';

const PYTHON: Readonly<Record<string, string>> = {
  'syntax.py': 'print("a"\n',
  'missing.py': 'import numpy\n',
  'sibling.py': 'import my_helpers\n',
  'exit-3.py': 'import sys\nsys.exit(3)\n',
  'loop.py': 'while True: pass\n',
  'one-piece.py': 'b = bytearray(10 * 2**30)\n',
  'in-pieces.py': 'b = []\nwhile True: b.append(bytearray(2**20))\n',
  'in-files.py': 'with open("big", "wb") as f:\n  for _ in range(10240): f.write(bytes(2**20))\n',
  'flood.py': 'import sys\nfor _ in range(1024): sys.stdout.write("x" * 2**20)\n',
  'arguments.py': 'import sys\nprint(sys.argv[1:])\n',
};

interface BadRun {
  readonly what: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
  /** What stands in the program's own stderr: the remedy below a traceback. */
  readonly before?: RegExp;
}

const WRONG_LINES: readonly BadRun[] = [
  { what: 'no such file', args: ['none.py'], code: 2, says: /none\.py does not exist/ },
  { what: 'a file that is no module', args: ['text.wasm'], code: 2, says: /not a WebAssembly/ },
  {
    what: 'a program of no known kind',
    args: ['notes.txt'],
    code: 2,
    says: /no program fog knows/,
  },
  { what: 'a directory as program', args: ['folder'], code: 2, says: /is a directory/ },
  { what: 'an empty program', args: ['empty.py'], code: 2, says: /is empty/ },
  {
    what: 'an input that is not there',
    args: ['--input', 'none', 'exit-3.py'],
    code: 2,
    says: /none/,
  },
  {
    what: 'an input that cannot be read',
    args: ['--input', 'dangling', 'exit-3.py'],
    code: 2,
    says: /dangling/,
  },
  {
    what: 'an unknown flag',
    args: ['--tiemout', '2s', 'loop.py'],
    code: 2,
    says: /Did you mean --timeout/,
  },
  {
    what: 'a value that is no number',
    args: ['--count', 'many', 'loop.py'],
    code: 2,
    says: /--count many/,
  },
];

const BAD_PROGRAMS: readonly BadRun[] = [
  { what: 'GC types', args: ['gc-types.wasm'], code: 126, says: /GC/ },
  { what: 'two memories', args: ['two-memories.wasm'], code: 126, says: /memor/ },
  { what: 'a huge table', args: ['huge-table.wasm'], code: 126, says: /table/ },
  {
    what: 'an unknown import',
    args: ['unknown-import.wasm'],
    code: 126,
    says: /env\.system|env.*system/,
  },
  { what: 'a trap', args: ['trap.wasm'], code: 134, says: /unreachable/ },
  { what: 'exit code 3 from wasm', args: ['exit-3.wasm'], code: 3, says: /exit code 3/ },
  { what: 'exit code 3 from Python', args: ['exit-3.py'], code: 3, says: /exit code 3/ },
  { what: 'a Python syntax error', args: ['syntax.py'], code: 1, says: /SyntaxError/ },
  {
    what: 'a module that is not there',
    args: ['missing.py'],
    code: 1,
    says: /No module named 'numpy'/,
    before: /--input numpy\.py/,
  },
  {
    what: 'a sibling that was not sent',
    args: ['sibling.py'],
    code: 1,
    says: /No module named 'my_helpers'/,
    before: /--input my_helpers\.py/,
  },
  { what: 'an endless loop', args: ['--timeout', '1s', 'loop.wasm'], code: 124, says: /timeout/ },
  {
    what: 'an endless loop in Python',
    args: ['--timeout', '1s', 'loop.py'],
    code: 124,
    says: /timeout/,
  },
  {
    what: 'memory grown without end',
    args: ['grow.wasm'],
    code: 137,
    says: /memory limit of 512 MiB/,
  },
  { what: 'more memory than the job has', args: ['wants-4g.wasm'], code: 126, says: /memory/ },
  { what: '10 GB in one piece', args: ['one-piece.py'], code: 137, says: /memory/ },
  { what: '10 GB in small pieces', args: ['in-pieces.py'], code: 137, says: /memory/ },
  { what: '10 GB in files', args: ['in-files.py'], code: 137, says: /files|memory/ },
  { what: '1 GB of output', args: ['flood.wasm'], code: 137, says: /wrote more than .* to stdout/ },
  {
    what: '1 GB of output from Python',
    args: ['flood.py'],
    code: 137,
    says: /wrote more than .* to stdout/,
  },
];

/** What fog itself said, without the program's stderr. */
function fogLines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line.startsWith('fog: '));
}

describe('bad input', () => {
  let world: FogWorld;
  let fog: RunningFog;
  let cwd: string;

  before(async () => {
    world = await fogWorld();
    cwd = world.dir.file('programs');
    await mkdir(`${cwd}/folder`, { recursive: true });
    await writeRefusedModules(cwd);
    for (const [name, text] of Object.entries(PYTHON)) await writeFile(`${cwd}/${name}`, text);
    await writeFile(`${cwd}/text.wasm`, 'not a module');
    await writeFile(`${cwd}/notes.txt`, 'not a program');
    await writeFile(`${cwd}/empty.py`, '');
    await symlink('nowhere', `${cwd}/dangling`);
    fog = await world.up(['--port', '0', '--slots', '2']);
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  function run(args: readonly string[]): Child {
    return world.fog(['run', '--data-dir', fog.dataDir, ...args], { cwd });
  }

  async function detached(file: string): Promise<string> {
    const child = run(['--detach', file]);
    const { code, stdout } = await child.ended();
    assert.equal(code, 0, child.describe());
    return stdout.trim();
  }

  async function jobCount(): Promise<number> {
    return (await fog.client.jobs({ limit: 1000 })).jobs.length;
  }

  async function assertBad({ args, code, says, before }: BadRun): Promise<void> {
    const child = run(args);
    const ended = await child.ended();
    assert.equal(ended.code, code, child.describe());
    const lines = fogLines(ended.stderr);
    assert.equal(lines.length, 1, child.describe());
    if (before !== undefined) assert.match(ended.stderr, before);
    assert.match(lines[0] ?? '', says);
    await child.gone();
  }

  for (const bad of WRONG_LINES) {
    it(`says what is wrong with ${bad.what}, and sends nothing`, async () => {
      const jobs = await jobCount();
      await assertBad(bad);
      assert.equal(await jobCount(), jobs);
    });
  }

  for (const bad of BAD_PROGRAMS) {
    it(`ends ${bad.what} with exit code ${bad.code}`, () => assertBad(bad));
  }

  it('gives flags behind the file to the program', async () => {
    const child = run(['arguments.py', '--count', '3', '--help']);
    const { code, stdout } = await child.ended();
    assert.equal(code, 0, child.describe());
    assert.equal(stdout, "['--count', '3', '--help']\n");
  });

  it('gives a stable code with --json', async () => {
    const job = await detached('loop.wasm');
    const here = ['--data-dir', fog.dataDir];
    const none = ['--data-dir', world.dir.file('none')];
    const cases: readonly (readonly [string, number, readonly string[]])[] = [
      ['FOG_USAGE', 2, ['run', '--count', 'x', 'loop.wasm']],
      ['FOG_PROGRAM', 2, ['run', 'none.wasm']],
      ['FOG_DATA_DIR', 125, ['run', '--data-dir', `${cwd}/notes.txt`, 'exit-3.wasm']],
      ['FOG_DETACH_EMBEDDED', 2, ['run', '--detach', ...none, 'exit-3.wasm']],
      ['FOG_NEEDS_TOKEN', 126, ['run', '--fog', fog.url, ...none, 'exit-3.wasm']],
      ['FOG_NONE_RUNNING', 125, ['jobs', ...none]],
      ['FOG_NOT_ENDED', 125, ['job', job, 'get', ...here]],
      ['FOG_ALREADY_UP', 125, ['up', '--port', '0', ...here]],
      ['COORDINATOR_NO_JOB', 2, ['job', 'jaaaaaaaaaaaa', ...here]],
    ];
    for (const [code, exitCode, [command = '', ...args]] of cases) {
      const child = world.fog([command, '--json', ...args], { cwd });
      const ended = await child.ended();
      assert.equal(ended.code, exitCode, `${code}\n${child.describe()}`);
      const { error } = JSON.parse(ended.stderr) as { error: { code: string; message: string } };
      assert.equal(error.code, code);
      assert.ok(error.message.length > 0);
    }
    await fog.client.cancel(job);
    await noOpenJobs();
  });

  it('cancels the job on Ctrl-C', async () => {
    const child = run(['loop.wasm']);
    await running();
    child.signal('SIGINT');
    assert.equal((await child.ended()).code, 130);
    await noOpenJobs();
  });

  it('ends at once on a second Ctrl-C, also when the fog does not answer', async () => {
    const child = run(['loop.wasm']);
    await running();
    fog.child.signal('SIGSTOP');
    try {
      child.signal('SIGINT');
      await child.output(/Ctrl-C|cancel/i);
      await waitFor('the command to end', () => {
        if (child.running) child.signal('SIGINT');
        return !child.running;
      });
      assert.equal((await child.ended()).code, 130);
    } finally {
      fog.child.signal('SIGCONT');
    }
    const [job] = (await fog.client.jobs({ open: true })).jobs;
    if (job !== undefined) await fog.client.cancel(job.id);
    await noOpenJobs();
  });

  it('says that a port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    try {
      await waitFor('the port', () => taken.listening);
      const { port } = taken.address() as { port: number };
      const child = world.fog(['up', '--port', `${port}`, '--data-dir', world.dir.file('other')]);
      const { code, stderr } = await child.ended();
      assert.equal(code, 125, child.describe());
      assert.equal(fogLines(stderr).length, 1);
      assert.match(stderr, new RegExp(`${port}.*(in use|taken)`));
      await child.gone();
    } finally {
      taken.close();
    }
  });

  it('says that a fog already runs on the data directory', async () => {
    const child = world.fog(['up', '--port', '0', '--data-dir', fog.dataDir]);
    const { code, stderr } = await child.ended();
    assert.equal(code, 125, child.describe());
    assert.deepEqual(fogLines(stderr).length, 1);
    assert.match(stderr, /A fog already runs on/);
    assert.ok(fog.child.running);
    await fog.client.status();
  });

  it('says that nothing answers at an address', async () => {
    const options = { cwd, env: { FOG_TOKEN: 'fog_x' } };
    const there = ['--data-dir', world.dir.file('none')];
    for (const args of [
      ['run', '--fog', 'http://127.0.0.1:1', ...there, 'loop.wasm'],
      ['join', 'http://127.0.0.1:1', '--token', 'fog_jc_x', ...there],
      ['status', '--fog', 'http://127.0.0.1:1', ...there],
    ]) {
      const child = world.fog(args, options);
      const { code, stderr } = await child.ended();
      assert.equal(code, 125, child.describe());
      assert.match(fogLines(stderr).at(-1) ?? '', /127\.0\.0\.1:1\b/);
      await child.gone();
    }
  });

  it('refuses a wrong join code', async () => {
    await assertRefused(fog.url, 'fog_jc_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', /not known/);
  });

  it('makes a second join on one machine a second node', async () => {
    const first = await world.join(fog.joinLine, ['--slots', '1'], 'machine');
    const second = await world.join(fog.joinLine, ['--slots', '1'], 'machine');
    assert.notEqual(first.node, second.node);
    const names = (await fog.client.nodes()).map(({ id }) => id);
    assert.ok(names.includes(first.node) && names.includes(second.node));
    for (const { child } of [first, second]) {
      assert.equal((await child.stop()).code, 0);
      await child.gone();
    }
  });

  it('has left no job open, no process and no file, and has kept what it was told', async () => {
    await noOpenJobs();
    assert.equal((await fog.child.stop()).code, 0);
    await fog.child.gone();
    assert.deepEqual(await world.leftovers(), []);
    assert.ok(!(await readdir(fog.dataDir)).includes('endpoint.json'));
  });

  it('refuses a join code that is used up or has expired', async () => {
    const { port } = new URL(fog.url);
    edit('UPDATE join_code SET uses_left = 0');
    const second = await world.up(['--no-worker', '--port', port]);
    await assertRefused(second.url, fog.joinCode, /used up/);
    await second.child.stop();
    edit('UPDATE join_code SET expires_at = 1000 * unixepoch(), uses_left = 1');
    const third = await world.up(['--no-worker', '--port', port]);
    await assertRefused(third.url, second.joinCode, /expired/);
    assert.equal((await third.child.stop()).code, 0);
  });

  async function assertRefused(url: string, token: string, says: RegExp): Promise<void> {
    const dataDir = world.dir.file('stranger');
    const child = world.fog(['join', url, '--token', token, '--data-dir', dataDir]);
    const { code, stderr } = await child.ended();
    assert.equal(code, 126, child.describe());
    assert.match(fogLines(stderr).at(-1) ?? '', says);
    await child.gone();
  }

  function edit(sql: string): void {
    const database = new DatabaseSync(`${fog.dataDir}/fog.db`);
    database.exec(sql);
    database.close();
  }

  async function running(): Promise<void> {
    await waitFor('a running job', async () => {
      const { jobs } = await fog.client.jobs({ open: true });
      return jobs.some(({ tasks }) => tasks.running > 0);
    });
  }

  async function noOpenJobs(): Promise<void> {
    await waitFor('every job to end', async () => {
      const { jobs } = await fog.client.status();
      return jobs.open === 0 && jobs.runningTasks === 0;
    });
  }
});
