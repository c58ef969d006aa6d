import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  catModule,
  echoModule,
  exitModule,
  growModule,
  helloModule,
  noopModule,
  program,
  showModule,
  sleepModule,
  storeModule,
  trapModule,
} from '@fog/testkit';
import { admitModule } from '../../src/guest/admission.ts';
import { type ProgramEnd, type ProgramTask, runProgram } from '../../src/guest/run-program.ts';
import { WasiHost } from '../../src/guest/wasi/wasi-host.ts';
import { webAssembly } from '../../src/guest/web-assembly.ts';

const MIB = 2 ** 20;

interface Ran extends ProgramEnd {
  readonly stdout: string;
  readonly files: Record<string, string>;
  readonly waitedMs: number;
}

/** A host for several runs, as in a sandbox process. */
function machine(): (
  bytes: Uint8Array<ArrayBuffer>,
  task?: Partial<ProgramTask>,
  memoryBytes?: number,
) => Ran {
  let stdout = '';
  let nowNs = 0n;
  const host = new WasiHost({
    output: (stream, bytes) => {
      if (stream === 'stdout') stdout += Buffer.from(bytes).toString('latin1');
    },
    idle: () => {},
    realtimeNs: () => 1_700_000_000_000_000_000n + nowNs,
    monotonicNs: () => nowNs,
    fillRandom: (bytes) => void bytes.fill(7),
    waitMs: (durationMs) => {
      nowNs += BigInt(Math.round(durationMs * 1e6));
    },
  });
  return (bytes, task = {}, memoryBytes = 8 * MIB) => {
    stdout = '';
    const startNs = nowNs;
    const admission = admitModule(bytes, 'a.wasm', memoryBytes);
    assert.ok(admission.admitted);
    const module = new webAssembly.Module(admission.bytes);
    const files: Record<string, string> = {};
    let runs = 0;
    const end = runProgram(
      { module, name: 'a.wasm', maxPages: admission.maxPages, isStrict: false },
      {
        args: ['a.wasm'],
        env: {},
        stdin: new Uint8Array(),
        inputs: new Map(),
        outputs: [],
        quota: { maxBytes: MIB, maxInodes: 100 },
        ...task,
      },
      host,
      {
        running: () => {
          runs += 1;
        },
        file: (path, content) => {
          files[path] = Buffer.from(content).toString('latin1');
        },
      },
    );
    assert.equal(runs, 1);
    return { ...end, stdout, files, waitedMs: Number(nowNs - startNs) / 1e6 };
  };
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

describe('runProgram', () => {
  const run = machine();

  it('runs a program that ends well', () => {
    const { exitCode, failure, peakMemoryBytes } = run(noopModule());
    assert.deepEqual(
      { exitCode, failure, peakMemoryBytes },
      {
        exitCode: 0,
        failure: undefined,
        peakMemoryBytes: 65_536,
      },
    );
    assert.equal(run(helloModule()).stdout, 'hello from fog\n');
    assert.equal(run(exitModule(0)).failure, undefined);
  });

  it('gives stdin, arguments and environment', () => {
    assert.equal(run(catModule(), { stdin: bytesOf('a'.repeat(100_000)) }).stdout.length, 100_000);
    const { stdout } = run(echoModule(), { args: ['a.wasm', 'x', 'é'], env: { K: 'v', L: '' } });
    assert.equal(Buffer.from(stdout, 'latin1').toString(), 'a.wasm\0x\0é\0K=v\0L=\0');
  });

  it('reports the exit code', () => {
    const end = run(exitModule(3));
    assert.equal(end.exitCode, 3);
    assert.deepEqual(end.failure, { code: 'EXIT_CODE', message: 'a.wasm ended with exit code 3' });
    assert.equal(run(exitModule(256)).exitCode, 255);
    assert.equal(run(exitModule(-1)).exitCode, 255);
    assert.match(run(exitModule(259)).failure?.message ?? '', /259 \(shown as 3\)/);
  });

  it('tells a recursion without end from a trap', () => {
    const end = run(program({ body: '(call $deep)', fields: '(func $deep (call $deep))' }));
    assert.deepEqual([end.failure?.code, end.exitCode], ['CALL_DEPTH', 134]);
    assert.match(end.failure?.message ?? '', /called too deep/);
  });

  it('names the trap', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['unreachable', /trapped: unreachable \(memory 0\.1 MiB of 8 MiB\)/],
      ['(drop (i32.load (i32.const -4)))', /memory access out of bounds/],
      ['(drop (i32.div_u (i32.const 1) (i32.const 0)))', /divide by zero/],
    ];
    for (const [body, message] of cases) {
      const end = run(program({ body }));
      assert.equal(end.failure?.code, 'TRAP');
      assert.equal(end.exitCode, 134);
      assert.match(end.failure?.message ?? '', message);
    }
  });

  it('calls a trap at the limit of memory by its cause', () => {
    const end = run(growModule());
    assert.equal(end.failure?.code, 'MEMORY_LIMIT');
    assert.equal(end.exitCode, 137);
    assert.match(end.failure?.message ?? '', /memory limit of 8 MiB.*--memory/);
    assert.equal(run(trapModule(), {}, 65_536).failure?.code, 'TRAP');
  });

  it('shows inputs at their paths, relative ones below the root', () => {
    const inputs = new Map([
      ['data/in.txt', bytesOf('one')],
      ['/etc/hosts', bytesOf('two')],
    ]);
    assert.equal(run(showModule('data/in.txt'), { inputs }).stdout, 'one');
    assert.equal(run(showModule('etc/hosts'), { inputs }).stdout, 'two');
    assert.equal(run(showModule('./data/../etc/../../etc/hosts'), { inputs }).stdout, 'two');
    assert.equal(run(showModule('etc/passwd'), { inputs }).exitCode, 44);
  });

  it('hands back files and folders, and misses what was not made', () => {
    const task = {
      stdin: bytesOf('result'),
      inputs: new Map([['out/keep.txt', bytesOf('kept')]]),
      outputs: ['out', 'absent', '/out/made.txt'],
    };
    assert.deepEqual(run(storeModule('out/made.txt'), task).files, {
      'out/keep.txt': 'kept',
      'out/made.txt': 'result',
      '/out/made.txt': 'result',
    });
  });

  it('forgets files between runs', () => {
    assert.equal(run(storeModule('left'), { stdin: bytesOf('secret') }).exitCode, 0);
    assert.equal(run(showModule('left')).exitCode, 44);
  });

  it('bounds files, and says so when the program fails of it', () => {
    const filler = program({
      imports: ['path_open', 'fd_write'],
      memory: '17',
      fields: '(data (i32.const 512) "big")',
      body: `(drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const 3)
          (i32.const 9) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)))
        (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 1048000))
        (loop $more (br_if $more (i32.eqz (call $fd_write (i32.load (i32.const 16))
          (i32.const 0) (i32.const 1) (i32.const 8)))))
        unreachable`,
    });
    const end = run(filler);
    assert.equal(end.failure?.code, 'DISK_LIMIT');
    assert.equal(end.exitCode, 137);
    const tooMuch = new Map([['a', new Uint8Array(MIB + 1)]]);
    assert.match(run(noopModule(), { inputs: tooMuch }).failure?.message ?? '', /inputs exceed/);
  });

  it('really waits', () => {
    assert.equal(run(sleepModule(1500)).waitedMs, 1500);
  });
});
