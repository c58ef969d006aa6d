/** Strict Python: two installations, each with a snapshot of its own making, give the same bytes for the same task. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { pythonWorld, type PythonResult, type PythonTask, type PythonWorld } from './run-python.ts';

/** Everything by which a program could tell two runs, machines or installations apart. */
const CURIOUS = `
import os, random, secrets, struct, sys, tempfile, time, uuid, datetime, asyncio, json
def show(*what): print(*what, flush=True)
show(random.random(), random.SystemRandom().random(), secrets.token_hex(8), uuid.uuid4(), uuid.uuid1())
show(os.urandom(40).hex(), open('/dev/urandom', 'rb').read(8).hex(), os.getpid())
show(time.time_ns(), time.monotonic_ns(), time.perf_counter_ns(), time.process_time_ns())
show(datetime.datetime.now(), datetime.datetime.now().astimezone().tzinfo, time.tzname, time.localtime(0))
start = time.monotonic()
time.sleep(7200)
asyncio.run(asyncio.sleep(3600))
show(round(time.monotonic() - start), time.time())
show(os.listdir('.'), [entry.name for entry in os.scandir('d')], [list(step) for step in os.walk('d')])
for name in ('.', 'd', 'd/b', sys.argv[0], '/lib', '/dev/null', '/tmp'):
    show(name, [value for value in os.stat(name)])
open('new', 'w').write('x')
show(os.stat('new'))
show(id(object()), id(sys), hash('fog'), hash(object), {object() for _ in range(4)}, [type(x) for x in {int, str, float}])
show(tempfile.mkdtemp(), tempfile.gettempprefix(), sys.getrecursionlimit(), list(os.environ.items()))
inf = float('inf')
show(inf - inf, sum(0.1 for _ in range(10)), 2 ** 0.5, json.dumps(list(sys.modules)))
show(sys.stdin.read())
def dive(n):
    try: return dive(n + 1)
    except RecursionError: return n
show(dive(0))
sys.exit(3)
`;

const TASK: PythonTask = {
  determinism: 'strict',
  inputs: { 'z.txt': '1', 'a.txt': '2', '10': '3', '9': '4', 'd/c': '5', 'd/b': '6' },
  outputs: ['new'],
  env: { B: '2', A: '1' },
  args: ['x'],
  stdin: 'in',
};

describe('strict Python', () => {
  const worlds: PythonWorld[] = [];
  before(async () => {
    worlds.push(await pythonWorld('auto'), await pythonWorld('process'));
  });
  after(async () => {
    for (const world of worlds) await world[Symbol.asyncDispose]();
  });

  const shown = ({ end, stdout, stderr, files }: PythonResult): unknown[] => [
    end.exitCode,
    end.failure?.code,
    end.failure?.message,
    stdout,
    stderr,
    files,
  ];

  it('gives the same bytes wherever it runs', async () => {
    const [one, other] = worlds as [PythonWorld, PythonWorld];
    const first = await one.run(CURIOUS, TASK);
    assert.equal(first.end.exitCode, 3, first.stderr);
    assert.deepEqual(first.files, { new: 'x' });
    // A spare that waited, and an installation that made its own snapshot.
    assert.deepEqual(shown(await one.run(CURIOUS, TASK)), shown(first));
    assert.deepEqual(shown(await other.run(CURIOUS, TASK)), shown(first));
    assert.equal(first.end.usage.fuel, undefined);
  });

  it('makes the same snapshot everywhere', async () => {
    const names = await Promise.all(
      worlds.map(async ({ dir }) =>
        (await readdir(dir.file('runtime/python'))).filter((name) => name.endsWith('.snapshot')),
      ),
    );
    assert.equal(names[0]?.length, 1);
    assert.deepEqual(names[0], names[1]);
  });

  it('does not wait', async () => {
    const [world] = worlds as [PythonWorld];
    const { end } = await world.run('import time\ntime.sleep(3600)', {
      determinism: 'strict',
      timeoutMs: 30_000,
    });
    assert.equal(end.failure, undefined);
  });

  it('differs from task to task', async () => {
    const [world] = worlds as [PythonWorld];
    const source = 'import os, random\nprint(random.random(), os.urandom(8).hex())';
    const outputs = new Set<string>();
    for (const seed of ['job/0', 'job/1', 'other/0']) {
      outputs.add((await world.run(source, { determinism: 'strict', seed })).stdout);
    }
    assert.equal(outputs.size, 3);
  });
});
