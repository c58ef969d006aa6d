/** The wasm runtime with real sandbox processes, at both levels. Level `os` needs bubblewrap: without it these tests say so. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import {
  atLevel,
  catModule,
  descendants,
  echoModule,
  exitModule,
  floodModule,
  growModule,
  helloModule,
  noopModule,
  printModule,
  program,
  showModule,
  sleepModule,
  spinModule,
  storeModule,
  trapModule,
  waitFor,
} from '@fog/testkit';
import type { SandboxLevel } from '@fog/wire';
import { RuntimeHarness } from './runtime-harness.ts';

const MIB = 2 ** 20;
const LEVELS: readonly SandboxLevel[] = ['os', 'process'];

for (const level of LEVELS) {
  describe(`wasm at level ${level}`, atLevel(level), () => {
    let harness: RuntimeHarness;
    before(async () => {
      harness = await RuntimeHarness.start(level);
    });
    after(async () => {
      await harness[Symbol.asyncDispose]();
      await waitFor('the last sandbox process to end', () => descendants(process.pid).length === 0);
    });

    it('reports its level, its runtimes and its health', async () => {
      const { runtime } = harness;
      assert.equal(runtime.level, level);
      assert.equal(runtime.levelReason === undefined, level === 'os');
      assert.ok(runtime.runtimes.includes('wasm'));
      const { state, detail } = await runtime.health(AbortSignal.timeout(30_000));
      assert.equal(state, level === 'os' ? 'healthy' : 'degraded', detail);
    });

    it('runs the hello of the examples', async () => {
      const hello = await readFile(new URL('../../examples/hello.wasm', import.meta.url));
      const ran = await harness.run(hello);
      assert.equal(ran.stdout, 'hello from fog\n');
      assert.deepEqual([ran.exitCode, ran.failure, ran.stderr], [0, undefined, '']);
      assert.ok(ran.usage.peakMemoryBytes >= 65_536);
    });

    it('gives arguments and environment, also large ones, and nothing else', async () => {
      const small = await harness.run(echoModule(), { args: ['a', ''], env: { FOG_INDEX: '1' } });
      assert.equal(small.stdout, 'test.wasm\0a\0\0FOG_INDEX=1\0');
      const value = '\u0001'.repeat(8_000);
      const large = await harness.run(echoModule(), {
        args: ['b'.repeat(10_000)],
        env: Object.fromEntries(Array.from({ length: 2 }, (_, index) => [`V${index}`, value])),
        memoryBytes: 4 * MIB,
      });
      assert.equal(large.stdout.length, 'test.wasm'.length + 10_000 + 16_000 + 2 * 3 + 4);
      const none = await harness.run(echoModule());
      assert.equal(none.stdout, 'test.wasm\0');
    });

    it('carries megabytes of stdin, inputs and outputs', async () => {
      const stdin = 'line\n'.repeat(400_000);
      assert.equal((await harness.run(catModule(), { stdin })).stdout, stdin);
      const stored = await harness.run(storeModule('out/big'), {
        stdin,
        inputs: { 'out/in.txt': 'x'.repeat(3 * MIB), 'out/empty': '' },
        outputs: ['out'],
        memoryBytes: 64 * MIB,
      });
      assert.deepEqual(
        Object.entries(stored.files).map(([name, text]) => [name, text.length]),
        [
          ['out/big', stdin.length],
          ['out/empty', 0],
          ['out/in.txt', 3 * MIB],
        ],
      );
      const shown = await harness.run(showModule('a/b'), { inputs: { '/a/b': 'content' } });
      assert.equal(shown.stdout, 'content');
    });

    it('keeps stdout and stderr apart and streams while the program runs', async () => {
      const controller = new AbortController();
      const talker = program({
        imports: ['fd_write', 'poll_oneoff'],
        fields: '(data (i32.const 1024) "begun")',
        body: `(i32.store (i32.const 256) (i32.const 1024)) (i32.store (i32.const 260) (i32.const 5))
          (drop (call $fd_write (i32.const 2) (i32.const 256) (i32.const 1) (i32.const 264)))
          (loop $forever (br $forever))`,
      });
      const ran = await harness.run(talker, {
        signal: controller.signal,
        onOutput: () => controller.abort(),
      });
      assert.deepEqual([ran.stdout, ran.stderr], ['', 'begun']);
      assert.equal(ran.failure?.code, 'CANCELLED');
      assert.equal(ran.exitCode, 130);
    });

    it('ends with the exit code of the program', async () => {
      const ran = await harness.run(exitModule(3));
      assert.equal(ran.exitCode, 3);
      assert.deepEqual(ran.failure, {
        class: 'user',
        code: 'EXIT_CODE',
        message: 'test.wasm ended with exit code 3',
      });
    });

    it('names traps, and what is no module', async () => {
      const trap = await harness.run(trapModule());
      assert.deepEqual([trap.exitCode, trap.failure?.code], [134, 'TRAP']);
      assert.match(trap.failure?.message ?? '', /unreachable/);
      const text = await harness.run(Buffer.from('print("hi")\n'));
      assert.deepEqual([text.exitCode, text.failure?.code], [126, 'BAD_MODULE']);
      assert.match(text.failure?.message ?? '', /test\.wasm is not a WebAssembly module/);
      assert.equal(text.hasStarted, false);
      const invalid = await harness.run(helloModule().fill(0xff, 100, 104));
      assert.equal(invalid.failure?.code, 'BAD_MODULE');
      // The same process goes on.
      assert.equal((await harness.run(helloModule())).exitCode, 0);
    });

    it('ends a program at its timeout, which counts from the start', async () => {
      const ran = await harness.run(spinModule(), { timeoutMs: 300 });
      assert.deepEqual([ran.exitCode, ran.failure?.code], [124, 'TIMEOUT']);
      assert.equal(ran.failure?.message, 'the program did not end within 300 ms (--timeout)');
      assert.ok(ran.usage.wallMs >= 300);
    });

    it('ends a program that sleeps when it is cancelled, and one before it starts', async () => {
      const controller = new AbortController();
      const ran = await harness.run(sleepModule(3_600_000), {
        signal: controller.signal,
        onRunning: () => controller.abort(),
      });
      assert.equal(ran.failure?.code, 'CANCELLED');
      const before = await harness.run(noopModule(), { signal: AbortSignal.abort() });
      assert.equal(before.failure?.code, 'CANCELLED');
    });

    it('really sleeps', async () => {
      const ran = await harness.run(sleepModule(120));
      assert.equal(ran.exitCode, 0);
      assert.ok(ran.usage.wallMs >= 119, `${ran.usage.wallMs} ms`);
    });

    it('says that the memory limit was reached', async () => {
      const ran = await harness.run(growModule(), { memoryBytes: 32 * MIB });
      assert.deepEqual([ran.exitCode, ran.failure?.code], [137, 'MEMORY_LIMIT']);
      assert.match(ran.failure?.message ?? '', /32 MiB/);
      const atOnce =
        '(if (i32.eq (memory.grow (i32.const 10000)) (i32.const -1)) (then unreachable))';
      const refused = await harness.run(program({ body: atOnce }), { memoryBytes: 32 * MIB });
      assert.deepEqual([refused.exitCode, refused.failure?.code], [137, 'MEMORY_LIMIT']);
      const initial = await harness.run(program({ memory: '1024' }), { memoryBytes: 32 * MIB });
      assert.equal(initial.failure?.code, 'REFUSED');
      assert.match(initial.failure?.message ?? '', /64 MiB.*32 MiB/);
    });

    it('ends a program at its output limit and hands over what fits', async () => {
      const ran = await harness.run(floodModule(1024));
      assert.deepEqual([ran.exitCode, ran.failure?.code], [137, 'OUTPUT_LIMIT']);
      assert.equal(ran.stdout.length, 64 * MIB);
    });

    it('runs many tasks in few processes and no two owners in one', async () => {
      const bytes = noopModule();
      const seen = new Set<number>();
      const note = (): void => {
        for (const { pid } of descendants(process.pid)) seen.add(pid);
      };
      const many = Array.from({ length: 200 }, () => harness.run(bytes, { owner: 'bob' }));
      assert.ok((await Promise.all(many)).every(({ exitCode }) => exitCode === 0));
      note();
      const before = seen.size;
      await harness.run(bytes, { owner: 'bob', onRunning: note });
      assert.equal(seen.size, before, 'the same owner finds a warm process');
      await harness.run(bytes, { owner: 'eve', onRunning: note });
      assert.ok(seen.size > before, 'another owner gets a fresh one');
    });

    it('prints many lines whole and in order', async () => {
      const line = '0123456789'.repeat(5) + '\n';
      const printer = program({
        imports: ['fd_write'],
        fields: `(data (i32.const 16) "${line.trim()}\\n") (global $left (mut i32) (i32.const 20000))`,
        body: `(i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const ${line.length}))
          (loop $more
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (global.set $left (i32.sub (global.get $left) (i32.const 1)))
            (br_if $more (global.get $left)))`,
      });
      assert.equal((await harness.run(printer)).stdout, line.repeat(20_000));
      assert.equal((await harness.run(printModule('e\n', 2))).stderr, 'e\n');
    });

    it('survives the death of a sandbox process', async () => {
      const ran = await harness.run(spinModule(), {
        onRunning: () => {
          for (const { pid, command } of descendants(process.pid)) {
            if (command.includes('wasm-main')) process.kill(pid, 'SIGKILL');
          }
        },
      });
      assert.deepEqual([ran.failure?.class, ran.failure?.code], ['fog', 'SANDBOX_LOST']);
      assert.equal((await harness.run(helloModule())).exitCode, 0);
    });
  });
}

describe('a runtime', () => {
  it('refuses work after it stopped, ends what runs, and stops twice', async () => {
    const harness = await RuntimeHarness.start('auto', 1);
    const running = Promise.withResolvers<void>();
    const ending = harness.run(spinModule(), { onRunning: () => running.resolve() });
    await running.promise;
    const waiting = assert.rejects(harness.run(noopModule()), (error) =>
      isFogError(error, 'RUNTIME_STOPPED'),
    );
    await harness.runtime.stop();
    assert.equal((await ending).failure?.code, 'CANCELLED');
    await waiting;
    await assert.rejects(harness.run(noopModule()), (error) =>
      isFogError(error, 'RUNTIME_STOPPED'),
    );
    await harness[Symbol.asyncDispose]();
    await waitFor('the last process to end', () => descendants(process.pid).length === 0);
  });

  it('reports a health that is bad when nothing runs', async () => {
    const harness = await RuntimeHarness.start('auto', 1);
    await harness[Symbol.asyncDispose]();
    const { state } = await harness.runtime.health(AbortSignal.timeout(10_000));
    assert.equal(state, 'unhealthy');
  });
});
