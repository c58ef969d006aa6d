/** Every example does what its README says. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type FogWorld, fogWorld } from '@fog/testkit/fog';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');

describe('examples', () => {
  let world: FogWorld;
  let dataDir: string;

  before(async () => {
    world = await fogWorld();
    ({ dataDir } = await world.up(['--port', '0', '--slots', '2']));
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  /** stdout of a run that went well. */
  async function run(args: readonly string[], stdin?: string): Promise<string> {
    const options = stdin === undefined ? {} : { stdin };
    const child = world.fog(['run', '--data-dir', dataDir, ...args], {
      cwd: REPOSITORY,
      ...options,
    });
    const { code, stdout } = await child.ended();
    assert.equal(code, 0, child.describe());
    return stdout;
  }

  it('primes.py counts the primes, whole and in shares', async () => {
    assert.equal(await run(['examples/primes.py', '100000']), '9592\n');
    const shares = await run(['--count', '4', 'examples/primes.py', '100000']);
    const counts = shares.trim().split('\n').map(Number);
    assert.equal(counts.length, 4);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      9592,
    );
  });

  it('upper.py answers what is piped in', async () => {
    assert.equal(await run(['examples/upper.py'], 'hi\n'), 'HI\n');
  });

  it('hello.wasm greets', async () => {
    assert.equal(await run(['examples/hello.wasm']), 'hello from fog\n');
  });

  it('text-statistics prints the lines of its README', async () => {
    const folder = 'examples/text-statistics';
    const readme = await readFile(path.join(REPOSITORY, folder, 'README.md'), 'utf8');
    const expected = readme.split('\n').filter((line) => line.startsWith('{"file"'));
    const stdout = await run(['--each', `${folder}/texts`, `${folder}/stats.py`]);
    assert.deepEqual(stdout.trim().split('\n'), expected);
    assert.equal(expected.length, 4);
  });

  it('monte-carlo comes near pi', async () => {
    const hits = await run(['--count', '4', 'examples/monte-carlo/pi.py', '50000']);
    assert.equal(new Set(hits.trim().split('\n')).size, 4);
    const sentence = await run(['examples/monte-carlo/sum.py'], hits);
    const [, darts, pi] = /(\d+) darts: pi is about (\d\.\d+)/.exec(sentence) ?? [];
    assert.equal(darts, '200000');
    assert.ok(Math.abs(Number(pi) - Math.PI) < 0.05, sentence);
  });

  it('mandelbrot renders the same image in one task and in bands', async () => {
    const render = async (name: string, flags: string): Promise<Buffer> => {
      const file = world.dir.file(name);
      const module = 'examples/mandelbrot/mandelbrot.wasm 96 64';
      const line = `exec "$FOG" run --data-dir '${dataDir}' ${flags} ${module} > '${file}'`;
      const child = world.shell(line, { cwd: REPOSITORY });
      assert.equal((await child.ended()).code, 0, child.describe());
      return readFile(file);
    };
    const whole = await render('whole.pgm', '');
    assert.match(whole.toString('latin1'), /^P5\s96 64\s255\s/);
    assert.deepEqual(await render('bands.pgm', '--count 4'), whole);
  });
});
