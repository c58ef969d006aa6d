/** Python tasks through the runtime, in real sandbox processes. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock, silentLogger } from '@fog/kernel';
import { createRuntime } from '@fog/runtime';
import { waitFor } from '@fog/testkit';
import { pythonWorld, type PythonTask, type PythonWorld } from './run-python.ts';

const MIB = 2 ** 20;

let world: PythonWorld;
before(async () => {
  world = await pythonWorld();
});
after(() => world[Symbol.asyncDispose]());

async function succeed(source: string, task?: PythonTask): Promise<string> {
  const { end, stdout, stderr } = await world.run(source, task);
  assert.equal(end.failure, undefined, `${end.failure?.message}\n${stderr}`);
  return stdout;
}

describe('a Python program', { concurrency: 2 }, () => {
  it('prints, and only that reaches stdout', async () => {
    const { end, stdout, stderr } = await world.run('print("hello")');
    assert.deepEqual(
      { exitCode: end.exitCode, stdout, stderr },
      { exitCode: 0, stdout: 'hello\n', stderr: '' },
    );
  });

  it('is the main module, with arguments, directory, environment and file name', async () => {
    const source = `
import json, os, sys
if __name__ == '__main__':
    print(json.dumps([sys.argv, os.getcwd(), dict(os.environ), __file__, sys.path[0], open(__file__).read()[:7]]))
`;
    const stdout = await succeed(source, { args: ['a', 'b c', 'é'], env: { FOG_INDEX: '3' } });
    assert.deepEqual(JSON.parse(stdout), [
      ['program.py', 'a', 'b c', 'é'],
      '/work',
      { FOG_INDEX: '3' },
      '/work/program.py',
      '/work',
      '\nimport',
    ]);
  });

  it('reads stdin as text and as bytes, and sees no terminal', async () => {
    const source = `
import sys
first = sys.stdin.readline()
rest = sys.stdin.buffer.read()
print(first.strip().upper(), len(rest), input, sys.stdin.isatty(), sys.stdout.isatty())
`;
    const stdout = await succeed(source, { stdin: `one\n${'x'.repeat(100_000)}` });
    // Text reading takes a block ahead, as everywhere in Python.
    assert.match(stdout, /^ONE \d+ <built-in function input> False False\n$/);
    assert.equal(await succeed('print(input(), input())', { stdin: 'a\nb\n' }), 'a b\n');
    assert.equal(
      await succeed('import sys; print(len(sys.stdin.buffer.read()))', {
        stdin: 'x'.repeat(3 * MIB),
      }),
      `${3 * MIB}\n`,
    );
  });

  it('writes bytes to stdout as they are', async () => {
    const stdout = await succeed('import sys\nsys.stdout.buffer.write("ü".encode() + b"\\0\\n")');
    assert.equal(stdout, 'ü\0\n');
  });

  it('is heard while it runs: a line arrives before the program ends', async () => {
    const stop = new AbortController();
    const running = world.run('import time\nprint("here")\ntime.sleep(3600)', {
      signal: stop.signal,
      onOutput: (_stream, text) => {
        if (text === 'here\n') stop.abort();
      },
    });
    const { end } = await running;
    assert.equal(end.failure?.code, 'CANCELLED');
  });

  it('finds its inputs and hands back outputs', async () => {
    const source = `
import os, helper
text = open('data/a.txt').read() + open('/data/b.txt').read()
os.makedirs('out/deep')
open('out/deep/sum.txt', 'w').write(text + helper.NAME)
open('out/empty', 'w')
open('/tmp/one.bin', 'w').write('1')
`;
    const { end, files } = await world.run(source, {
      inputs: { 'data/a.txt': 'A', '/data/b.txt': 'B', 'helper.py': 'NAME = "C"' },
      outputs: ['out', '/tmp/one.bin', 'absent'],
    });
    assert.equal(end.exitCode, 0);
    assert.deepEqual(files, { 'out/deep/sum.txt': 'ABC', 'out/empty': '', '/tmp/one.bin': '1' });
  });

  const exits: readonly (readonly [string, string, number, RegExp, RegExp?])[] = [
    ['sys.exit(3)', 'import sys\nsys.exit(3)', 3, /^program\.py ended with exit code 3$/],
    ['SystemExit with words', 'raise SystemExit("bye")', 1, /exit code 1$/, /^bye\n$/],
    ['os._exit', 'import os\ntry: os._exit(7)\nfinally: print("never")', 7, /exit code 7$/],
    [
      'an uncaught error',
      'def f(): raise ValueError("bad")\nf()',
      1,
      /exit code 1: ValueError: bad$/,
      /^Traceback[^<]+"\/work\/program\.py", line 2, in <module>\n[^"]+"\/work\/program\.py", line 1, in f\n[^"]+("bad")?[^"]*\nValueError: bad\n$/,
    ],
    [
      'a syntax error',
      'x = (1,\nprint(x',
      1,
      /exit code 1: SyntaxError: .*line 2/,
      /^ {2}File "\/work\/program\.py", line 2\n/,
    ],
    ['KeyboardInterrupt', 'raise KeyboardInterrupt', 130, /KeyboardInterrupt$/],
    [
      'bytes that are no text',
      'x = 1\0',
      1,
      /SyntaxError: source code string cannot contain null bytes/,
    ],
  ];
  for (const [name, source, exitCode, message, stderrShape] of exits) {
    it(`ends ${name} with ${exitCode}`, async () => {
      const { end, stdout, stderr } = await world.run(source);
      assert.equal(end.exitCode, exitCode);
      assert.equal(end.failure?.code, 'EXIT_CODE');
      assert.match(end.failure?.message ?? '', message);
      if (stderrShape !== undefined) assert.match(stderr, stderrShape);
      assert.doesNotMatch(stderr, /<fog>/);
      assert.equal(stdout, '');
    });
  }

  it('runs its exit handlers and its own excepthook', async () => {
    const source = `
import atexit, sys
atexit.register(lambda: print('last'))
sys.excepthook = lambda kind, error, trace: print('mine', kind.__name__)
1 / 0
`;
    const { end, stdout } = await world.run(source);
    assert.deepEqual([end.exitCode, stdout], [1, 'mine ZeroDivisionError\nlast\n']);
  });

  it('is fresh: nothing of an earlier task is left', async () => {
    await succeed('import json, builtins\njson.x = builtins.x = 1\nopen("/tmp/x", "w")');
    const stdout = await succeed(
      'import json, builtins, os\nprint(hasattr(json, "x"), hasattr(builtins, "x"), os.listdir("/tmp"))',
    );
    assert.equal(stdout, 'False False []\n');
  });

  it('waits without working, and asyncio works', async () => {
    const source = `
import asyncio, time
async def wait(n):
    await asyncio.sleep(n / 100)
    return n
async def main():
    found = await asyncio.gather(wait(2), wait(1))
    try:
        async with asyncio.timeout(0.01): await asyncio.sleep(60)
    except TimeoutError: found.append('timeout')
    return found
print(asyncio.run(main()))
cpu, wall = time.process_time(), time.monotonic()
time.sleep(0.2)
print(time.monotonic() - wall >= 0.2)
`;
    assert.equal(await succeed(source), "[2, 1, 'timeout']\nTrue\n");
  });

  it('has the standard library: sqlite3, decimal, hashlib, zlib, ctypes structures', async () => {
    const source = `
import ctypes, decimal, hashlib, sqlite3, zlib
base = sqlite3.connect('x.db')
base.execute('create table t (a)')
base.execute('insert into t values (41)')
base.commit()
class Pair(ctypes.Structure): _fields_ = [('a', ctypes.c_int), ('b', ctypes.c_int)]
pair = Pair(1, 2)
print(base.execute('select a + 1 from t').fetchall(), decimal.Decimal('0.1') + decimal.Decimal('0.2'),
      hashlib.sha256(b'').hexdigest()[:8], zlib.decompress(zlib.compress(b'z')), ctypes.string_at(ctypes.byref(pair), 1))
`;
    assert.equal(await succeed(source), "[(42,)] 0.3 e3b0c442 b'z' b'\\x01'\n");
  });
});

describe('chance', { concurrency: 2 }, () => {
  const SOURCE = `
import os, random, secrets, uuid
print(random.random(), hash('fog'))
print(os.urandom(8).hex(), secrets.token_hex(8), uuid.uuid4())
`;
  it('differs between indices, repeats for the same index, and hashes alike', async () => {
    const runs = await Promise.all(
      ['job/0', 'job/1', 'job/0'].map(async (seed) =>
        (await succeed(SOURCE, { seed })).split('\n'),
      ),
    );
    const [zero, one, again] = runs.map(([seeded]) => (seeded ?? '').split(' '));
    assert.notEqual(zero?.[0], one?.[0]);
    assert.deepEqual(zero, again);
    assert.equal(zero?.[1], one?.[1]);
    const secretWords = runs.flatMap(([, words]) => (words ?? '').split(' '));
    assert.equal(new Set(secretWords).size, secretWords.length);
  });
});

describe('what is not there says so, once, with the remedy', { concurrency: 2 }, () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      'import numpy',
      /^no module named 'numpy': fog's Python has the standard library only; .*--input numpy\.py or --input numpy\/$/,
    ],
    ['from helper import x', /^no module named 'helper': .*--input helper\.py/],
    ['import tkinter', /^fog's Python has no tkinter: .*--output$/],
    ['import curses', /^fog's Python has no curses: .*--output$/],
    ['import dbm', /^fog's Python has no dbm: .*--input$/],
    [
      'import multiprocessing',
      /^fog's Python has no multiprocessing: .*--count or --each.*--input$/,
    ],
    ['import resource', /^fog's Python has no resource: .*--input$/],
    ['import js', /^fog's Python has no js: .*--input$/],
    [
      'import threading\nthreading.Thread(target=print).start()',
      /^RuntimeError: fog's Python has no threads: .*asyncio$/,
    ],
    [
      'import subprocess\nsubprocess.run(["ls"])',
      /^OSError: fog's Python has no subprocess: .*--input instead$/,
    ],
    ['import os\nos.system("ls")', /^OSError: fog's Python has no subprocess: .*--input instead$/],
    [
      'import socket\nsocket.create_connection(("127.0.0.1", 80))',
      /^OSError: fog's Python has no network: .*--input$/,
    ],
    ['open("data.txt")', /^no file 'data\.txt' in the sandbox: .*--input data\.txt$/],
    [
      'open("/etc/passwd")',
      /^no file '\/etc\/passwd' in the sandbox: send yours with --input PATH:\/etc\/passwd$/,
    ],
  ];
  for (const [source, shape] of cases) {
    it(source.replace('\n', '; '), async () => {
      const { end, stderr } = await world.run(source);
      assert.equal(end.exitCode, 1);
      assert.equal(end.failure?.code, 'EXIT_CODE');
      const lines = stderr.trimEnd().split('\n');
      assert.match(lines.at(-1) ?? '', shape);
      assert.equal(lines.filter((line) => shape.test(line)).length, 1);
    });
  }

  it('an optional module is simply absent', async () => {
    const source = `
import importlib.util
try: import numpy
except ImportError as error: print(error)
print(importlib.util.find_spec('tkinter'))
`;
    assert.equal(await succeed(source), "No module named 'numpy'\nNone\n");
  });
});

describe('limits', { concurrency: 2 }, () => {
  it('a caught MemoryError is the program’s own affair', async () => {
    const source = 'try: bytearray(2**30)\nexcept MemoryError: print("caught")';
    assert.equal(await succeed(source, { memoryBytes: 64 * MIB }), 'caught\n');
  });

  it('an uncaught one ends with MEMORY_LIMIT, 137 and a traceback', async () => {
    const { end, stderr } = await world.run('kept = bytearray(2**30)');
    assert.deepEqual([end.exitCode, end.failure?.code], [137, 'MEMORY_LIMIT']);
    assert.match(end.failure?.message ?? '', /limit of 512M: .*--memory/);
    assert.match(stderr, /line 1, in <module>\n(.*\n)+MemoryError\n$/);
  });

  it('memory under the limit is given', async () => {
    assert.equal(
      await succeed('print(len(bytearray(700 * 2**20)))', { memoryBytes: 1024 * MIB }),
      `${700 * MIB}\n`,
    );
  });

  it('a limit below what Python needs is refused with the number', async () => {
    const { end } = await world.run('print(1)', { memoryBytes: 16 * MIB });
    assert.deepEqual([end.exitCode, end.failure?.code], [126, 'REFUSED']);
    assert.match(
      end.failure?.message ?? '',
      /16M is less than Python itself needs: ask for at least \d+M/,
    );
    assert.equal(await succeed('print(1)', { memoryBytes: 64 * MIB }), '1\n');
  });

  it('a timeout ends an endless loop', async () => {
    const { end } = await world.run('while True: pass', { timeoutMs: 500 });
    assert.deepEqual([end.exitCode, end.failure?.code], [124, 'TIMEOUT']);
  });

  it('space of deleted files is free again', async () => {
    const source = `
import os
for _ in range(20):
    open('x', 'wb').write(bytes(20_000_000))
    os.unlink('x')
print('ok')
`;
    assert.equal(await succeed(source, { memoryBytes: 128 * MIB }), 'ok\n');
  });
});

describe('the memory snapshot', () => {
  it('is made once, kept whole, and made again when it is damaged', async () => {
    await using other = await pythonWorld();
    assert.equal((await other.run('print(1)')).stdout, '1\n');
    const folder = other.dir.file('runtime', 'python');
    const [name, ...rest] = (await readdir(folder)).filter((file) => file.includes('snapshot'));
    assert.ok(name !== undefined);
    assert.deepEqual(rest, []);
    const file = path.join(folder, name);
    const whole = await readFile(file);
    const { mode } = await stat(file);
    assert.equal(mode & 0o777, 0o600);
    await truncate(file, whole.length - 1000);
    await writeFile(path.join(folder, 'python-left.snapshot.0123abcd.new'), 'left by a crash');
    const options = { dataDir: other.dir.file('runtime'), slots: 1, level: 'auto' } as const;
    const again = createRuntime(options, { clock: systemClock, logger: silentLogger });
    await again.start(AbortSignal.timeout(60_000));
    try {
      const program = other.dir.file('program.py');
      await writeFile(program, 'print("mended")');
      const spoken: string[] = [];
      const end = await again.run(
        {
          owner: 'owner',
          runtime: 'python',
          module: { content: 'x', hostPath: program },
          moduleName: 'program.py',
          args: [],
          env: {},
          seed: 'job/0',
          inputs: [],
          outputs: [],
          memoryBytes: 512 * MIB,
          timeoutMs: 60_000,
        },
        {
          running: () => {},
          output: (_name, chunk) => spoken.push(Buffer.from(chunk).toString()),
          file: () => {},
        },
        AbortSignal.timeout(120_000),
      );
      assert.deepEqual([end.exitCode, spoken.join('')], [0, 'mended\n']);
    } finally {
      await again.stop();
    }
    const mended = (await readdir(folder)).filter((entry) => entry.includes('snapshot'));
    assert.equal(mended.length, 1);
    assert.equal((await stat(path.join(folder, mended[0] ?? ''))).size, whole.length);
  });

  it('is made for whoever waits, though the first who asked gave up', async () => {
    await using other = await pythonWorld();
    const first = new AbortController();
    const given = other.run('print(1)', { signal: first.signal });
    const folder = other.dir.file('runtime/python');
    await waitFor('the preparation to begin', () => existsSync(folder));
    const kept = other.run('print(2)');
    first.abort();
    assert.equal((await given).end.failure?.code, 'CANCELLED');
    assert.equal((await kept).stdout, '2\n');
  });
});
