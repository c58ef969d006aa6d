/** Job files through real processes: the examples of the guide, wrong files, and Ctrl-C. */
import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Child, waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld, type RunningFog } from '@fog/testkit/fog';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** The first Python program makes the snapshot that the others start from. */
const SLOW_MS = 120_000;
const GREET = 'import os, sys\nprint("hello", *sys.argv[1:], os.environ["TONE"])\n';
const ENDLESS =
  'jobs:\n  spin: { program: spin.py }\n  late: { program: spin.py, needs: [spin] }\n';

/** `greet.yaml` and so on, as the guide shows them. */
async function guideFiles(): Promise<Map<string, string>> {
  const guide = await readFile(path.join(ROOT, 'docs/guides/jobs.md'), 'utf8');
  const blocks = guide.matchAll(/```yaml\n# example: (\S+)\n([^`]*)```/g);
  return new Map([...blocks].map(([, name = '', text = '']) => [name, text]));
}

describe('fog run -f', () => {
  let world: FogWorld;
  let fog: RunningFog;
  let cwd: string;

  before(async () => {
    world = await fogWorld();
    cwd = world.dir.file('work');
    await cp(path.join(ROOT, 'examples/pipeline'), cwd, { recursive: true });
    for (const [name, text] of await guideFiles()) await writeFile(`${cwd}/${name}`, text);
    await writeFile(`${cwd}/greet.py`, GREET);
    await writeFile(`${cwd}/spin.py`, 'while True: pass\n');
    await writeFile(`${cwd}/endless.yaml`, ENDLESS);
    fog = await world.up(['--port', '0', '--no-mixnet', '--slots', '2']);
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  function run(args: readonly string[]): Child {
    return world.fog(['run', '--data-dir', fog.dataDir, ...args], { cwd });
  }

  it('runs the one job of a file as the command line would', async () => {
    const child = run(['-f', 'greet.yaml']);
    const { code, stdout } = await child.ended(SLOW_MS);
    assert.equal(code, 0, child.describe());
    assert.equal(stdout, 'hello from a file kind\n');
    const [job] = (await fog.client.jobs()).jobs;
    const { spec } = await fog.client.job(job?.id ?? '');
    assert.deepEqual([spec.priority, spec.timeoutMs], [3, 60_000]);
  });

  it('runs three jobs, each with what the one before made', async () => {
    const child = run(['-f', 'pipeline.yaml']);
    const { code, stdout } = await child.ended(SLOW_MS);
    assert.equal(code, 0, child.describe());
    assert.match(stdout, /^draw +j\w+ +done\nsquare +j\w+ +done\ntotal +j\w+ +done\n$/);
    const [total = ''] = /(?<=total +)j\w+/.exec(stdout) ?? [];
    const logs = await world.fog(['job', total, 'logs', '--data-dir', fog.dataDir]).ended();
    assert.equal(logs.stdout, 'numbers.txt 5050\nsquares.txt 338350\n');
    const example = await readFile(`${cwd}/job.yaml`, 'utf8');
    assert.ok(example.endsWith(await readFile(`${cwd}/pipeline.yaml`, 'utf8')));
  });

  it('names the job that failed, and the one that could not run because of it', async () => {
    const text =
      'jobs:\n  bad: { program: fail.py }\n  next: { program: greet.py, needs: [bad] }\n';
    await writeFile(`${cwd}/fail.py`, 'raise SystemExit(7)\n');
    await writeFile(`${cwd}/fail.yaml`, text);
    const { code, stdout } = await run(['-f', 'fail.yaml']).ended();
    assert.equal(code, 7);
    assert.match(stdout, /^bad +j\w+ +failed: .*7.*\nnext +j\w+ +failed: job j\w+, which it needs/);
  });

  it('tells every problem of a file by line and column, and sends nothing', async () => {
    await writeFile(`${cwd}/wrong.yaml`, 'program: greet.py\ntmeout: 2s\nmemory: lots\n');
    const before = (await fog.client.jobs()).jobs.length;
    const { code, stderr } = await run(['-f', 'wrong.yaml']).ended();
    assert.equal(code, 2);
    assert.match(stderr, /wrong\.yaml:2:1: tmeout: unknown key; did you mean "timeout"\?/);
    assert.match(stderr, /wrong\.yaml:3:9: memory: "lots" must be a size/);
    const circle =
      'jobs:\n  a: { program: greet.py, needs: [b] }\n  b: { program: greet.py, needs: [a] }\n';
    await writeFile(`${cwd}/circle.yaml`, circle);
    const refused = await run(['-f', 'circle.yaml']).ended();
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /circle/);
    const extra = await run(['-f', 'greet.yaml', '--priority', '1']).ended();
    assert.match(extra.stderr, /--priority does not go with -f: say it in greet\.yaml/);
    assert.equal((await fog.client.jobs()).jobs.length, before);
  });

  it('cancels all its jobs at Ctrl-C', async () => {
    const child = run(['-f', 'endless.yaml']);
    await waitFor(
      'the first to run',
      async () => (await fog.client.status()).jobs.runningTasks === 1,
    );
    const { code } = await child.stop();
    assert.ok(code === 130 || code === 143, child.describe());
    const { jobs } = await fog.client.jobs({ limit: 2 });
    assert.deepEqual(
      jobs.map(({ state }) => state),
      ['cancelled', 'cancelled'],
    );
  });
});
